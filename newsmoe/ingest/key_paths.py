"""Where in an element the values under some names are."""

from collections.abc import Mapping, Sequence
from functools import lru_cache

from newsmoe.ingest.names import DATES, date_kind, folded, plainer

KeyPath = tuple[str, ...]
"""Keys that lead to a value, one inside the other."""


def exact_names(keys: tuple[str, ...]) -> dict[object, str]:
    """Return keys by themselves, and by what they are without case and punctuation, of which the first one counts."""
    names: dict[object, str] = {folded(key): key for key in reversed(keys)}
    names.update((key, key) for key in keys)
    return names


def similar_names(keys: tuple[str, ...]) -> dict[object, list[str]]:
    """Return keys by the simpler names that they may stand for."""
    similar: dict[object, list[str]] = {}
    for key in keys:
        for name in plainer(key):
            similar.setdefault(name, []).append(key)
    return similar


def paths_to(
    names: Sequence[str], exact: Mapping[object, str], similar: Mapping[object, list[str]]
) -> dict[KeyPath, None]:
    """Return the paths for some names, first the keys that are these names, then those that resemble them."""
    paths: dict[KeyPath, None] = {}
    by_key = _spellings(tuple(names))
    near = {number: spelling for key in (*exact, *similar) for number, spelling in by_key.get(key, ())}
    spellings = [near[number] for number in sorted(near)]
    for name, plain, first, inner in spellings:
        if name in exact:
            paths[(exact[name],)] = None
        if plain in exact:
            paths[(exact[plain],)] = None
        if inner and first in exact:
            paths[(exact[first], *inner)] = None
    for _, plain, _, _ in spellings if similar else ():
        for key in similar.get(plain, ()):
            paths[(key,)] = None
    return paths


def date_paths(keys: tuple[str, ...], exact: Mapping[object, str]) -> dict[KeyPath, str]:
    """Return the paths to dates, by what happened then; of the names that are not common the times of a day last."""
    paths: dict[KeyPath, str] = {}
    by_words = sorted(filter(date_kind, keys), key=lambda key: "time" in key.casefold())
    for kind, names in DATES.items():
        for path in (*paths_to(names, exact, {}), *((key,) for key in by_words if date_kind(key) == kind)):
            paths.setdefault(path, kind)
    return paths


_Spelling = tuple[str, object, str, KeyPath]


@lru_cache
def _spellings(names: tuple[str, ...]) -> dict[object, list[tuple[int, _Spelling]]]:
    """Return each name, without case and punctuation too, and as a path where it has dots: by what it is found by."""
    spellings: dict[object, list[tuple[int, _Spelling]]] = {}
    for number, name in enumerate(names):
        spelling: _Spelling = (name, folded(name), *_split(name))
        for key in {name, folded(name), *_split(name)[:1]}:
            spellings.setdefault(key, []).append((number, spelling))
    return spellings


def _split(name: str) -> tuple[str, KeyPath]:
    first, *inner = name.split(".")
    return first, tuple(inner)
