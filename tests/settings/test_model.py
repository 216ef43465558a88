import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from newsmoe.errors import ConfigError
from newsmoe.settings.model import Settings
from newsmoe.settings.sources import load_settings
from tests.settings.support import NOTHING, write


@pytest.mark.parametrize(
    ("use", "read"),
    [
        ('"lead"', "lead"),
        ('["extractive", "lead"]', ("extractive", "lead")),
        ("[]", ()),
        ("{ extractive = 3, lead = 1 }", {"extractive": 3.0, "lead": 1.0}),
    ],
)
def test_a_rule_names_an_expert_a_list_weights_or_none(tmp_path: Path, use: str, read: object) -> None:
    path = write(tmp_path, f"[[rule]]\nuse = {{ summarization = {use} }}")
    assert load_settings(path, environment=NOTHING).rule[0].use == {"summarization": read}


@pytest.mark.parametrize("weights", ["{ lead = 0 }", "{ lead = 1, extractive = -1 }", "{}"])
def test_weights_that_are_not_above_zero_are_refused(tmp_path: Path, weights: str) -> None:
    path = write(tmp_path, f"[[rule]]\nuse = {{ summarization = {weights} }}")
    with pytest.raises(ConfigError, match=r"rule 1\.use: the weights for 'summarization' must be greater"):
        load_settings(path, environment=NOTHING)


@pytest.mark.parametrize("weights", ["{ lead = inf, extractive = 1 }", "{ lead = nan }"])
def test_nan_and_infinite_weights_are_refused(tmp_path: Path, weights: str) -> None:
    path = write(tmp_path, f"[[rule]]\nuse = {{ summarization = {weights} }}")
    with pytest.raises(ConfigError, match=r"rule 1\.use"):
        load_settings(path, environment=NOTHING)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("threads = true", "threads: must be a whole number"),
        ("budget = true", "budget: must be a number"),
        ("max_memory = true", "max_memory: must be a size such as 2GB or 512MB"),
        ("[placement.lead]\ncpus = false", r"placement\.lead\.cpus: must be a number"),
        ("[[rule]]\nuse = {}\nwhen = { min_words = true }", r"rule 1\.when\.min_words: must be a whole number"),
        ("[[rule]]\nuse = { topic = { a = true, b = 1 } }", r"rule 1\.use\.topic\.a: must be a number"),
        ("[[rule]]\nuse = {}\nunsure = { topic = { a = true } }", r"rule 1\.unsure\.topic\.a: must be a number"),
    ],
)
def test_a_boolean_is_no_number(tmp_path: Path, text: str, problem: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError, match=f"{problem}$"):
        load_settings(path, environment=NOTHING)


def test_an_invalid_pattern_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, '[[rule]]\nuse = {}\nwhen = { headline = "(" }')
    with pytest.raises(ConfigError, match=r"rule 1\.when\.headline: .*regular expression"):
        load_settings(path, environment=NOTHING)


def test_one_name_stands_for_a_list_of_one(tmp_path: Path) -> None:
    path = write(tmp_path, '[[rule]]\nuse = {}\nwhen = { topics = "A, B" }\n[fields]\nheadline = "kop"')
    settings = load_settings(path, environment=NOTHING)
    assert settings.rule[0].when.topics == ("A, B",)
    assert settings.fields == {"headline": ("kop",)}


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Settings().gate = "all"  # type: ignore[misc]


@pytest.mark.parametrize(
    "values", [{"task": ["topic"]}, {"threads": 0}, {"batch_articles": "many", "rule": [{"use": {}, "reasn": "x"}]}]
)
def test_a_program_is_told_what_the_file_is_told(tmp_path: Path, values: dict[str, Any]) -> None:
    path = write(tmp_path, "\n".join(f"{key} = {json.dumps(value)}" for key, value in values.items() if key != "rule"))
    if "rule" in values:
        path.write_text(path.read_text() + '\n[[rule]]\nuse = {}\nreasn = "x"')
    with pytest.raises(ConfigError) as of_file:
        load_settings(path, environment=NOTHING)
    with pytest.raises(ConfigError) as of_program:
        Settings(**values)
    assert str(of_file.value) == f"{path}: {of_program.value}"


def test_an_unknown_setting_of_a_program_is_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigError, match=r"^unknown key 'task'; did you mean 'tasks'\?$"):
        Settings(task=["topic"])  # type: ignore[call-arg]


def test_every_setting_is_described() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize(("text", "size"), [("4GB", 4_000_000_000), ("512MiB", 512 << 20), ("1000", 1000)])
def test_memory_is_written_in_bytes_or_in_units(workdir: Path, text: str, size: int) -> None:
    assert load_settings(overrides={"max_memory": text}, environment={}).max_memory == size


@pytest.mark.parametrize("text", ["lots", "4XB", "-5"])
def test_a_size_that_is_none_is_refused_with_an_example(workdir: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="^command line: max_memory: must be a size such as 2GB"):
        load_settings(overrides={"max_memory": text}, environment={})
