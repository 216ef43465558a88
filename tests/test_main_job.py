"""The main job as a user has it: the embedded experts on the sample, in a process of its own."""

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tokenizers import Tokenizer

from newsmoe.output.run_report import RunReport
from newsmoe.registry.backbone.files import find_backbone
from tests.cli.support import MAIN
from tests.support import RECORD_KEYS, SAMPLE

RECORDING = (
    sys.executable,
    "-c",
    "import atexit, json, pathlib, sys\n"
    "atexit.register(lambda: pathlib.Path('../modules.json').write_text(json.dumps(sorted(sys.modules))))\n"
    "from newsmoe.cli.app import main\n"
    "main()",
)
"""What a shell runs for `newsmoe`; at its end it writes the imported modules to the parent folder."""
TASKS = ["summarization", "sentiment", "topic"]
MARKUP = re.compile(r"</?[a-zA-Z][^>]*>|&(?:#\d+|[a-zA-Z]+);")
SENTENCE_END = re.compile(r"""[.!?…]["'”’)]*(?=\s|$)""")

Record = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One run over the sample: its input, its output, and the finished process."""

    elements: list[Record]
    records: list[Record]
    report: RunReport
    process: subprocess.CompletedProcess[str]
    folder: Path

    def record(self, headline: str) -> Record:
        """Return the record of the one article whose headline starts so."""
        [match] = [record for record in self.records if record["headline"].startswith(headline)]
        return match

    def content(self, record: Record) -> str:
        """Return what the scraper wrote as the content of the record's article."""
        [content] = [element["content"] for element in self.elements if element["url"] == record["url"]]
        return str(content)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("main-job")
    (folder / SAMPLE.name).write_bytes(SAMPLE.read_bytes())
    environment = {name: value for name, value in os.environ.items() if not name.startswith("NEWSMOE_")}
    environment["XDG_DATA_HOME"] = str(tmp_path_factory.mktemp("data"))  # no earlier run's journal
    process = subprocess.run(
        [*RECORDING, "analyze", SAMPLE.name],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert (folder / "analyzed_news_data.json").exists(), process.stderr
    return Run(
        elements=json.loads(SAMPLE.read_text(encoding="utf-8")),
        records=json.loads((folder / "analyzed_news_data.json").read_text(encoding="utf-8")),
        report=RunReport.model_validate_json((folder / "analyzed_news_data.run.json").read_text(encoding="utf-8")),
        process=process,
        folder=folder,
    )


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.from_file(str(find_backbone().tokenizer))


def texts(value: object) -> Iterator[str]:
    """Yield every string in a JSON value, keys too."""
    match value:
        case str():
            yield value
        case dict():
            for key, inner in value.items():
                yield from (key, *texts(inner))
        case list():
            for inner in value:
                yield from texts(inner)


def summaries(run: Run) -> list[tuple[Record, str]]:
    return [
        (record, record["analyses"]["summarization"]["summary"])
        for record in run.records
        if "summarization" in record["analyses"]
    ]


def test_the_run_ends_well_and_its_results_are_two_files(run: Run) -> None:
    assert run.process.returncode == 0
    assert run.process.stdout == ""
    assert "24 articles, 0 with errors" in run.process.stderr
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "analyzed_news_data.json",
        "analyzed_news_data.run.json",
        "news-data.json",
    ]


def test_there_is_a_record_for_each_article_in_order_with_its_own_id(run: Run) -> None:
    assert len(run.records) == len(run.elements) == 24
    assert [record["url"] for record in run.records] == [element["url"] for element in run.elements]
    for element, record in zip(run.elements, run.records, strict=True):
        assert record["id"] == element["id"] if "id" in element else re.fullmatch("[0-9a-f]{16}", record["id"])


def test_all_records_have_the_same_keys(run: Run) -> None:
    assert {tuple(record) for record in run.records} == {tuple(RECORD_KEYS)}


def test_every_record_validates_against_the_printed_schema(run: Run) -> None:
    printed = subprocess.run([*MAIN, "schema", "output"], capture_output=True, encoding="utf-8", check=True)
    validator = jsonschema.Draft202012Validator(json.loads(printed.stdout))
    assert [error.message for record in run.records for error in validator.iter_errors(record)] == []


