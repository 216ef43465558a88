import importlib
import json
import tomllib
from pathlib import Path

import pytest

from newsmoe.testing import check_expert
from tests.cli.support import PlugIn, card, names, newsmoe, one_line
from tests.support import write

BUILT_IN = [
    "bart-large-cnn", "distilbart-cnn-6-6", "distilbert-sst-2", "entities", "entity-sentiment", "extractive",
    "extractive-large", "finbert", "genre", "genre-large", "iptc-topic", "lead", "qwen-summary", "sentiment-articles",
    "sentiment-finance", "sentiment-general", "sentiment-large", "sentiment-news", "sentiment-reviews",
    "topic-articles", "topic-large", "topic-news", "topic-nli", "topic-sport", "topic-zero-shot", "twitter-roberta",
]  # fmt: skip

PLUG_IN = """
from newsmoe import Fields


class Good:
    name = "good"
    task = "goodness"

    def load(self, device):
        pass

    def predict(self, articles):
        return [Fields({"n": 1}) for article in articles]


class Nameless(Good):
    name = "another"


class Raising:
    def __init__(self):
        raise RuntimeError("[red]no[/red] licence \\x1b[31m")


class Unfinished:
    name = "unfinished"
    task = "x"


class Forgetful(Good):
    name = "forgetful"

    def predict(self, articles):
        return [Fields({"n": 1})]


class Unloadable(Good):
    name = "unloadable"

    def load(self, device):
        raise OSError("[red]weights[/red] missing \\x1b[31m")
"""


def listed() -> dict[str, dict[str, object]]:
    result = newsmoe("experts", "list", "--json")
    assert result.exit_code == 0
    return {record["name"]: record for record in json.loads(result.stdout)}


def first_lines(table: str) -> list[str]:
    """Return the rows of a table, without the lines on which a long cell continues."""
    return [line for line in table.splitlines() if not line.startswith(" ")]


# list and show


def test_the_built_in_experts_are_listed_with_what_they_are() -> None:
    result = newsmoe("experts", "list")
    assert (result.exit_code, result.stderr) == (0, "")
    header, *rows = first_lines(result.stdout)
    assert header.split() == ["name", "task", "here", "reads", "what", "it", "is", "measured,", "%"]
    assert [row.split()[0] for row in rows] == BUILT_IN
    by_name = {row.split()[0]: row.split() for row in rows}
    assert by_name["lead"][:4] == ["lead", "summarization", "yes", "any"]
    assert by_name["finbert"][:5] == ["finbert", "sentiment", "to", "pull", "en"]
    assert (by_name["extractive"][-2], by_name["finbert"][-2]) == ("F1", "accuracy")


def test_as_json_the_list_holds_the_cards() -> None:
    records = listed()
    assert list(records) == BUILT_IN
    lead = records["lead"]
    assert (lead["task"], lead["kind"], lead["languages"], lead["broken"]) == ("summarization", "lead", [], None)
    assert (lead["needs_content"], lead["missing"]) == (True, None)
    assert "newsmoe experts pull finbert" in str(records["finbert"]["missing"])
    others = [record for name, record in records.items() if not name.endswith("-large")]  # whose weights are pinned
    assert all(bool(record["fingerprint"]) == (not record["missing"]) for record in others)


def test_cards_and_plug_ins_of_ones_own_are_listed_too(here: Path, plug_in: PlugIn) -> None:
    card(here / "experts", "beside")
    card(here / "mine", "elsewhere")
    plug_in(PLUG_IN, good="Good")
    result = newsmoe("experts", "list", "--experts-dir", "mine")
    assert [line.split()[0] for line in first_lines(result.stdout)[1:]] == [*BUILT_IN, "elsewhere", "beside", "good"]
    good = next(line for line in result.stdout.splitlines() if line.startswith("good "))
    assert good.split() == ["good", "goodness", "plug-in", "any", "planted", "(planted:Good)"]


def test_what_is_broken_is_shown_as_broken_and_breaks_nothing_else(here: Path, plug_in: PlugIn) -> None:
    plug_in(PLUG_IN, good="Good", misnamed="Nameless", raising="Raising", unfinished="Unfinished", gone="Nobody")
    card(here / "experts", "fine")
    (card(here / "experts", "no-toml") / "expert.toml").write_text("name = ")
    card(here / "experts", "typo", langages="en")
    result = newsmoe("experts", "list")
    assert result.exit_code == 0
    assert "\x1b" not in result.stdout
    broken = {line.split()[0]: line for line in result.stdout.splitlines() if " broken " in line}
    assert broken.keys() == {"misnamed", "raising", "unfinished", "gone", "no-toml", "typo"}
    assert "RuntimeError: [red]no[/red] licence" in broken["raising"]
    assert "Unfinished is no expert: it has no load(device) and no predict(articles)" in broken["unfinished"]
    assert "AttributeError: module 'planted' has no attribute 'Nobody'" in broken["gone"]
    assert "entry point 'misnamed' and name 'another' differ" in result.stdout
    assert "did you mean 'languages'?" in result.stdout
    assert {*BUILT_IN, "good", "fine"} <= {line.split()[0] for line in result.stdout.splitlines() if line[0] != " "}


