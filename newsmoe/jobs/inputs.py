"""The inputs of a command: those that can be read, and whether the others may be left out."""

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from newsmoe.errors import InputError, OutputError
from newsmoe.ingest.discovery import Discovery
from newsmoe.output.formats import STDOUT

T = TypeVar("T")

_logger = logging.getLogger(__name__)


def needs_all(discovery: Discovery, *, strict: bool) -> bool:
    """Tell whether an input that cannot be read ends the command: if it is to be strict, or that is all it was given.

    Raises:
        InputError: it does, and a folder cannot be read.
    """
    if strict and discovery.unreadable:
        raise InputError(next(iter(discovery.unreadable.values())))
    return strict or (len(discovery.files) == 1 and not discovery.listings)


def refuse_overwriting(inputs: Iterable[str], outputs: Iterable[Path]) -> None:
    """Raise an OutputError where one of the outputs is an input."""
    read = {os.path.realpath(name) for name in inputs if name != "-"}
    for path in outputs:
        if path != STDOUT and os.path.realpath(path) in read:
            raise OutputError(f"{path}: is an input too, and would be overwritten; name another output with -o")


def readable_inputs(
    names: Sequence[str], open_input: Callable[[str], T], unreadable: dict[str, str], *, strict: bool
) -> Iterator[T]:
    """Yield what `open_input` returns for each input that can be read; the others become `unreadable`.

    Raises:
        InputError: none can be read, or one cannot and `strict`.
    """
    readable = False
    for name in names:
        try:
            opened = open_input(name)
        except InputError as error:
            if strict or len(names) == 1:
                raise
            unreadable[name] = str(error)
            _logger.warning("%s; it is left out", error)
            continue
        readable = True
        yield opened
    if not readable:
        raise InputError(f"none of the {len(names)} inputs can be read, such as {unreadable[names[-1]]}")
