import json
import sys
from pathlib import Path

import pytest

from tests.cli.support import GIST, PlugIn, article, articles, card, names, newsmoe, one_line, process, with_plug_ins
from tests.support import read, write

UNLOADABLE = """
class Unloadable:
    name = "unloadable"
    task = "unloadable"
    languages = ("en",)
    needs_content = True

    def load(self, device):
        raise SystemError("loaded")

    def predict(self, articles):
        raise SystemError("called")
"""


def test_the_table_names_who_reads_each_article_and_why(here: Path) -> None:
    path = write(here / "a.json", [article(7), article(8, content="!!!"), 3])
    result = newsmoe("route", path, *GIST)
    assert (result.exit_code, result.stderr) == (0, "")
    rows = [line.split("  ") for line in result.stdout.splitlines()]
    words = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    assert [
        "7",
        "Headline 7",
        "summarization",
        "lead",
        "1",
        "at most 60 words: the first sentences are the summary",
    ] in words
    assert ["8", "Headline 8", "summarization", "(abstained)", "0", "the content has no words to summarize"] in words
    assert ["-", "-", "-", "expected an object with a headline or content, found a number"] in words


def test_the_load_of_each_expert_is_counted(here: Path) -> None:
    result = newsmoe("route", write(here / "a.json", [*articles(3), article(content="")]), *GIST)
    table = result.stdout.split("\n\n")[-1].splitlines()
    assert [line.split() for line in table] == [
        ["task", "expert", "articles"],
        ["summarization", "lead", "3"],
        ["summarization", "(abstained)", "1"],
    ]


def test_json_holds_every_route_with_its_fallbacks(here: Path) -> None:
    card(here / "experts", "opening", task="summarization")
    (here / "newsmoe.toml").write_text(
        '[[rule]]\nwhen = { headline = "1$" }\nreason = "ends in 1"\nuse = { summarization = ["opening", "lead"] }\n'
    )
    result = newsmoe("route", write(here / "a.json", [*articles(2), "no article"]), "--json", *GIST)
    assert result.exit_code == 0
    by_default, by_rule, unreadable = json.loads(result.stdout)
    assert by_rule == {
        "id": 1,
        "headline": "Headline 1",
        "route": [
            {"task": "summarization", "expert": "opening", "weight": 1.0, "reason": "ends in 1", "fallbacks": ["lead"]}
        ],
    }
    assert by_default["route"][0]["expert"] == "lead"
    assert unreadable == {"id": None, "headline": None, "route": []}


def test_no_expert_is_loaded_and_no_model_library_imported(here: Path, plug_in: PlugIn) -> None:
    folder = plug_in(UNLOADABLE, unloadable="Unloadable")
    write(here / "a.json", [article(language="en"), article(language="fr")])
    code = """if True:
        import sys
        from newsmoe.cli.app import app
        app(sys.argv[1:], standalone_mode=False)
        print(sorted({"torch", "transformers", "sklearn"} & sys.modules.keys()), file=sys.stderr)
    """
    arguments = ["route", "a.json", "--json", "--gate", "rules", "--tasks", "unloadable,summarization,sentiment"]
    result = process(*arguments, env=with_plug_ins(folder), main=(sys.executable, "-c", code))
    assert (result.returncode, result.stderr) == (0, "[]\n")
    experts = [[entry["expert"] for entry in decision["route"]] for decision in json.loads(result.stdout)]
    assert experts == [["unloadable", "lead", "sentiment-general"], [None, "lead", None]]


def test_nothing_is_written(here: Path) -> None:
    newsmoe("route", write(here / "a.json", articles(2)), *GIST)
    assert names(here) == ["a.json"]


def test_a_limit_counts_over_all_inputs(here: Path) -> None:
    inputs = write(here / "a.json", articles(2)), write(here / "b.json", articles(4))
    result = newsmoe("route", *inputs, "--json", "--limit", 3, *GIST)
    assert [decision["id"] for decision in json.loads(result.stdout)] == [0, 1, 0]


def test_standard_input_is_read() -> None:
    result = newsmoe("route", "-", "--json", *GIST, stdin=json.dumps(articles(1)))
    assert json.loads(result.stdout)[0]["id"] == 0


def test_what_is_shown_is_what_analyze_does(here: Path) -> None:
    path = write(here / "a.json", [article(0), article(1, content=""), article(2, content="", headline="")])
    shown = json.loads(newsmoe("route", path, "--json", *GIST).stdout)
    newsmoe("analyze", path, *GIST)
    done = [record["route"] for record in read(here / "analyzed_a.json")]
    shown_routes = [
        [{key: entry[key] for key in ("task", "expert", "weight", "reason")} for entry in decision["route"]]
        for decision in shown
    ]
    assert shown_routes == done


@pytest.mark.parametrize("as_json", [(), ("--json",)])
def test_a_file_that_cannot_be_read_is_reported_in_one_line(as_json: tuple[str, ...], here: Path) -> None:
    (here / "a.json").write_text("[1,")
    result = newsmoe("route", "a.json", *GIST, *as_json)
    assert (result.exit_code, result.stdout, one_line(result.stderr)) == (1, "", True)


def test_a_rule_that_names_an_unknown_expert_is_reported_with_the_nearest(here: Path) -> None:
    (here / "newsmoe.toml").write_text('[[rule]]\nuse = { summarization = "leda" }\n')
    result = newsmoe("route", write(here / "a.json", articles(1)), *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "rule 1 sends 'summarization' to 'leda'" in result.stderr
    assert "did you mean 'lead'?" in result.stderr


def test_codes_and_markup_in_articles_do_not_reach_the_terminal(here: Path) -> None:
    headline = "[red]Gold[/red] \x1b[31m\x9b\x07[/bold]"
    path = write(here / "a.json", [article("\x1b[1m[i]id", headline=headline)])
    result = newsmoe("route", path, *GIST)
    assert result.exit_code == 0
    assert "[i]id" in result.stdout and "[red]Gold[/red] [/bold]" in result.stdout
    assert not any(char in result.stdout for char in "\x1b\x9b\x07")


def test_any_id_can_be_shown(here: Path) -> None:
    (here / "a.json").write_text(r'[{"headline": "x", "content": "A b.", "_id": {"$oid": "\ud800"}}]')
    assert newsmoe("route", "a.json", "--json", *GIST).exit_code == 0


def test_the_place_of_the_articles_is_an_option(here: Path) -> None:
    document = {"response": {"docs": articles(2), "facets": [1]}, "others": [article(9)]}
    path = write(here / "a.json", document)
    result = newsmoe("route", path, "--items", "others", "--json", *GIST)
    assert [record["headline"] for record in json.loads(result.stdout)] == ["Headline 9"]
    result = newsmoe("route", path, "--items", "response.doc", *GIST)
    assert result.exit_code == 1
    assert "no articles at 'response.doc' (--items); there are response.docs[] (objects)" in result.stderr


def test_a_run_says_where_the_articles_were_found_and_what_was_guessed(here: Path) -> None:
    text = "The fair opens on Saturday at nine, and the town expects more visitors than in all the years before it."
    path = write(here / "a.json", {"x": {"y": [{"title": "Fair", "Lauftext": text}] * 2}})
    result = newsmoe("analyze", path, "-o", str(here / "out.json"), *GIST)
    notices = [
        f"{path}: 2 articles read from x.y[]",
        f"{path}: the content of 2 of 2 articles was read from 'Lauftext', which is not a common name",
    ]
    assert all(notice in result.stderr for notice in notices)
    assert read(here / "out.run.json")["notices"] == notices