def test_no_article_has_an_error(run: Run) -> None:
    assert [(record["headline"], record["errors"]) for record in run.records if record["errors"]] == []
    assert {record["status"] for record in run.records} == {"ok"}


def test_every_english_article_with_content_has_a_summary_a_sentiment_and_a_topic(run: Run) -> None:
    complete = [record for record in run.records if list(record["analyses"]) == TASKS]
    others = {record["headline"].split()[0] for record in run.records if record not in complete}
    assert len(complete) == 22
    assert others == {"Watch:", "Nerea"}


def test_scores_are_distributions_with_the_best_label_first(run: Run) -> None:
    predictions = [(task, prediction) for record in run.records for task, prediction in record["analyses"].items()]
    labelled = [(task, prediction) for task, prediction in predictions if task != "summarization"]
    assert len(labelled) == 2 * 23
    for task, prediction in labelled:
        scores = prediction["scores"]
        assert sum(scores.values()) == pytest.approx(1, abs=1e-4)
        assert list(scores.values()) == sorted(scores.values(), reverse=True)
        assert (prediction["label"], prediction["score"]) == next(iter(scores.items()))
        if task == "sentiment":
            assert scores.keys() == {"positive", "neutral", "negative"}


def test_what_is_plainly_sport_is_called_sport(run: Run) -> None:
    for headline in ("Late Brisk header", "Tearful Vasquelle", "Grand prix", "Teenager Okafor-Lind", "Watch:"):
        assert run.record(headline)["analyses"]["topic"]["label"] == "sport"


@pytest.mark.parametrize(
    ("headline", "topic"),
    [
        ("Forty schools", "education"),
        ("One roof, three faiths", "religion"),
        ("‘I ran for the bus’", "health"),
        ("Cyclone Ondine", "disaster and accident"),
        ("Volunteers & scientists", "environment"),
        ("Six carriages", "lifestyle and leisure"),
    ],
)
def test_a_whole_article_may_be_about_anything(run: Run, headline: str, topic: str) -> None:
    """An expert trained on headlines alone for some topics finds others in every article."""
    assert run.record(headline)["analyses"]["topic"]["label"] == topic


def test_good_and_bad_news_are_distinguished(run: Run) -> None:
    assert run.record("Lumenor lifts forecast")["analyses"]["sentiment"]["label"] == "positive"
    assert run.record("Dozens killed")["analyses"]["sentiment"]["label"] == "negative"


def test_english_experts_are_ineligible_for_the_spanish_article_and_the_reason_says_so(run: Run) -> None:
    record = run.record("Nerea Irunela")
    by_task = {entry["task"]: entry for entry in record["route"]}
    for task, expert in (("sentiment", "sentiment-articles"), ("topic", "topic-articles")):
        assert task not in record["analyses"]
        assert by_task[task]["expert"] is None
        assert by_task[task]["reason"].startswith("language 'es' is not supported, only en (")
        assert expert in by_task[task]["reason"]
    assert by_task["summarization"]["expert"] == "lead"
    assert by_task["summarization"]["reason"] == "language 'es' is not supported, only en (extractive)"
    assert record["analyses"]["summarization"]["summary"].startswith("Nerea Irunela cruzó la meta")


def test_the_article_without_content_has_no_summary_but_a_sentiment_and_a_topic(run: Run) -> None:
    record = run.record("Watch: Kestrels beat the buzzer")
    assert run.content(record) == ""
    assert list(record["analyses"]) == ["sentiment", "topic"]
    assert record["route"][0] == {
        "task": "summarization",
        "expert": None,
        "weight": 0.0,
        "reason": "the content has no words to summarize",
    }


def test_the_article_in_html_shows_no_markup(run: Run) -> None:
    record = run.record("Volunteers & scientists rewet Mossfield bog")
    assert MARKUP.search(run.content(record))
    assert not [text for text in texts(record) if MARKUP.search(text)]
    assert record["analyses"]["summarization"]["summary"]


