"""A new expert to start from: a package with code, or a folder with a card."""

import keyword
import re
from pathlib import Path

from newsmoe.errors import RegistryError
from newsmoe.registry.cards import CARD_FILE
from newsmoe.registry.registry import GROUP

TEMPLATES = Path(__file__).parent / "templates"

_NAME = re.compile(r"[a-z][a-z0-9-]*")

_PREDICTIONS = {
    "summarization": 'newsmoe.Summary(article.content.split("\\n\\n")[0] or article.headline)',
    "sentiment": 'newsmoe.Labels({"positive": 0.2, "neutral": 0.6, "negative": 0.2})',
    "topic": 'newsmoe.Labels({"sport": 0.5, "politics": 0.5})',
}
_OTHER_PREDICTION = 'newsmoe.Fields({"words": article.words, "minutes": round(article.words / 230, 1)})'


def new_package(name: str, task: str | None, parent: Path) -> Path:
    """Write a package with an expert in code that works as it is; return its folder."""
    module = _checked(name).replace("-", "_")
    task = _checked(task or name)
    files = {
        "pyproject.toml": "pyproject.toml",
        f"{module}/__init__.py": "package.py",
        f"tests/test_{module}.py": "test.py",
        "README.md": "README.md",
    }
    return _write(
        parent / name,
        files,
        name=name,
        task=task,
        module=module,
        class_name="".join(part.capitalize() for part in name.split("-")),
        group=GROUP,
        prediction=_PREDICTIONS.get(task, _OTHER_PREDICTION),
    )


def new_card(name: str, task: str | None, parent: Path) -> Path:
    """Write a folder with a card that works as it is, an expert without any code; return it."""
    return _write(parent / _checked(name), {CARD_FILE: CARD_FILE}, name=name, task=_checked(task or name))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or keyword.iskeyword(name.capitalize()):
        raise RegistryError(f"{name!r} cannot be used as a name: lower-case letters, digits and dashes only")
    return name


def _write(folder: Path, files: dict[str, str], **values: str) -> Path:
    """Fill in the templates of the files."""
    if folder.exists():
        raise RegistryError(f"{folder} exists already; choose another name, or remove it")
    try:
        for file, template in files.items():
            text = (TEMPLATES / f"{template}.template").read_text(encoding="utf-8")
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(**values), encoding="utf-8")
    except OSError as error:
        raise RegistryError(f"{folder}: cannot be written: {error.strerror}") from None
    return folder
