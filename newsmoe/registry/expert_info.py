"""What the registry says of an expert before it is built: as its card or, of a plug-in, its object has it."""

from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ValidationError

from newsmoe.article import base_language
from newsmoe.errors import BrokenExpertError, RegistryError
from newsmoe.plugins import place_of
from newsmoe.registry.cards import Card, Languages, builtin_folder, needs_content
from newsmoe.registry.expert import Expert
from newsmoe.registry.kinds import check_settings, fingerprint, missing, prediction_columns, stated_labels
from newsmoe.settings.conditions import After
from newsmoe.validation import describe


@dataclass(frozen=True)
class ExpertInfo:
    """What the registry says of an expert before it is built.

    Attributes:
        name: unique in the registry.
        task: what it predicts; empty where it is broken.
        languages: codes that it reads; empty: any.
        needs_content: whether a headline alone is too little for it.
        after: the prediction of another task that must come first, and what it must say; None: any article.
        origin: the folder of its card, or its entry point.
        card: its card, where it has one.
        expert: the plug-in's own object, where it has no card.
        columns: keys of its predictions that get a column each in tables.
        labels: that it predicts, as far as it says.
        builtin: whether it comes with newsmoe.
        broken: why it cannot be used, or None.
    """

    name: str
    task: str
    languages: tuple[str, ...] = ()
    needs_content: bool = False
    after: After | None = None
    origin: str = ""
    card: Card | None = None
    expert: Any = field(default=None, repr=False, compare=False)
    columns: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    builtin: bool = False
    broken: str | None = None

    @cached_property
    def missing(self) -> str | None:
        """What to do before the expert can be used, or None where its weights are on this machine."""
        if self.card is None or self.broken:
            return None
        try:
            return missing(self.card)
        except Exception as error:  # noqa: BLE001  # its kind may be other people's code
            return why_broken(error)

    def fingerprint(self) -> str:
        """Return a hash of everything that decides the expert's predictions, or "" where that is unknown.

        A plug-in states it in an attribute `fingerprint`: its predictions then depend on that and on the
        article's headline, content and language alone.
        """
        try:
            stated = self._hash_of_card if self.card else getattr(self.expert, "fingerprint", "")
        except Exception:  # noqa: BLE001  # a file that is gone, or other people's code: loading will tell
            return ""
        return stated if isinstance(stated, str) else ""

    @cached_property  # it reads all weights, and gate, dispatcher and report need it
    def _hash_of_card(self) -> str:
        return fingerprint(self.card) if self.card else ""

    def reads(self, language: str | None) -> bool:
        """Tell whether the expert reads `language`; every expert reads articles of an unknown one."""
        return language is None or not self.languages or base_language(language) in self.languages


def info_of_card(card: Card) -> ExpertInfo:
    """Return what a card says of its expert."""
    return ExpertInfo(
        card.name,
        card.task,
        card.languages,
        needs_content(card, check_settings(card)),
        card.after,
        origin=str(card.folder),
        card=card,
        columns=prediction_columns(card),
        labels=stated_labels(card),
        builtin=card.folder.parent == builtin_folder(),
    )


def _has(expert: object, part: str) -> bool:
    return hasattr(expert, part.partition("(")[0])


def _without_blanks(task: str) -> str:
    if not task or any(character.isspace() or character == "," for character in task):
        raise ValueError("must be a word without blanks and commas, as --tasks separates tasks by these")
    return task


class _Statement(BaseModel):
    """What a plug-in's expert says of itself."""

    name: str
    task: Annotated[str, AfterValidator(_without_blanks)]
    languages: Languages = ()
    needs_content: bool = False
    after: After | None = None


def info_of_object(expert: Any, name: str, origin: str) -> ExpertInfo:
    """Return what a plug-in's expert says of itself; raise `BrokenExpertError` where it cannot be used."""
    if not isinstance(expert, Expert):
        if isinstance(expert, ModuleType):
            raise BrokenExpertError(f"it is a module; name the class in it too, as in '{expert.__name__}:MyExpert'")
        absent = [part for part in ("name", "task", "load(device)", "predict(articles)") if not _has(expert, part)]
        raise BrokenExpertError(f"{type(expert).__name__} is no expert: it has no {' and no '.join(absent)}")
    if expert.name != name:
        raise BrokenExpertError(f"entry point {name!r} and name {expert.name!r} differ; make them equal")
    try:
        stated = {part: getattr(expert, part) for part in _Statement.model_fields if hasattr(expert, part)}
        statement = _Statement.model_validate(stated)
    except ValidationError as error:
        raise BrokenExpertError(describe(error, _Statement)) from None
    labels = getattr(expert, "labels", ())  # which may be anything, if the expert does not mean it for us
    stated_by_it = isinstance(labels, list | tuple) and all(isinstance(label, str) for label in labels)
    return ExpertInfo(**dict(statement), origin=origin, expert=expert, labels=tuple(labels) if stated_by_it else ())


def why_broken(error: BaseException) -> str:
    """Say why an expert cannot be used."""
    return str(error) if isinstance(error, RegistryError) else f"{type(error).__name__}: {error}{place_of(error)}"
