import json
from pathlib import Path
from typing import Any

import pytest

from newsmoe.settings.model import Settings
from tests.cli.support import GIST, article, card, names, newsmoe, one_line
from tests.support import read, write


def shown(*arguments: object) -> dict[str, Any]:
    result = newsmoe("config", "show", *arguments)
    assert result.exit_code == 0
    settings: dict[str, Any] = json.loads(result.stdout)
    return settings


def test_without_a_file_the_defaults_are_shown() -> None:
    result = newsmoe("config", "show")
    assert result.stderr == "no newsmoe.toml here or above\n"
    assert Settings.model_validate(json.loads(result.stdout)) == Settings()


def test_the_nearest_file_upwards_is_read(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "newsmoe.toml").write_text("batch_tokens = 7\n")
    below = here / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    result = newsmoe("config", "show")
    assert result.stderr == f"read from {here / 'newsmoe.toml'}\n"
    assert json.loads(result.stdout)["batch_tokens"] == 7


def test_a_file_can_be_named(here: Path) -> None:
    (here / "newsmoe.toml").write_text("batch_tokens = 7\n")
    (here / "other.toml").write_text("batch_tokens = 8\n")
    assert shown("--config", "other.toml")["batch_tokens"] == 8


def test_the_environment_overrides_the_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "newsmoe.toml").write_text('batch_tokens = 7\ndevice = "auto"\ntasks = ["topic"]\n')
    monkeypatch.setenv("NEWSMOE_BATCH_TOKENS", "9")
    monkeypatch.setenv("NEWSMOE_TASKS", "topic, sentiment")
    settings = shown()
    assert (settings["batch_tokens"], settings["device"]) == (9, "auto")
    assert settings["tasks"] == ["topic", "sentiment"]


def test_the_command_line_overrides_the_environment(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMOE_FORMAT", "json")
    monkeypatch.setenv("NEWSMOE_TASKS", "topic")
    newsmoe("analyze", write(here / "a.json", [article()]), "--format", "jsonl", *GIST)
    assert "analyzed_a.jsonl" in names(here)


def test_folders_in_a_file_are_relative_to_it(here: Path) -> None:
    card(here / "conf" / "mine", "opening")
    (here / "conf" / "newsmoe.toml").write_text('experts_dir = "mine"\ntasks = "opening"\n')
    newsmoe("analyze", write(here / "a.json", [article()]), "--config", "conf/newsmoe.toml")
    assert list(read(here / "analyzed_a.json")[0]["analyses"]) == ["opening"]


def test_fields_of_a_scraper_of_ones_own_are_mapped(here: Path) -> None:
    (here / "newsmoe.toml").write_text('[fields]\nheadline = "titular"\ncontent = ["texto", "cuerpo"]\n')
    newsmoe("analyze", write(here / "a.json", [{"titular": "Hola", "cuerpo": "Que tal. Muy bien."}]), *GIST)
    [record] = read(here / "analyzed_a.json")
    assert (record["headline"], record["analyses"]["summarization"]["summary"]) == ("Hola", "Que tal. Muy bien.")


def test_an_expert_can_be_changed(here: Path) -> None:
    (here / "newsmoe.toml").write_text("[experts.lead]\nsentences = 1\nmin_tokens = 1\n")
    newsmoe("analyze", write(here / "a.json", [article()]), *GIST)
    assert read(here / "analyzed_a.json")[0]["analyses"]["summarization"]["summary"] == "Nobody was hurt."


@pytest.mark.parametrize(
    "command", [("config", "show"), ("analyze", "a.json"), ("route", "a.json"), ("experts", "list")]
)
@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("batch_token = 3", "unknown key 'batch_token'; did you mean 'batch_tokens'?"),
        (
            '[[rule]]\nwhen = { topic = "Sport" }\nuse = { topic = "x" }',
            "unknown key 'rule 1.when.topic'; did you mean 'topics'?",
        ),
        ('[[rule]]\nuses = { topic = "x" }\nuse = { topic = "x" }', "unknown key 'rule 1.uses'; did you mean 'use'?"),
        ('batch_tokens = "many"', "batch_tokens: must be a whole number"),
        ("[[rule]]\nuse = { topic = { a = 0 } }", "the weights for 'topic' must be greater than 0"),
        ("batch_tokens = = 3", "no valid TOML"),
    ],
)
def test_an_invalid_file_is_reported_in_one_line(command: tuple[str, ...], toml: str, message: str, here: Path) -> None:
    write(here / "a.json", [article()])
    (here / "newsmoe.toml").write_text(f"{toml}\n")
    result = newsmoe(*command)
    assert (result.exit_code, result.stdout, one_line(result.stderr)) == (1, "", True)
    assert message in result.stderr


def test_settings_of_an_unknown_expert_are_reported_with_the_nearest(here: Path) -> None:
    (here / "newsmoe.toml").write_text("[experts.leed]\nsentences = 1\n")
    result = newsmoe("analyze", write(here / "a.json", [article()]), *GIST)
    assert (result.exit_code, one_line(result.stderr)) == (1, True)
    assert "[experts.leed] changes no existing expert; did you mean 'lead'?" in result.stderr


def test_the_file_that_is_wrong_is_named(here: Path) -> None:
    (here / "newsmoe.toml").write_text("batch_token = 3\n")
    assert newsmoe("config", "show").stderr.startswith(f"newsmoe: {here / 'newsmoe.toml'}: unknown key")


def test_an_unknown_variable_is_reported_with_the_nearest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMOE_BATCH_TOKEN", "3")
    result = newsmoe("config", "show")
    assert (result.exit_code, result.stderr) == (
        1,
        "newsmoe: environment: unknown variable NEWSMOE_BATCH_TOKEN; did you mean 'NEWSMOE_BATCH_TOKENS'?\n",
    )


def test_a_missing_file_is_reported() -> None:
    result = newsmoe("config", "show", "--config", "nowhere.toml")
    assert (result.exit_code, result.stderr) == (
        1,
        "newsmoe: nowhere.toml: cannot be read: No such file or directory\n",
    )


def test_an_unknown_field_is_reported_with_the_nearest(here: Path) -> None:
    (here / "newsmoe.toml").write_text('[fields]\nheadlin = "titular"\n')
    result = newsmoe("config", "show")
    assert result.exit_code == 1
    assert "did you mean 'headline'?" in result.stderr


def test_only_the_source_that_is_wrong_is_named(here: Path) -> None:
    (here / "newsmoe.toml").write_text('max_memory = "4GB"\n')
    result = newsmoe("analyze", write(here / "a.json", [article()]), "--max-memory", "plenty")
    assert result.stderr.startswith("newsmoe: command line: max_memory:")
