"""A new expert to start from: a package with code, or a folder with a card."""

import keyword
import re
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from newsmoe.errors import RegistryError
from newsmoe.registry.cards import CARD_FILE, is_builtin
from newsmoe.registry.registry import GROUP

_NAME = re.compile(r"[a-z][a-z0-9-]*")


def new_package(name: str, task: str | None, parent: Path) -> Path:
    """Write a package with an expert in code that works as it is; return its folder."""
    module = _new(name).replace("-", "_")
    files = {
        "pyproject.toml": "pyproject.toml",
        f"{module}/__init__.py": "expert.py",
        f"tests/test_{module}.py": "test_expert.py",
        "README.md": "README.md",
    }
    class_name = "".join(part.capitalize() for part in name.split("-"))
    return _write(parent / name, files, task=_checked(task or name), module=module, class_name=class_name)


def new_card(name: str, task: str | None, parent: Path) -> Path:
    """Write a folder with a card that works as it is, an expert without any code; return it."""
    return _write(parent / _new(name), {CARD_FILE: CARD_FILE}, task=_checked(task or name))


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        allowed = "use lower-case letters, digits and dashes, a letter first"
        raise RegistryError(f"{name!r} cannot be used as a name; {allowed}")
    if keyword.iskeyword(name) or keyword.iskeyword(name.capitalize()):
        raise RegistryError(f"{name!r} cannot be used as a name, being a word of Python; choose another name")
    return name


def _new(name: str) -> str:
    """Refuse also a name whose expert would clash with a built-in one, which ends every run."""
    if is_builtin(_checked(name)):
        raise RegistryError(f"{name!r} is the name of a built-in expert; choose another name")
    return name


def _write(folder: Path, files: dict[str, str], **values: str) -> Path:
    """Write each file by its template."""
    if folder.exists():
        raise RegistryError(f"{folder} exists already; choose another name, or remove it")
    templates = Environment(  # noqa: S701  # TOML, Markdown and Python, of checked names
        loader=PackageLoader("newsmoe.registry"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    try:
        for file, template in files.items():
            path = folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            text = templates.get_template(f"{template}.jinja").render(name=folder.name, group=GROUP, **values)
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RegistryError(f"{folder}: cannot be written: {error.strerror}") from None
    return folder