def test_as_json_what_is_broken_says_why(plug_in: PlugIn) -> None:
    plug_in(PLUG_IN, good="Good", unfinished="Unfinished")
    records = listed()
    assert records["unfinished"]["broken"] == "Unfinished is no expert: it has no load(device) and no predict(articles)"
    assert records["good"]["broken"] is None


@pytest.mark.parametrize(
    "attribute",
    ["languages = None", "languages = (1,)", "languages = ('[/x]',)", "name = property(lambda self: 1 / 0)"],
)
def test_a_plug_in_that_describes_itself_wrongly_breaks_nothing_else(attribute: str, plug_in: PlugIn) -> None:
    plug_in(f"{PLUG_IN}\n\nclass Odd(Good):\n    name = 'odd'\n    {attribute}\n", good="Good", odd="Odd")
    result = newsmoe("experts", "list")
    assert result.exit_code == 0
    assert "good " in result.stdout and "odd " in result.stdout


def test_a_plug_in_that_exits_breaks_nothing_else(plug_in: PlugIn) -> None:
    plug_in("import sys\nsys.exit(0)\n", odd="Odd")
    assert "lead" in newsmoe("experts", "list").stdout


def test_languages_that_are_a_string_show_as_broken(plug_in: PlugIn) -> None:
    plug_in(f"{PLUG_IN}\n\nclass Odd(Good):\n    name = 'odd'\n    languages = 'en'\n", odd="Odd")
    assert "languages" in str(listed()["odd"]["broken"])


def test_two_experts_with_the_same_name_are_refused_with_both_places(here: Path) -> None:
    card(here / "experts", "lead")
    result = newsmoe("experts", "list")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "two experts are called 'lead'" in result.stderr
    assert "experts/lead and experts/lead" in result.stderr


def test_show_prints_the_training_data_and_quality_of_an_expert() -> None:
    result = newsmoe("experts", "show", "sentiment-news")
    assert result.exit_code == 0
    rows = dict(line.rstrip().split(maxsplit=1) for line in result.stdout.splitlines() if line[:1].strip())
    assert (rows["task"], rows["kind"], rows["licence"]) == ("sentiment", "classifier", "Apache-2.0")
    assert "NewsMTSC" in rows["training"]
    assert "accuracy: 0." in rows["quality"]
    assert "figures: items: " in result.stdout
    assert "{" not in result.stdout


def test_show_as_json_holds_the_card() -> None:
    record = json.loads(newsmoe("experts", "show", "sentiment-news", "--json").stdout)
    assert record["training"]["data"]
    assert all(entry["data"] and "accuracy" in json.dumps(entry) for entry in record["quality"]) and record["quality"]
    assert record["settings"]["labels"] == ["positive", "neutral", "negative"]


@pytest.mark.parametrize("command", ["show", "check"])
def test_an_unknown_name_is_reported_with_the_nearest(command: str) -> None:
    result = newsmoe("experts", command, "sentimant-news")
    assert (result.exit_code, result.stderr) == (
        1,
        "newsmoe: no expert is called 'sentimant-news'; did you mean 'sentiment-news'?; see 'newsmoe experts list'\n",
    )


# check


def points(stdout: str) -> list[tuple[str, str]]:
    """Return the verdict (yes or no) and the rest of each line: the requirement, and what is wrong."""
    words = [line.split(maxsplit=1) for line in stdout.splitlines()]
    return [(verdict, message.rstrip()) for verdict, message in words]


@pytest.mark.parametrize("name", ["lead", "extractive"])
def test_a_built_in_expert_keeps_the_contract(name: str) -> None:
    result = newsmoe("experts", "check", name)
    assert result.exit_code == 0


def test_a_plug_in_is_checked_like_any_other(plug_in: PlugIn) -> None:
    plug_in(PLUG_IN, good="Good")
    result = newsmoe("experts", "check", "good")
    assert result.exit_code == 0
    assert [verdict for verdict, _ in points(result.stdout)] == ["yes"] * 10


