"""The one place that knows which experts there are; three doors lead in.

Cards in `experts/` (built in), cards in the user's folders, and entry points in the group
`newsmoe.experts` (code). Nothing is imported or loaded before it is asked for, save the module of an entry
point, which must be imported to learn the expert's task.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from newsmoe.article import base_language
from newsmoe.errors import (
    BrokenExpertError,
    CardError,
    ConfigError,
    NameClashError,
    UnknownExpertError,
    nearest,
)
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import CARD_FILE, Card, read_card
from newsmoe.registry.expert import Expert
from newsmoe.registry.kinds import build, check_settings, fingerprint, missing
from newsmoe.settings.conditions import After
from newsmoe.validation import describe

GROUP = "newsmoe.experts"


@dataclass(frozen=True)
class ExpertInfo:
    """What is known of an expert before it is built.

    Attributes:
        name: unique in the registry.
        task: what it answers; empty where it is broken.
        languages: codes that it reads; empty: any.
        needs_content: whether a headline alone is too little for it.
        after: the answer to another task that must come first, and what it must say; None: any article.
        origin: the folder of its card, or its entry point.
        card: its card, where it has one.
        broken: why it cannot be used, or None.
    """

    name: str
    task: str
    languages: tuple[str, ...] = ()
    needs_content: bool = False
    after: After | None = None
    origin: str = ""
    card: Card | None = None
    factory: Any = field(default=None, repr=False, compare=False)
    broken: str | None = None

    @cached_property
    def missing(self) -> str | None:
        """What to do before the expert can be used, or None where its weights are on this machine."""
        return None if self.card is None or self.broken else missing(self.card)

    def fingerprint(self) -> str:
        """Hash of all that decides what the expert answers, or "" where nobody can tell.

        A plug-in has one where it says so itself, in an attribute `fingerprint`: its answers then depend on
        that and on the article's headline, content and language alone.
        """
        try:
            if self.card is not None:
                return fingerprint(self.card)
            own = getattr(self.factory(), "fingerprint", "") if self.factory else ""
        except Exception:  # noqa: BLE001  # a file that is gone, or other people's code: loading will tell
            return ""
        return own if isinstance(own, str) else ""

    def reads(self, language: str | None) -> bool:
        """Tell whether the expert knows `language`; an unknown one is given to everybody."""
        if language is None or not self.languages:
            return True
        return base_language(language) in self.languages


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
        folders: Iterable[Path] = (),
        changes: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        plugins: bool = True,
        builtin: bool = True,
    ) -> None:
        self.folders = tuple(folders)
        self.changes = dict(changes or {})
        self.plugins = plugins
        self.builtin = builtin
        self.backbones = BackbonePool()
        self._added: dict[str, ExpertInfo] = {}

    @cached_property
    def _found(self) -> dict[str, ExpertInfo]:
        found: dict[str, ExpertInfo] = {}
        infos = [*self._from_cards(), *self._from_entry_points()]
        for info in infos:
            if not info.broken:
                _enter(found, info)
        for info in infos:
            if info.broken:
                found[info.name if info.name not in found else f"{info.name} ({info.origin})"] = info
        self._check_changes(found)
        return found

    def _check_changes(self, found: Mapping[str, ExpertInfo]) -> None:
        for name in self.changes:
            if name not in found:
                raise ConfigError(
                    f"[experts.{name}] changes an expert that does not exist; {nearest(name, found)}"
                )
            if found[name].card is None:
                raise ConfigError(f"[experts.{name}] changes an expert that has no settings")

    @property
    def experts(self) -> Mapping[str, ExpertInfo]:
        """All experts by name, broken ones too, the built-in ones first."""
        return {**self._found, **self._added}

    def add(self, expert: Expert) -> None:
        """Register an expert that is at hand already, as a library user does.

        Raises:
            NameClashError: the name is taken.
            BrokenExpertError: it is no expert.
        """
        found = dict(self.experts)
        info = _describe_plugin(expert, name=expert.name, origin=f"added: {type(expert).__qualname__}")
        if info.broken:
            raise BrokenExpertError(f"expert {expert.name!r} cannot be added: {info.broken}")
        _enter(found, info)
        self._added[info.name] = info

    def info(self, name: str) -> ExpertInfo:
        """ScanResult an expert up.

        Raises:
            UnknownExpertError: there is none of that name; lists what there is.
        """
        try:
            return self.experts[name]
        except KeyError:
            raise UnknownExpertError(
                f"no expert is called {name!r}; {nearest(name, self.experts)}; see 'newsmoe experts list'"
            ) from None

    def pool(self, task: str) -> list[ExpertInfo]:
        """Return the experts that answer `task`, broken ones left out."""
        return [info for info in self.experts.values() if info.task == task and not info.broken]

    def tasks(self) -> list[str]:
        """Return all tasks that somebody answers."""
        return list(dict.fromkeys(info.task for info in self.experts.values() if not info.broken))

    def build(self, name: str) -> Expert:
        """Make the expert, its weights not loaded yet.

        Raises:
            UnknownExpertError: there is none of that name.
            BrokenExpertError: its plug-in or its card does not work.
        """
        info = self.info(name)
        if info.broken:
            raise BrokenExpertError(f"expert {name!r} from {info.origin} is broken: {info.broken}")
        if info.card is not None:
            return build(info.card, self.backbones)
        made: Expert = info.factory()
        return made

    def _from_cards(self) -> Iterable[ExpertInfo]:
        seen: set[Path] = set()
        for root in (*([builtin_folder()] if self.builtin else []), *self.folders):
            if not root.is_dir():
                raise ConfigError(f"{root}: no such folder of experts; check --experts-dir and experts_dir")
            own = root / CARD_FILE
            for path in [own] if own.is_file() else sorted(root.glob(f"*/{CARD_FILE}")):
                if (real := path.resolve()) not in seen:
                    seen.add(real)
                    yield self._from_card(path.parent)

    def _from_card(self, folder: Path) -> ExpertInfo:
        """Describe the expert of a card.

        Raises:
            CardError: the user's changes of its settings are wrong; a wrong card is only broken.
        """
        try:
            card = read_card(folder)
            settings = check_settings(card)
        except CardError as error:
            return ExpertInfo(folder.name, "", origin=str(folder), broken=str(error))
        if changes := self.changes.get(card.name):
            card = card.with_settings(dict(changes))
            try:
                settings = check_settings(card)
            except CardError as error:
                raise CardError(f"{error}; see [experts.{card.name}] in newsmoe.toml") from None
        needs_content = card.needs_content or getattr(settings, "read", None) == "content"
        return ExpertInfo(
            card.name, card.task, card.languages, needs_content, card.after, origin=str(folder), card=card
        )

    def _from_entry_points(self) -> Iterable[ExpertInfo]:
        if self.plugins:
            yield from map(_from_entry_point, sorted(entry_points(group=GROUP), key=lambda point: point.name))


def _enter(found: dict[str, ExpertInfo], info: ExpertInfo) -> None:
    other = found.get(info.name)
    if other is not None:
        raise NameClashError(
            f"two experts are called {info.name!r}: {other.origin} and {info.origin}; rename one of them"
        )
    found[info.name] = info


def _from_entry_point(point: EntryPoint) -> ExpertInfo:
    origin = f"{point.value} ({point.dist.name if point.dist else 'entry point'})"
    try:
        factory = point.load()
        return _describe_plugin(factory() if callable(factory) else factory, name=point.name, origin=origin)
    except (Exception, SystemExit) as error:  # noqa: BLE001  # other people's code: it may fail in any way
        return ExpertInfo(point.name, "", origin=origin, broken=f"{type(error).__name__}: {error}")


def _describe_plugin(expert: Any, *, name: str, origin: str) -> ExpertInfo:
    problem = _problem(expert, name)
    if problem:
        return ExpertInfo(name, "", origin=origin, broken=problem)
    return ExpertInfo(
        expert.name,
        expert.task,
        tuple(getattr(expert, "languages", ())),
        bool(getattr(expert, "needs_content", False)),
        _after(expert),
        origin=origin,
        factory=lambda: expert,
    )


def _problem(expert: Any, name: str) -> str | None:
    """Say why what a plug-in gave cannot be used, if it cannot."""
    if not isinstance(expert, Expert):
        missing = [part for part in ("name", "task", "load", "predict") if not hasattr(expert, part)]
        return f"no expert: {', '.join(missing)} missing"
    if expert.name != name:
        return f"its entry point is called {name!r}, the expert calls itself {expert.name!r}; make them equal"
    if not isinstance(expert.task, str) or not expert.task:
        return f"its task is {expert.task!r}, expected a name"
    languages = getattr(expert, "languages", ())
    if isinstance(languages, str) or not all(isinstance(code, str) for code in languages):
        return f"its languages are {languages!r}, expected a tuple of codes"
    try:
        _after(expert)
    except ValidationError as error:
        return f"its after makes no sense: {describe(error, After)}"
    return None


def _after(expert: Any) -> After | None:
    after = getattr(expert, "after", None)
    return None if after is None else After.model_validate(after)


def builtin_folder() -> Path:
    """Return the folder of the built-in cards: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent.parent
    installed = package / "_experts"
    return installed if installed.is_dir() else Path(os.path.abspath(package.parent / "experts"))
