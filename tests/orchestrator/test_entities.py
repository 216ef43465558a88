"""Entities on their way: from an expert into records, tables and the journal, and back."""

import csv
import json
from pathlib import Path

import pytest

from newsmoe import Article, Entities, Entity, Labels, Mention, Session, Settings
from newsmoe.errors import PredictionError
from newsmoe.journal.serialization import deserialize_prediction, serialize_prediction
from newsmoe.output.formats import WRITERS
from newsmoe.prediction import checked_prediction
from newsmoe.registry.registry import Registry
from newsmoe.report.records import read_records
from newsmoe.testing import FakeExpert, check_expert

TONE = Labels({"positive": 0.1, "neutral": 0.2, "negative": 0.7})


def entities_in(article: Article) -> Entities:
    """Return the first word of an article's headline as a person."""
    name = article.headline.split()[0]
    mention = Mention(name, "headline", 0, len(name))
    return Entities((Entity(name, "Person", (mention,), 1.0, TONE),))


def registry() -> Registry:
    registry = Registry(plugins=False, builtin=False)
    registry.add(FakeExpert("names", "entities", lambda _: Entities(())))
    registry.add(FakeExpert("tones", "entity-sentiment", entities_in))
    return registry


ARTICLE = Article(headline="Ada resigned", content="She left.", language="en")


def analyzed(*tasks: str) -> dict[str, object]:
    with Session(Settings(tasks=tasks), registry=registry()) as session:
        (record,) = session.analyze([ARTICLE])
    assert record.status == "ok"
    return record.analyses


def test_a_record_lists_the_entities() -> None:
    assert analyzed("entities") == {"entities": []}
    (entity,) = analyzed("entity-sentiment")["entities"]  # type: ignore[misc]
    assert list(entity) == ["name", "type", "mentions", "salience", "sentiment"]
    assert entity["mentions"] == [{"text": "Ada", "field": "headline", "start": 0, "end": 3}]
    assert entity["sentiment"]["label"] == "negative"


def test_what_finds_the_tone_towards_entities_finds_these_too() -> None:
    assert analyzed("entities", "entity-sentiment") == analyzed("entity-sentiment")


@pytest.mark.parametrize("format", ["json", "jsonl", "csv", "parquet", "sqlite"])
def test_every_format_keeps_entities(format: str, tmp_path: Path) -> None:
    with Session(Settings(tasks=("entity-sentiment",)), registry=registry()) as session:
        (record,) = session.analyze([ARTICLE])
    path = tmp_path / f"out.{format}"
    with WRITERS.load(format).open_writer(path, {"entities": ()}) as output:
        output.write(record, "key")
    if format == "csv":
        (row,) = csv.DictReader(path.read_text().splitlines())
        assert json.loads(row["entities_json"])[0]["name"] == "Ada"
    (again,) = read_records(path)
    assert again.analyses == record.analyses


def test_entities_survive_the_journal() -> None:
    prediction = entities_in(ARTICLE)
    assert deserialize_prediction(serialize_prediction(prediction)) == prediction
    assert deserialize_prediction(serialize_prediction(Entities(()))) == Entities(())


MENTION = Mention("Ada", "headline", 0, 3)


@pytest.mark.parametrize(
    ("entity", "problem"),
    [
        (Entity("", "Person", (MENTION,), 0.5), "no name"),
        (Entity("Ada", "Person", (), 0.5), "no mention"),
        (Entity("Ada", "Person", (MENTION,), 1.5), "salience of 'Ada' is 1.5"),
        (Entity("Ada", "Person", (MENTION,), float("nan")), "salience of 'Ada' is nan"),
        (Entity("Ada", "Person", (Mention("Ada", "headline", 0, 4),), 0.5), "'Ada' is not from 0 to 4"),
        (Entity("Ada", "Person", (MENTION,), 0.5, Labels({"bad": 0.4})), "sum to 0.4"),
        ("Ada", "not all values are an Entity"),
        (Entity("\ud800", "Person", (MENTION,), 0.5), "cannot be written as JSON"),
    ],
)
def test_entities_that_break_the_contract_are_refused(entity: Entity, problem: str) -> None:
    with pytest.raises(PredictionError, match=problem):
        checked_prediction(Entities((entity,)))


def test_an_expert_of_entities_passes_the_check() -> None:
    findings = check_expert(FakeExpert("tones", "entities", entities_in))
    assert [finding.problem for finding in findings if finding.problem] == []