def test_the_broken_part_of_the_contract_is_reported(plug_in: PlugIn) -> None:
    plug_in(PLUG_IN, forgetful="Forgetful")
    result = newsmoe("experts", "check", "forgetful")
    assert result.exit_code == 1
    *passed, (verdict, message) = points(result.stdout)
    assert {verdict for verdict, _ in passed} == {"yes"}
    assert (verdict, message) == (
        "no",
        "returns one prediction an article predict returned 1 predictions for 3 articles",
    )


def test_codes_and_markup_in_what_an_expert_raises_do_not_reach_the_terminal(plug_in: PlugIn) -> None:
    plug_in(PLUG_IN, unloadable="Unloadable")
    result = newsmoe("experts", "check", "unloadable")
    assert result.exit_code == 1
    mark, problem = points(result.stdout)[-1]
    assert (mark, problem.partition(" (planted.py, line ")[0]) == ("no", "loads OSError: [red]weights[/red] missing")
    assert "\x1b" not in result.stdout


def test_an_expert_that_is_broken_cannot_be_checked(plug_in: PlugIn) -> None:
    plug_in(PLUG_IN, unfinished="Unfinished")
    result = newsmoe("experts", "check", "unfinished")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "expert 'unfinished' from planted (planted:Unfinished) is broken" in result.stderr


# new


@pytest.mark.parametrize("task", ["summarization", "sentiment", "topic", "reading-time", None])
def test_a_new_package_keeps_the_contract_as_it_is(task: str | None, site: Path) -> None:
    named = ("--task", task) if task else ()
    result = newsmoe("experts", "new", "my-expert", "--in", site, *named)
    assert result.exit_code == 0
    folder = site / "my-expert"
    assert str(folder) in result.stdout
    assert names(folder) == ["README.md", "my_expert", "pyproject.toml", "tests"]
    for file in folder.rglob("*.py"):
        compile(file.read_text(encoding="utf-8"), str(file), "exec")
    (folder / "my_expert").rename(site / "my_expert")  # where Python imports from
    expert = importlib.import_module("my_expert").MyExpert()
    assert (expert.name, expert.task) == ("my-expert", task or "my-expert")
    findings = list(check_expert(expert))
    assert [finding for finding in findings if finding.problem] == []
    assert len(findings) == 8


