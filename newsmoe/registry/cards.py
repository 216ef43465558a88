"""`expert.toml`: what an expert is, what it was trained on, its licence, its measured quality."""

import os
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationError

from newsmoe.errors import CardError
from newsmoe.settings.conditions import After
from newsmoe.settings.toml import read_toml
from newsmoe.text.language_codes import language_code
from newsmoe.validation import Authored, describe

CARD_FILE = "expert.toml"


class Training(Authored):
    """How the weights were made."""

    data: list[str] = Field(description="data sets, each with its licence")
    command: str = Field(description="how to make the weights again")
    date: str = ""
    time: str = Field("", description="that it took, and on how many processors")


class Measurement(Authored):
    """Figures by metric on one set of data, and where they come from."""

    data: str
    figures: dict[str, float]
    source: str = Field("", description="command and date, or publication")


_NAME = r"[a-z0-9][a-z0-9._-]*"


def _checked_name(name: str) -> str:
    if not re.fullmatch(_NAME, name):
        raise ValueError("must be lower-case letters, digits, dots, dashes and underscores, a letter or digit first")
    return name


Name = Annotated[str, AfterValidator(_checked_name)]
"""Of an expert or a task: it goes into paths, tables and TOML keys."""


def language_named(name: str) -> str:
    """Return the code of a language that articles may have: `en` for `English` or `en-GB`; ValueError for no language.

    Any code of three letters may be one.
    """
    code = language_code(name) or name.strip().lower()
    if not re.fullmatch("[a-z]{2,3}", code):
        raise ValueError(f"{name!r} is no language; use a code such as en")
    return code


def _codes_of(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(language_named, names))


Languages = Annotated[tuple[str, ...], AfterValidator(_codes_of)]
"""That an expert reads, as codes."""


class Card(Authored):
    """One expert as its folder describes it.

    Attributes:
        name: unique in the registry.
        task: what it predicts.
        kind: the code behind it, one of `newsmoe.registry.kinds.KINDS`.
        description: one sentence for people.
        languages: ISO 639-1 codes that it reads; empty: any.
        needs_content: whether a headline alone is too little for it.
        after: the prediction of another task that must come first, and what it must say; None: it reads every
            article.
        licence: of the weights.
        adapter: folder of the adapter, from the card's, where several experts share it; empty: the card's own.
        settings: checked by the kind.
        training: how the weights were made.
        quality: measured figures.
        folder: where the card is.
    """

    name: Name
    task: Name
    kind: str
    description: str
    languages: Languages = ()
    needs_content: bool = False
    after: After | None = None
    licence: str = ""
    adapter: str = ""
    settings: dict[str, Any] = {}
    training: Training | None = None
    quality: list[Measurement] = []
    folder: Path = Field(default=Path(), exclude=True)

    def with_settings(self, changes: Mapping[str, Any]) -> "Card":
        """Return the card with some of its settings changed."""
        return self.model_copy(update={"settings": {**self.settings, **changes}})

    @property
    def adapter_folder(self) -> Path:
        """The folder of its adapter, if there is one."""
        return self.folder / self.adapter

    def fingerprint(self) -> str:
        """Return a hash of name, task, kind, settings and the weights in the folder and in that of its adapter."""
        digest = sha256(self.model_dump_json(include={"name", "task", "kind", "settings"}).encode())
        for folder in dict.fromkeys((self.folder, self.adapter_folder)):
            for file in sorted((*folder.glob("*.safetensors"), *folder.glob("adapter_config.json"))):
                digest.update(file.name.encode() + sha256(file.read_bytes()).digest())
        return digest.hexdigest()[:16]


def read_card(folder: Path) -> Card:
    """Read the card in `folder`."""
    path = folder / CARD_FILE
    try:
        return Card.model_validate(read_toml(path, CardError) | {"folder": folder})
    except ValidationError as error:
        raise CardError(f"{path}: {describe(error, Card)}") from None


def needs_content(card: Card, settings: object) -> bool:
    """Tell whether a headline alone is too little for an expert: its card says so, or it reads the content only."""
    return card.needs_content or getattr(settings, "read", None) == "content"


def misplaced_card(root: Path, name: str) -> str | None:
    """Say why a folder of cards has no expert of that name though it has something like it; None: it has nothing."""
    folder, file = root / name, root / f"{name}.toml"
    if (folder / CARD_FILE).is_file():
        return f"the card in {folder} states another name"
    if folder.is_dir():
        return f"{folder} has no {CARD_FILE}"
    return f"{file} must be {folder / CARD_FILE}" if file.is_file() else None


def builtin_folder() -> Path:
    """Return the folder of the built-in cards: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_experts"
    return installed if installed.is_dir() else Path(os.path.abspath(package.parent / "experts"))


def is_builtin(name: str) -> bool:
    """Tell whether a built-in expert has the name; with another one of that name, no run would start."""
    return (builtin_folder() / name / CARD_FILE).exists()
