import json
from pathlib import Path
from random import Random
from typing import Any

import jsonschema
import pytest

from newsmoe import Device
from newsmoe.output.lock import output_lock
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.stories.state import TABLE, state_of
from newsmoe.story import story_schema
from tests.cli.support import GIST, articles, newsmoe, one_line
from tests.support import write


@pytest.fixture(autouse=True)
def lent(quick_backbone: Backbone, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read with the real tokenizer, without a model: the same words, the same vector."""

    def backbone(pool: BackbonePool, device: Device, name: str = "minilm") -> Backbone:
        assert device.batch_tokens == 1
        return quick_backbone

    monkeypatch.setattr(BackbonePool, "backbone", backbone)


WORDS = (
    "storm flood harbour rain coast wind roof wave rescue island boats damage",
    "court judge lawyer verdict trial prison appeal witness jury sentence crime guilty",
    "goal match striker league coach penalty stadium referee season transfer fans cup",
    "budget minister parliament vote tax election coalition reform deficit bill debate party",
    "galaxy telescope planet orbit rocket comet astronaut launch probe moon crater gravity",
)
"""Of events; each is told with its own."""


def report(id: int | str, event: int, day: int = 1, version: int = 0, **fields: Any) -> dict[str, Any]:
    """Return a report of an event: words of its own, in an order that is that of the version."""
    words = Random(100 * event + version).choices(WORDS[event - 1].split(), k=300)
    return {
        "id": id,
        "headline": f"Report {id}",
        "content": ". ".join(" ".join(words[start : start + 12]).capitalize() for start in range(0, 300, 12)),
        "url": f"https://{id}.example/{id}",
        "publication_date": f"2026-03-{day:02}T08:00:00Z",
        **fields,
    }


NEWS = [
    report("a", 1),
    report("b", 1, day=2, version=1, source="The Harbour Post"),
    report("c", 1, day=3, headline="Another headline"),
    report("d", 2),
    7,
    {"id": "e", "headline": "", "content": ""},
    report("f", 5, publication_date=None),
]


def made(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(story_schema()).validate(loaded)
    return loaded


def test_articles_become_stories_with_their_copies(here: Path) -> None:
    result = newsmoe("stories", write(here / "news-data.json", NEWS), "--quiet")
    assert result.exit_code == 4
    output = made(here / "stories_news_data.json")
    assert [article["id"] for article in output["articles"]] == ["a", "b", "c", "d", None, "e", "f"]
    first, *others = output["stories"]
    assert len(others) == 2
    assert {key: value for key, value in first.items() if key not in ("id", "headline")} == {
        "articles": 3,
        "copies": 1,
        "outlets": ["The Harbour Post", "a.example", "c.example"],
        "from": "2026-03-01",
        "to": "2026-03-03",
        "mood": {},
        "days": {f"2026-03-0{day}": {"articles": 1, "mood": {}} for day in (1, 2, 3)},
        "members": ["a", "b", "c"],
    }
    assert first["headline"] in ("Report a", "Report b")
    stories = [article["story"] for article in output["articles"]]
    assert stories[:3] == [first["id"]] * 3
    assert stories[4:6] == [None, None]
    assert [article["copy_of"] for article in output["articles"]] == [None, None, "a", None, None, None, None]
    assert output["articles"][4]["error"].startswith("expected an object with a headline or content")
    assert [story["from"] for story in others if story["members"] == ["f"]] == [None]


def test_the_same_input_makes_the_same_bytes_and_its_order_does_not_matter(here: Path) -> None:
    write(here / "a.json", NEWS)
    write(here / "b.json", NEWS[::-1])
    for name, output in (("a", "one"), ("a", "two"), ("b", "three")):
        newsmoe("stories", f"{name}.json", "-o", f"{output}.json")
    assert (here / "one.json").read_bytes() == (here / "two.json").read_bytes()
    forwards, backwards = made(here / "one.json"), made(here / "three.json")
    assert forwards["stories"] == backwards["stories"]
    assert forwards["articles"] == backwards["articles"][::-1]


def test_the_biggest_stories_are_shown(here: Path) -> None:
    news = [*NEWS[:3], report("x", 5, headline="[bold]Markup[/bold]\x1b[31m"), report("y", 5, version=1, headline="")]
    result = newsmoe("stories", write(here / "a.json", news), "-o", "s.json")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "[bold]Markup[/bold]" in result.stderr
    assert "\x1b" not in result.stderr
    assert result.stderr.splitlines()[-1] == (
        "5 articles, 0 with errors, 1 copy, 2 stories, 2 with several articles -> s.json"
    )


def test_an_inbox_that_grows_keeps_its_stories(here: Path) -> None:
    (here / "inbox").mkdir()
    write(here / "inbox" / "1.json", NEWS[:4])
    assert newsmoe("stories", "inbox", "-o", "s.json", "--append", "-q").exit_code == 0
    before = made(here / "s.json")
    write(here / "inbox" / "2.json", [NEWS[1], report("g", 1, day=5), report("h", 4, day=6), 8])
    result = newsmoe("stories", "inbox", "-o", "s.json", "--append")
    assert result.exit_code == 4
    assert "8 articles, 4 new" not in result.stderr  # the article that stands in both files is one
    assert "7 articles, 3 new, 1 with errors" in result.stderr
    after = made(here / "s.json")
    assert after["articles"][:4] == before["articles"]
    assert after["articles"][4]["story"] == before["articles"][0]["story"]
    assert after["articles"][4]["copy_of"] == "a"
    assert after["articles"][5]["story"] not in [story["id"] for story in before["stories"]]
    assert {story["id"] for story in before["stories"]} < {story["id"] for story in after["stories"]}
    again = (here / "s.json").read_bytes()
    assert newsmoe("stories", "inbox", "-o", "s.json", "--append", "-q").exit_code == 4
    assert (here / "s.json").read_bytes() == again


def test_an_output_without_its_state_cannot_grow(here: Path) -> None:
    write(here / "a.json", NEWS[:2])
    assert newsmoe("stories", "a.json", "-o", "s.json", "--append").exit_code == 0
    assert newsmoe("stories", "a.json", "-o", "s.json").exit_code == 0
    assert not state_of(here / "s.json").exists()  # the stories that it was of are no more
    result = newsmoe("stories", "a.json", "-o", "s.json", "--append")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "s.json: there is no state beside it (s.state.sqlite3) to add to" in result.stderr


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + b"\0" * 100, b"{}"])
def test_what_is_no_state_is_left_as_it_is(content: bytes, here: Path) -> None:
    write(here / "a.json", NEWS[:2])
    state_of(here / "s.json").write_bytes(content)
    result = newsmoe("stories", "a.json", "-o", "s.json", "--append")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "s.state.sqlite3" in result.stderr
    assert newsmoe("stories", "a.json", "-o", "s.json").exit_code == 0
    assert state_of(here / "s.json").read_bytes() == content


def test_a_state_with_a_trigger_or_broken_rows_is_refused(here: Path) -> None:
    import sqlite3

    for statement in (
        f"CREATE TRIGGER t AFTER INSERT ON {TABLE} BEGIN DELETE FROM {TABLE}; END",
        f"UPDATE {TABLE} SET fields = '[1]'",
        f"UPDATE {TABLE} SET vector = NULL",
        "PRAGMA user_version = 99",
    ):
        write(here / "a.json", NEWS[:2])
        state_of(here / "s.json").unlink(missing_ok=True)
        (here / "s.json").unlink(missing_ok=True)
        assert newsmoe("stories", "a.json", "-o", "s.json", "--append").exit_code == 0
        base = sqlite3.connect(state_of(here / "s.json"))
        base.execute(statement)
        base.commit()
        base.close()
        result = newsmoe("stories", "a.json", "-o", "s.json", "--append")
        assert (result.exit_code, one_line(result.stderr)) == (1, True), (statement, result.stderr)


def test_moods_come_from_the_records_beside_or_from_named_ones(here: Path) -> None:
    write(here / "a.json", NEWS[:3])
    write(here / "analyzed_a.json", [mood_record("a", "negative"), mood_record("b", "positive")])
    write(here / "other.json", [mood_record("a", "neutral")])
    newsmoe("stories", "a.json", "-q")
    [story] = made(here / "stories_a.json")["stories"]
    assert story["mood"] == {"negative": 1, "positive": 1}
    assert story["days"]["2026-03-02"] == {"articles": 1, "mood": {"positive": 1}}
    newsmoe("stories", "a.json", "-q", "--records", "other.json")
    assert made(here / "stories_a.json")["stories"][0]["mood"] == {"neutral": 1}


def mood_record(id: str, mood: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": id, "headline": f"Report {id}", "url": f"https://{id}.example/{id}", "status": "ok",
        "analyses": {"sentiment": {"label": mood, "score": 0.9, "unsure": False, "scores": {mood: 0.9}}},
        "route": [], "errors": [], "input": {}, **fields,
    }  # fmt: skip


def test_records_stand_for_their_articles(here: Path) -> None:
    write(here / "a.json", [*articles(4), 7])
    newsmoe("analyze", "a.json", *GIST, "-q")
    result = newsmoe("stories", "analyzed_a.json", "-o", "s.json")
    assert result.exit_code == 4
    assert (
        "analyzed_a.json: holds records; their headlines and summaries are compared instead of articles"
        in result.stderr
    )
    assert [article["id"] for article in made(here / "s.json")["articles"]] == [0, 1, 2, 3, None]


def test_stories_are_no_articles(here: Path) -> None:
    write(here / "a.json", NEWS[:2])
    newsmoe("stories", "a.json", "-q")
    for command in ("analyze", "stories"):
        result = newsmoe(command, "stories_a.json")
        assert (result.exit_code, one_line(result.stderr)) == (1, True)
        assert "newsmoe wrote it (stories)" in result.stderr
    assert newsmoe("stories", ".", "-o", "all.json", "-q").exit_code == 0
    assert len(made(here / "all.json")["articles"]) == 2


def test_an_input_that_cannot_be_read_costs_only_itself(here: Path) -> None:
    write(here / "a.json", NEWS[:2])
    (here / "b.json").write_text("[{")
    result = newsmoe("stories", "a.json", "b.json", "-o", "s.json")
    assert result.exit_code == 4
    assert "it is left out" in result.stderr
    assert len(made(here / "s.json")["articles"]) == 2
    for arguments in (("b.json",), ("a.json", "b.json", "--strict")):
        result = newsmoe("stories", *arguments, "-o", "t.json")
        assert (result.exit_code, (here / "t.json").exists()) == (1, False)


def test_inputs_and_outputs_that_are_written_are_left_alone(here: Path) -> None:
    write(here / "a.json", NEWS[:2])
    result = newsmoe("stories", "a.json", "-o", "./a.json")
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    with output_lock(here / "s.json", wait=False):
        assert newsmoe("stories", "a.json", "-o", "s.json").exit_code == 5
    assert not (here / "s.json").exists()


def test_stories_go_to_standard_output(here: Path) -> None:
    write(here / "a.json", NEWS[:4])
    newsmoe("stories", "a.json", "-o", "s.json", "-q")
    result = newsmoe("stories", "-", "-o", "-", stdin=(here / "a.json").read_text())
    assert result.stdout == (here / "s.json").read_text()
    assert newsmoe("stories", "a.json", "-o", "-", "--append").exit_code == 1


@pytest.mark.parametrize(("name", "output"), [(".", "../stories_in.json"), ("*.json", "stories.json")])
def test_stories_of_a_folder_or_a_pattern_get_a_name(
    name: str, output: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "in").mkdir()
    write(here / "in" / "a.json", NEWS[:4])
    monkeypatch.chdir(here / "in")
    assert newsmoe("stories", name, "-q").exit_code == 0
    assert len(made(here / "in" / output)["articles"]) == 4


def test_it_is_said_where_ids_do_not_tell_articles_apart(here: Path) -> None:
    write(here / "a.json", [{**item, "id": number // 2} for number, item in enumerate(NEWS[:4])])
    result = newsmoe("stories", "a.json", "-o", "s.json", "-q")
    assert "articles with an id that another one has: 2;" in result.stderr
    write(here / "a.json", NEWS[:4])
    assert newsmoe("stories", "a.json", "-o", "s.json", "-q").stderr == ""


def test_no_articles_have_no_stories(here: Path) -> None:
    result = newsmoe("stories", write(here / "a.json", []), "-o", "s.json")
    assert result.exit_code == 0
    assert made(here / "s.json") == {"stories": [], "articles": []}


def test_analyze_makes_stories_with_moods_too(here: Path) -> None:
    write(here / "a.json", articles(3))
    result = newsmoe("analyze", "a.json", *GIST, "--stories", "s.json", "--append", "-o", "all.jsonl", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    assert [sorted(story["members"]) for story in made(here / "s.json")["stories"]] == [[0, 1, 2]]
    assert state_of(here / "s.json").exists()
    assert newsmoe("analyze", "a.json", *GIST, "--stories", "s.json", "--page", "p.html", "-q").exit_code == 0
    page = (here / "p.html").read_text(encoding="utf-8")
    assert page.count('class="name" dir="auto" href="#story=') == 1
    assert "Of these articles" not in page
    same = ("--page", "s.json", "--stories", "s.json"), ("--page", "p.html", "--stories", "-")
    written = (("--stories", f"analyzed_a.{suffix}") for suffix in ("json", "run.json", "errors.jsonl"))
    for arguments in (("--stories", "a.json"), ("--stories", "s.json", "--limit", "1"), *same, *written):
        assert newsmoe("analyze", "a.json", *GIST, *arguments).exit_code == 2
    assert newsmoe("analyze", "-", *GIST, "--stories", "s.json", stdin="[]").exit_code == 2