def test_a_new_package_declares_its_entry_point(here: Path) -> None:
    newsmoe("experts", "new", "my-expert")
    project = tomllib.loads((here / "my-expert" / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"] == {"newsmoe.experts": {"my-expert": "my_expert:MyExpert"}}
    assert project["project"]["dependencies"] == ["newsmoe"]


def test_a_new_package_is_found_checked_and_routed_to_once_it_is_installed(here: Path, plug_in: PlugIn) -> None:
    made = newsmoe("experts", "new", "my-expert")
    code = (here / "my-expert" / "my_expert" / "__init__.py").read_text(encoding="utf-8")
    plug_in(code, **{"my-expert": "MyExpert"})
    assert listed()["my-expert"]["task"] == "my-expert"
    assert newsmoe("experts", "check", "my-expert").exit_code == 0
    rule = made.stdout.split("newsmoe.toml:\n\n")[1]
    assert len(rule.strip().splitlines()) == 2
    (here / "newsmoe.toml").write_text(rule)
    path = write(here / "a.json", [{"headline": "Tram", "content": "It is late.", "language": "en"}])
    [routed] = json.loads(newsmoe("route", path, "--json").stdout)
    assert [entry["expert"] for entry in routed["route"]][-1] == "my-expert"


def test_a_new_card_is_found_and_keeps_the_contract_as_it_is(here: Path) -> None:
    result = newsmoe("experts", "new", "tone", "--card")
    assert result.exit_code == 0
    assert "experts/tone/expert.toml" in result.stdout
    assert (listed()["tone"]["task"], listed()["tone"]["broken"]) == ("tone", None)
    checked = newsmoe("experts", "check", "tone")  # on the real backbone
    assert checked.exit_code == 0
    assert [verdict for verdict, _ in points(checked.stdout)] == ["yes"] * 10


def test_a_new_card_can_have_a_task_and_a_folder(here: Path) -> None:
    newsmoe("experts", "new", "tone", "--card", "--task", "sentiment", "--in", "mine")
    assert names(here / "mine" / "tone") == ["expert.toml"]
    made = tomllib.loads((here / "mine" / "tone" / "expert.toml").read_text(encoding="utf-8"))
    assert (made["name"], made["task"]) == ("tone", "sentiment")


@pytest.mark.parametrize("name", ["My-Expert", "9lives", "a_b", "../up", "a b", "class", "-x-", "é", ""])
@pytest.mark.parametrize("kind", [(), ("--card",)])
def test_an_invalid_name_is_refused(name: str, kind: tuple[str, ...], here: Path) -> None:
    result = newsmoe("experts", "new", *kind, "--", name)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "cannot be used as a name" in result.stderr
    assert names(here) == []


@pytest.mark.parametrize("kind", [(), ("--card",)])
def test_an_existing_folder_is_left_alone(kind: tuple[str, ...], here: Path) -> None:
    newsmoe("experts", "new", "mine", *kind)
    before = sorted(here.rglob("*"))
    result = newsmoe("experts", "new", "mine", *kind)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "exists already" in result.stderr
    assert sorted(here.rglob("*")) == before


def test_a_new_expert_that_cannot_be_written_is_reported_in_one_line(here: Path) -> None:
    (here / "file").write_text("")
    result = newsmoe("experts", "new", "mine", "--in", "file")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)


TONES = """
from newsmoe import Labels


class Unstated:
    name = "tone-of-others"
    task = "sentiment"

    def load(self, device): ...

    def predict(self, articles):
        return [Labels(self.scores(article.headline)) for article in articles]

    def scores(self, headline):
        return {"good": 0.25, "bad": 0.75}


class Stated(Unstated):
    labels = ("positive", "good")


class Mostly(Unstated):
    def scores(self, headline):
        return {"odd": 1.0} if "odd" in headline else {"negative": 1.0}


class Constant(Unstated):
    task = "tone"
"""
USE_TONE = '[[rule]]\nuse = { sentiment = "tone-of-others" }\n'
ITS_LABELS = "the task has negative, neutral, positive; rename them, or give the expert a task of its own"


@pytest.mark.parametrize(("expert", "foreign"), [("Unstated", "bad, good"), ("Stated", "good")])
def test_an_expert_with_labels_of_its_own_for_a_shared_task_is_refused(
    expert: str, foreign: str, here: Path, plug_in: PlugIn
) -> None:
    plug_in(TONES, **{"tone-of-others": expert})
    (here / "newsmoe.toml").write_text(USE_TONE)
    path = write(here / "a.json", [{"headline": f"Storm {number}"} for number in range(3)])
    result = newsmoe("analyze", path, "--tasks", "sentiment")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert f"labels that are not those of the task 'sentiment': {foreign}; {ITS_LABELS}" in result.stderr
    assert not (here / "analyzed_a.json").exists()
    checked = newsmoe("experts", "check", "tone-of-others")
    assert checked.exit_code == 1
    assert "no predicts the labels of its task expert 'tone-of-others' predicts labels" in checked.stdout
    assert ITS_LABELS in checked.stdout


def test_an_expert_that_is_not_used_refuses_nothing(here: Path, plug_in: PlugIn) -> None:
    plug_in(TONES, **{"tone-of-others": "Stated"})
    path = write(here / "a.json", [{"headline": "Storm"}])
    assert newsmoe("analyze", path, "--tasks", "summarization", "--gate", "all").exit_code in (0, 4)
    (here / "newsmoe.toml").write_text(USE_TONE)
    assert newsmoe("route", path, "--tasks", "sentiment").exit_code == 1


def test_one_prediction_with_other_labels_costs_its_article(here: Path, plug_in: PlugIn) -> None:
    plug_in(TONES, **{"tone-of-others": "Mostly"})
    (here / "newsmoe.toml").write_text(USE_TONE)
    path = write(here / "a.json", [{"headline": "Storm"}, {"headline": "an odd storm"}])
    assert newsmoe("analyze", path, "--tasks", "sentiment").exit_code == 4
    first, second = json.loads((here / "analyzed_a.json").read_text())
    assert (first["status"], first["analyses"]["sentiment"]["label"]) == ("ok", "negative")
    assert (second["status"], second["errors"][0]["type"]) == ("failed", "PredictionError")
    assert "not those of the task 'sentiment': odd" in second["errors"][0]["message"]


def test_a_constant_expert_is_reported(plug_in: PlugIn) -> None:
    plug_in(TONES, **{"tone-of-others": "Constant"})
    result = newsmoe("experts", "check", "tone-of-others")
    assert result.exit_code == 1
    assert points(result.stdout)[-1] == (
        "no",
        "tells different texts apart 3 quite different texts have the same labels and scores:"
        " {'good': 0.25, 'bad': 0.75}",
    )
