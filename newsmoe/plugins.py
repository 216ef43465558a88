"""The doors of the package: a table of built-ins, then what other packages add by entry points."""

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.metadata import EntryPoint, EntryPoints, entry_points
from importlib.util import find_spec
from pathlib import Path
from traceback import extract_tb
from typing import Any, Generic, TypeVar

from newsmoe.errors import MissingExtraError, NewsmoeError, PluginError, nearest
from newsmoe.paths import unpacked_name

T = TypeVar("T")
_NOT_THEIRS = (f"{Path(__file__).parent}{os.sep}", f"{Path(os.__file__).parent / 'importlib'}{os.sep}", "<")
_logger = logging.getLogger(__name__)


class Plugins(Generic[T]):
    """Everything of one kind that can be had by name; nothing is imported before it is asked for.

    Args:
        group: of the entry points, such as `newsmoe.writers`.
        what: what one is called in messages, such as `output format`.
        builtin: where each built-in stands, as `module:attribute`, or a module by itself.
        requires: attributes that each must have.
    """

    def __init__(self, group: str, what: str, builtin: Mapping[str, str], requires: tuple[str, ...] = ()) -> None:
        self.group = group
        self.what = what
        self.builtin = builtin
        self.requires = requires
        self._loaded: dict[str, T] = {}
        self._broken: set[str] = set()

    def __contains__(self, name: object) -> bool:
        return name in self.builtin or name in self._added

    def __iter__(self) -> Iterator[str]:
        """Yield the names, the built-in ones first."""
        yield from self.builtin
        yield from (name for name in self._added if name not in self.builtin)

    def load(self, name: str) -> T:
        """Return what is called `name`.

        Raises:
            PluginError: nothing is, two are, or it cannot be imported; says which package brought it.
        """
        if name not in self._loaded:
            self._loaded[name] = self._load(name)
        return self._loaded[name]

    def usable(self) -> Iterator[tuple[str, T]]:
        """Yield all by name; one that is broken is logged once, and breaks nothing else."""
        for name in self:
            if name in self._broken:
                continue
            try:
                yield name, self.load(name)
            except PluginError as error:
                self._broken.add(name)
                _logger.warning("%s", error)

    @property
    def _added(self) -> dict[str, list[EntryPoint]]:
        added: dict[str, list[EntryPoint]] = {}
        for point in entry_points_of(self.group):
            added.setdefault(point.name, []).append(point)
        return added

    def _load(self, name: str) -> T:
        points = self._added.get(name, [])
        origins = [*(["newsmoe"] if name in self.builtin else []), *map(origin_of, points)]
        if not origins:
            raise PluginError(f"no {self.what} is called {name!r}; {nearest(name, self)}")
        if len(origins) > 1:
            raise PluginError(f"two {self.what}s are called {name!r}: of {' and of '.join(origins)}; uninstall one")
        try:
            loaded: Any = points[0].load() if points else _import(self.builtin[name])
        except (Exception, SystemExit) as error:
            if not points:
                raise
            reason = f"cannot be imported: {type(error).__name__}: {error}{place_of(error)}"
            raise PluginError(f"the {self.what} {name!r} of {origins[0]} {reason}") from error
        if missing := [attribute for attribute in self.requires if not hasattr(loaded, attribute)]:
            raise PluginError(f"the {self.what} {name!r} of {origins[0]} has no {' and no '.join(missing)}")
        plugin: T = loaded
        return plugin


@contextmanager
def naming_plugin(what: str, code: Callable[..., Any]) -> Iterator[None]:
    """Turn what `code` of another package raises into an error that names it; from newsmoe's own it is a bug."""
    try:
        yield
    except NewsmoeError:
        raise
    except Exception as error:
        named: Any = code if hasattr(code, "__qualname__") else type(code)
        if named.__module__.partition(".")[0] == "newsmoe":
            raise
        message = f"the {what} {named.__qualname__} of {named.__module__} failed: {type(error).__name__}: {error}"
        raise PluginError(message + place_of(error)) from error


def place_of(error: BaseException) -> str:
    """Return the place in another package's code where it failed, such as ` (mine.py, line 7)`; "" where there is none.

    Of the files that the traceback names it is the first one that is neither newsmoe's nor Python's.
    """
    lines = extract_tb(error.__traceback__)
    theirs = next((line.filename for line in lines if not line.filename.startswith(_NOT_THEIRS)), None)
    number = next((line.lineno for line in reversed(lines) if line.filename == theirs), None)
    return f" ({Path(theirs).name}, line {number})" if theirs else ""


def entry_points_of(group: str) -> list[EntryPoint]:
    """Return the entry points of a group, by name."""
    return sorted(all_entry_points().select(group=group), key=lambda point: (point.name, origin_of(point)))


@cache  # a scan of all packages takes some 15 ms, and there are seven groups
def all_entry_points() -> EntryPoints:
    """Return the entry points of all installed packages."""
    points: EntryPoints = entry_points()  # type: ignore[assignment]  # its stub is of Python 3.9
    return points


class Formats(Plugins[T]):
    """Formats of files, which may have `suffixes`; `.NAME` is one in any case."""

    def of(self, path: Path) -> str | None:
        """Return the format that the suffix of `path` stands for, packed or not; None where it is of none.

        What other packages add is imported only where no built-in format has the suffix.
        """
        name = unpacked_name(path).lower()
        for format, loaded in self.usable():
            if name.endswith((f".{format}", *getattr(loaded, "suffixes", ()))):
                return format
        return None


def require_extra(what: str, extra: str, *packages: str) -> None:
    """Raise a `MissingExtraError` that names the extra where a package is not installed; none is imported."""
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtraError(f"{what} needs {package}; pip install 'newsmoe[{extra}]'")


def import_extra(module: str, what: str, extra: str) -> Any:
    """Import `module`, which `what` needs, and return its package.

    Raises:
        MissingExtraError: it is not installed; names the extra that brings it.
    """
    try:
        return __import__(module)
    except ImportError:
        package = module.partition(".")[0]
        raise MissingExtraError(f"{what} needs {package}; pip install 'newsmoe[{extra}]'") from None


def origin_of(point: EntryPoint) -> str:
    """Return the package that an entry point comes from, and what it names there."""
    return f"{point.dist.name if point.dist else 'an entry point'} ({point.value})"


def _import(place: str) -> Any:
    module, _, attribute = place.partition(":")
    return getattr(import_module(module), attribute) if attribute else import_module(module)
