import re
import runpy
import shutil
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from newsmoe import Registry
from newsmoe.errors import RegistryError
from newsmoe.registry.cards import read_card
from newsmoe.registry.kinds import build
from newsmoe.registry.scaffold import new_card, new_package
from newsmoe.testing import check_expert


@pytest.mark.parametrize(
    ("name", "task", "predictions"),
    [
        ("reading-time", None, "reading-time"),
        ("first-lines", "summarization", "summarization"),
        ("mood", "sentiment", "sentiment"),
        ("my-topic", "topic", "topic"),
    ],
)
def test_a_new_package_works_as_it_is_once_installed(
    tmp_path: Path, site: Path, install: Callable[..., None], name: str, task: str | None, predictions: str
) -> None:
    folder = new_package(name, task, tmp_path)
    module = name.replace("-", "_")
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    shutil.copytree(folder / module, site / module)
    install(project["project"]["name"], {}, project["project"]["entry-points"]["newsmoe.experts"])

    registry = Registry()
    info = registry.info(name)
    assert (info.task, info.broken) == (predictions, None)
    assert [finding for finding in check_expert(registry.build(name)) if finding.problem] == []
    tests = runpy.run_path(str(folder / "tests" / f"test_{module}.py"))
    tests["test_keeps_the_contract_of_an_expert"]()


def test_a_new_package_says_how_to_install_check_and_use_it(tmp_path: Path) -> None:
    readme = (new_package("reading-time", None, tmp_path) / "README.md").read_text(encoding="utf-8")
    assert "pip install -e ." in readme
    assert "newsmoe experts check reading-time" in readme
    rule = readme[readme.index("[[rule]]") :].replace("    ", "")
    assert tomllib.loads(rule) == {"rule": [{"use": {"reading-time": "reading-time"}}]}


def test_a_new_card_works_as_it_is(tmp_path: Path, registry: Registry) -> None:
    folder = new_card("good-or-bad", "news-value", tmp_path)
    info = Registry([tmp_path], plugins=False).info("good-or-bad")
    assert (info.task, info.broken) == ("news-value", None)
    expert = build(read_card(folder), registry.backbones)
    assert [finding for finding in check_expert(expert) if finding.problem] == []


def test_a_new_cards_task_is_its_name_unless_stated(tmp_path: Path) -> None:
    assert read_card(new_card("good-or-bad", None, tmp_path)).task == "good-or-bad"


@pytest.mark.parametrize("make", [new_package, new_card])
@pytest.mark.parametrize("name", ["", "Mood", "1st", "two words", "a_b", "../up", "class", "none", "-a", "a\n", "é"])
def test_an_invalid_package_name_is_refused_and_nothing_written(
    tmp_path: Path, make: Callable[[str, str | None, Path], Path], name: str
) -> None:
    with pytest.raises(RegistryError, match=f"^{re.escape(repr(name))} cannot be used as a name"):
        make(name, None, tmp_path)
    with pytest.raises(RegistryError, match=f"^{re.escape(repr(name))} cannot be used as a name"):
        make("fine", name or "-", tmp_path) if name else make(name, "fine", tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [new_package, new_card])
def test_the_name_of_a_built_in_expert_is_refused(tmp_path: Path, make: Callable[..., Path]) -> None:
    with pytest.raises(RegistryError, match="'lead' is the name of a built-in expert; choose another name"):
        make("lead", None, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", [new_package, new_card])
def test_existing_files_are_not_overwritten(tmp_path: Path, make: Callable[[str, str | None, Path], Path]) -> None:
    notes = tmp_path / "mood" / "notes.txt"
    notes.parent.mkdir()
    notes.write_text("mine")
    with pytest.raises(RegistryError, match="exists already"):
        make("mood", None, tmp_path)
    assert notes.read_text() == "mine"
    assert list(notes.parent.iterdir()) == [notes]


@pytest.mark.parametrize(("name", "task"), [("summary", "summarization"), ("labels", "sentiment"), ("fields", None)])
def test_an_expert_may_have_the_name_of_a_class_that_its_code_imports(
    tmp_path: Path, name: str, task: str | None
) -> None:
    folder = new_package(name, task, tmp_path)
    namespace = runpy.run_path(str(folder / name / "__init__.py"))
    findings = check_expert(namespace[name.capitalize()]())
    assert [finding for finding in findings if finding.problem] == []
