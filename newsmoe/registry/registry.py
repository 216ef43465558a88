"""The one place that knows which experts exist.

They come from cards in `experts/` (built in), cards in the user's folders, and entry points in the group
`newsmoe.experts`. Only an entry point's module is imported at once, to learn the expert's task.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ValidationError

from newsmoe.article import base_language
from newsmoe.errors import (
    BrokenExpertError,
    CardError,
    ConfigError,
    NameClashError,
    RegistryError,
    UnknownExpertError,
    nearest,
)
from newsmoe.plugins import entry_points_of, origin_of, place_of
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import CARD_FILE, Card, Languages, builtin_folder, misplaced_card, read_card
from newsmoe.registry.expert import Expert
from newsmoe.registry.kinds import build, check_settings, fingerprint, missing, prediction_columns, stated_labels
from newsmoe.settings.conditions import After
from newsmoe.validation import describe

GROUP = "newsmoe.experts"


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
            return _reason(error)

    def fingerprint(self) -> str:
        """Return a hash of everything that decides the expert's predictions, or "" where that is unknown.

        A plug-in states it in an attribute `fingerprint`: its predictions then depend on that and on the
        article's headline, content and language alone.
        """
        try:
            stated = fingerprint(self.card) if self.card else getattr(self.expert, "fingerprint", "")
        except Exception:  # noqa: BLE001  # a file that is gone, or other people's code: loading will tell
            return ""
        return stated if isinstance(stated, str) else ""

    def reads(self, language: str | None) -> bool:
        """Tell whether the expert reads `language`; every expert reads articles of an unknown one."""
        return language is None or not self.languages or base_language(language) in self.languages


class Registry:
    """Finds experts by name and builds them.

    Args:
        folders: the user's folders of cards, each card in a folder of its own; or the folder of one card.
        changes: changed settings of experts, by name.
        plugins: whether to look for entry points.
        builtin: whether to look for the built-in experts.
    """

    def __init__(
        self,
        folders: Iterable[Path | str] = (),
        changes: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        plugins: bool = True,
        builtin: bool = True,
    ) -> None:
        if isinstance(folders, str | Path):
            raise TypeError(f"folders must be a list of folders, such as [{str(folders)!r}]")
        self.folders = tuple(map(Path, folders))
        self.changes = dict(changes or {})
        self.plugins = plugins
        self.builtin = builtin
        self.backbones = BackbonePool()
        self._added: dict[str, ExpertInfo] = {}

    @property
    def experts(self) -> Mapping[str, ExpertInfo]:
        """All experts by name, broken ones too, the built-in ones first."""
        return {**self._discovered, **self._added}

    @cached_property
    def _discovered(self) -> dict[str, ExpertInfo]:
        experts: dict[str, ExpertInfo] = {}
        infos = [*self._from_cards(), *self._from_entry_points()]
        for info in infos:
            if not info.broken:
                _enter(experts, info)
        for info in infos:
            if info.broken:
                experts[info.name if info.name not in experts else f"{info.name} ({info.origin})"] = info
        for name in self.changes:
            if name not in experts:
                raise ConfigError(f"[experts.{name}] changes no existing expert; {nearest(name, experts)}")
            if experts[name].card is None:
                raise ConfigError(f"[experts.{name}] changes an expert that has no settings")
        return experts

    def add(self, expert: Expert) -> None:
        """Register an expert object, as a library user does.

        Raises:
            NameClashError: the name is taken.
            BrokenExpertError: it is no expert.
        """
        if isinstance(expert, type):
            raise BrokenExpertError(f"{expert.__name__} is a class; add an object of it: add({expert.__name__}())")
        try:
            info = _describe(expert, getattr(expert, "name", ""), origin=f"added: {type(expert).__qualname__}")
        except BrokenExpertError as error:
            raise BrokenExpertError(f"expert {getattr(expert, 'name', '')!r} cannot be added: {error}") from None
        _enter(dict(self.experts), info)
        self._added[info.name] = info

    def replace(self, info: ExpertInfo) -> None:
        """Put an expert in the place of the one of its name, such as one that asks another process."""
        self._added[info.name] = info

    def info(self, name: str) -> ExpertInfo:
        """Return what the registry says of the expert `name`.

        Raises:
            UnknownExpertError: there is none of that name; lists the existing ones.
        """
        experts = self.experts
        if name not in experts:
            misplaced = (misplaced_card(root, name) for root in self.folders)
            hint = next(filter(None, misplaced), None) or nearest(name, experts)
            raise UnknownExpertError(f"no expert is called {name!r}; {hint}; see 'newsmoe experts list'")
        return experts[name]

    def pool(self, task: str) -> list[ExpertInfo]:
        """Return the experts for `task`, without broken ones."""
        return [info for info in self.experts.values() if info.task == task and not info.broken]

    def tasks(self) -> list[str]:
        """Return all tasks that an expert exists for."""
        return list(dict.fromkeys(info.task for info in self.experts.values() if not info.broken))

    def build(self, name: str) -> Expert:
        """Return a new expert, its weights not loaded yet; a plug-in's is always the same object.

        Raises:
            UnknownExpertError: there is none of that name.
            BrokenExpertError: its plug-in or its card does not work.
        """
        info = self.info(name)
        if info.broken:
            raise BrokenExpertError(f"expert {name!r} from {info.origin} is broken: {info.broken}")
        expert: Expert = build(info.card, self.backbones) if info.card else info.expert
        return expert

    def _from_cards(self) -> Iterable[ExpertInfo]:
        seen: set[Path] = set()
        for root in (*([builtin_folder()] if self.builtin else []), *self.folders):
            if not root.is_dir():
                raise ConfigError(f"{root}: no such folder of experts; check --experts-dir and experts_dir")
            single = root / CARD_FILE
            for path in [single] if single.is_file() else sorted(root.glob(f"*/{CARD_FILE}")):
                if (real := path.resolve()) not in seen:
                    seen.add(real)
                    yield self._from_card(path.parent)

    def _from_card(self, folder: Path) -> ExpertInfo:
        """Describe the expert of a card; wrong changes of its settings are raised, a wrong card is broken."""
        origin = str(folder)
        try:
            card = read_card(folder)
            settings, columns, labels = check_settings(card), prediction_columns(card), stated_labels(card)
        except Exception as error:  # noqa: BLE001  # its kind may be other people's code
            return ExpertInfo(folder.name, "", origin=origin, broken=_reason(error))
        if changes := self.changes.get(card.name):
            card = card.with_settings(dict(changes))
            try:
                settings, columns, labels = check_settings(card), prediction_columns(card), stated_labels(card)
            except CardError as error:
                raise CardError(f"{error}; see [experts.{card.name}] in newsmoe.toml") from None
        needs_content = card.needs_content or getattr(settings, "read", None) == "content"
        stated = card.name, card.task, card.languages, needs_content, card.after
        builtin = folder.parent == builtin_folder()
        return ExpertInfo(*stated, origin=origin, card=card, columns=columns, labels=labels, builtin=builtin)

    def _from_entry_points(self) -> Iterable[ExpertInfo]:
        for point in entry_points_of(GROUP) if self.plugins else ():
            origin = origin_of(point)
            try:
                loaded = point.load()
                info = _describe(loaded() if callable(loaded) else loaded, point.name, origin)
            except (Exception, SystemExit) as error:  # noqa: BLE001  # other people's code may fail in any way
                info = ExpertInfo(point.name, "", origin=origin, broken=_reason(error))
            yield info


def _enter(experts: dict[str, ExpertInfo], info: ExpertInfo) -> None:
    """Add an expert; one that is found twice, as in a wheel and in a clone, is added once."""
    other = experts.setdefault(info.name, info)
    if other is not info and not (_content(info) and _content(info) == _content(other)):
        both = f"{other.origin} and {info.origin}"
        raise NameClashError(f"two experts are called {info.name!r}: {both}; rename one of them")


def _content(info: ExpertInfo) -> str:
    """Return a hash of what a card says and of its weights, as far as they are on this machine."""
    return (info.fingerprint() or info.card.fingerprint()) if info.card else ""


def _reason(error: BaseException) -> str:
    return str(error) if isinstance(error, RegistryError) else f"{type(error).__name__}: {error}{place_of(error)}"


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


def _describe(expert: Any, name: str, origin: str) -> ExpertInfo:
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
