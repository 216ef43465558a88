"""A new expert to start from: a package with code, or a folder with a card."""

import keyword
import re
from pathlib import Path

from newsmoe.errors import RegistryError
from newsmoe.registry.cards import CARD_FILE
from newsmoe.registry.registry import GROUP

_NAME = re.compile(r"[a-z][a-z0-9-]*")

_ANSWERS = {
    "summarization": 'newsmoe.Summary(article.content.split("\\n\\n")[0] or article.headline)',
    "sentiment": 'newsmoe.Labels({"positive": 0.2, "neutral": 0.6, "negative": 0.2})',
    "topic": 'newsmoe.Labels({"sport": 0.5, "politics": 0.5})',
}
_OWN_TASK = 'newsmoe.Fields({"words": article.words, "minutes": round(article.words / 230, 1)})'

_PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "{name}"
version = "0.1.0"
description = "An expert for newsmoe"
requires-python = ">=3.11"
dependencies = ["newsmoe"]

[project.entry-points."{group}"]
{name} = "{module}:{class_name}"

[tool.hatch.build.targets.wheel]
packages = ["{module}"]
"""

_CODE = '''\
"""The expert `{name}`."""

from collections.abc import Sequence

import newsmoe


class {class_name}:
    """Answers the task `{task}`."""

    name = "{name}"
    task = "{task}"
    languages = ()  # ISO 639-1 codes that it reads; empty: any
    needs_content = False  # True: articles without content are not sent here

    def load(self, device: newsmoe.Device) -> None:
        """Bring weights into memory; called once, before the first article."""

    def predict(self, articles: Sequence[newsmoe.Article]) -> list[newsmoe.Prediction]:
        """Answer for each article, in order."""
        return [self._answer(article) for article in articles]

    def _answer(self, article: newsmoe.Article) -> newsmoe.Prediction:
        return {answer}
'''

_TEST = """\
from newsmoe.testing import check_expert

from {module} import {class_name}


def test_keeps_the_contract_of_an_expert() -> None:
    assert [finding for finding in check_expert({class_name}()) if finding.problem] == []
"""

_README = """\
# {name}

An expert for newsmoe, for the task `{task}`.

    pip install -e .
    newsmoe experts check {name}

Have articles sent to it by a rule in `newsmoe.toml`:

    [[rule]]
    use = {{ {task} = "{name}" }}
"""

_CARD = """\
name = "{name}"
task = "{task}"
kind = "zero-shot"
description = "Sorts articles by likeness to the descriptions below."
languages = ["en"]

[settings.labels]
"good news" = "Success, victory, growth, recovery, celebration and relief."
"bad news" = "Failure, defeat, losses, accidents, crime, sickness and death."
"""


def new_package(name: str, task: str | None, parent: Path) -> Path:
    """Write a package with an expert in code that works as it is; return its folder."""
    module = _checked(name).replace("-", "_")
    task = _checked(task or name)
    words = {
        "name": name,
        "task": task,
        "module": module,
        "class_name": "".join(part.capitalize() for part in name.split("-")),
        "group": GROUP,
        "answer": _ANSWERS.get(task, _OWN_TASK),
    }
    return _write(
        parent / name,
        {
            "pyproject.toml": _PYPROJECT.format(**words),
            f"{module}/__init__.py": _CODE.format(**words),
            f"tests/test_{module}.py": _TEST.format(**words),
            "README.md": _README.format(**words),
        },
    )


def new_card(name: str, task: str | None, parent: Path) -> Path:
    """Write a folder with a card that works as it is, an expert without any code; return it."""
    return _write(parent / _checked(name), {CARD_FILE: _CARD.format(name=name, task=_checked(task or name))})


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or keyword.iskeyword(name.capitalize()):
        raise RegistryError(f"{name!r} cannot be used as a name: lower-case letters, digits and dashes only")
    return name


def _write(folder: Path, files: dict[str, str]) -> Path:
    if folder.exists():
        raise RegistryError(f"{folder} exists already; choose another name, or remove it")
    try:
        for file, text in files.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RegistryError(f"{folder}: cannot be written: {error.strerror}") from None
    return folder
