"""The one place that knows which experts exist.

They come from cards in `experts/` (built in), cards in the user's folders, and entry points in the group
`newsmoe.experts`. Only an entry point's module is imported at once, to learn the expert's task.
"""

from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from newsmoe.errors import BrokenExpertError, CardError, ConfigError, NameClashError, UnknownExpertError, nearest
from newsmoe.plugins import entry_points_of, origin_of
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import CARD_FILE, builtin_folder, misplaced_card, read_card
from newsmoe.registry.expert import Expert
from newsmoe.registry.expert_info import ExpertInfo, info_of_card, info_of_object, why_broken
from newsmoe.registry.kinds import build

GROUP = "newsmoe.experts"


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
                raise ConfigError(f"[experts.{name}] changes an expert that has no settings; leave it out")
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
            info = info_of_object(expert, getattr(expert, "name", ""), origin=f"added: {type(expert).__qualname__}")
        except BrokenExpertError as error:
            raise BrokenExpertError(f"expert {getattr(expert, 'name', '')!r} cannot be added: {error}") from None
        _enter(dict(self.experts), info)  # a copy: only to see whether the name is taken
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
        for root in roots_of(self):
            if not root.is_dir():
                raise ConfigError(f"{root}: no such folder of experts; check --experts-dir and experts_dir")
            single = root / CARD_FILE
            for path in [single] if single.is_file() else sorted(root.glob(f"*/{CARD_FILE}")):
                if (real := path.resolve()) not in seen:
                    seen.add(real)
                    yield self._from_card(path.parent)

    def _from_card(self, folder: Path) -> ExpertInfo:
        """Describe the expert of a card; wrong changes of its settings are raised, a wrong card is broken."""
        try:
            card = read_card(folder)
            info = info_of_card(card)
        except Exception as error:  # noqa: BLE001  # its kind may be other people's code
            return ExpertInfo(folder.name, "", origin=str(folder), broken=why_broken(error))
        if not (changes := self.changes.get(card.name)):
            return info
        try:
            return info_of_card(card.with_settings(changes))
        except CardError as error:
            raise CardError(f"{error}; see [experts.{card.name}] in newsmoe.toml") from None

    def _from_entry_points(self) -> Iterable[ExpertInfo]:
        for point in entry_points_of(GROUP) if self.plugins else ():
            origin = origin_of(point)
            try:
                loaded = point.load()
                info = info_of_object(loaded() if callable(loaded) else loaded, point.name, origin)
            except (Exception, SystemExit) as error:  # noqa: BLE001  # other people's code may fail in any way
                info = ExpertInfo(point.name, "", origin=origin, broken=why_broken(error))
            yield info


def roots_of(registry: Registry) -> tuple[Path, ...]:
    """Return the folders in which cards are looked for, that of the built-in ones first."""
    return (builtin_folder(), *registry.folders) if registry.builtin else registry.folders


def _enter(experts: dict[str, ExpertInfo], info: ExpertInfo) -> None:
    """Add an expert; one that is found twice, as in a wheel and in a clone, is added once."""
    other = experts.setdefault(info.name, info)
    if other is not info and not (_content(info) and _content(info) == _content(other)):
        both = f"{other.origin} and {info.origin}"
        raise NameClashError(f"two experts are called {info.name!r}: {both}; rename one of them")


def _content(info: ExpertInfo) -> str:
    """Return a hash of what a card says and of its weights, as far as they are on this machine."""
    return (info.fingerprint() or info.card.fingerprint()) if info.card else ""