def test_the_very_long_article_says_that_its_end_was_not_read(run: Run) -> None:
    record = run.record("The tide comes back")
    assert 200 < record["input"]["tokens"] <= 254
    assert record["input"]["truncated"] is True
    assert list(record["analyses"]) == TASKS


def test_summaries_have_30_to_300_tokens_where_the_article_is_long_enough(run: Run, tokenizer: Tokenizer) -> None:
    texts = summaries(run)
    assert len(texts) == 23
    for record, summary in texts:
        assert len(tokenizer.encode(run.content(record), add_special_tokens=False).ids) > 30
        assert 30 <= len(tokenizer.encode(summary, add_special_tokens=False).ids) <= 300, record["headline"]


def test_summaries_are_shorter_than_their_articles(run: Run) -> None:
    for record, summary in summaries(run):
        assert len(summary) < 0.95 * len(run.content(record)), record["headline"]


def test_summaries_are_made_of_whole_sentences_of_the_article_in_its_order(run: Run) -> None:
    for record, summary in summaries(run):
        content = run.content(record)
        if MARKUP.search(content):
            continue
        rest, place = summary, 0
        while rest:
            ends = [end.end() for end in SENTENCE_END.finditer(rest)]
            size = next((size for size in reversed(ends) if rest[:size] in content[place:]), 0)
            assert size, (record["headline"], rest)
            place = content.index(rest[:size], place) + size
            rest = rest[size:].lstrip()


def test_summaries_repeat_nothing(run: Run) -> None:
    for record, summary in summaries(run):
        sentences = SENTENCE_END.sub("\n", summary).split("\n")
        assert len(set(sentences)) == len(sentences), record["headline"]


def test_there_is_never_a_control_code(run: Run) -> None:
    written = [text for record in run.records for text in texts(record)]
    assert written
    codes = {char for text in written for char in text if unicodedata.category(char) in ("Cc", "Cs", "Co")}
    assert codes <= {"\n", "\t"}
    assert "\x1b" not in run.process.stderr


def test_what_trains_is_not_imported_to_serve(run: Run) -> None:
    imported = set(json.loads((run.folder.parent / "modules.json").read_text()))
    assert not imported & {"torch", "transformers", "peft", "sklearn"}
    assert "onnxruntime" in imported


@pytest.mark.slow  # what a run compiles must be compiled again
def test_no_run_stores_or_sends_anything_about_this_machine(tmp_path: Path) -> None:
    """ONNX Runtime would store an id of the machine beside the cache, and send it to Microsoft."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSMOE", "ORT"))}
    environment["XDG_CACHE_HOME"] = environment["HOME"] = str(tmp_path)
    options = ("--tasks", "topic", "--limit", "1", "--no-journal", "-o", str(tmp_path / "out.json"))
    subprocess.run([*MAIN, "analyze", str(SAMPLE), *options], env=environment, check=True, timeout=120)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"newsmoe", "out.json", "out.run.json"}


def test_the_report_beside_the_records_agrees_with_them(run: Run) -> None:
    assert (run.report.inputs, run.report.output) == (["news-data.json"], "analyzed_news_data.json")
    assert (run.report.items, run.report.statuses, run.report.errors) == (24, {"ok": 24}, {})
    assert run.report.tasks == TASKS
    assert run.report.abstentions == {"summarization": 1, "sentiment": 1, "topic": 1}
    assert run.report.tokens == sum(record["input"]["tokens"] for record in run.records)
    answered = [entry["expert"] for record in run.records for entry in record["route"] if entry["expert"]]
    assert {name: stats.items for name, stats in run.report.experts.items()} == {
        name: answered.count(name) for name in answered
    }
    assert all(
        stats.errors == 0 and re.fullmatch("[0-9a-f]{16}", stats.fingerprint) for stats in run.report.experts.values()
    )
    assert run.report.experts.keys() == {
        "extractive", "lead", "sentiment-articles", "sentiment-finance", "sentiment-general", "topic-articles",
        "topic-news",
    }  # fmt: skip
