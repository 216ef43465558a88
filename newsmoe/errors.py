"""What can go wrong, as one tree.

    NewsmoeError                 anything that ends a run with a message, exit code 1
    ├── InputError               a file that cannot be read as articles
    │   └── NoArticlesError      a document without articles, or with none where they should be
    ├── OutputError              a result that cannot be written
    ├── ConfigError              a setting, or a rule of the gate, that makes no sense
    │   ├── MissingExtraError    a package of an extra that is not installed
    │   └── PluginError          a format, gate, ... that is unknown, or a broken plug-in
    ├── RegistryError            an expert that cannot be had
    │   ├── CardError            an expert.toml that does not hold together
    │   ├── NameClashError       two experts of one name
    │   ├── UnknownExpertError   a name that is not registered
    │   └── BrokenExpertError    a plug-in that fails on import
    ├── ModelError               weights that are missing or are not the published ones
    ├── JournalError             a journal that cannot be used
    ├── LockedError              a lock that another run holds, exit code 5
    ├── TooManyErrorsError       a run that was told to stop at so many failures
    └── PredictionError          an expert that breaks its contract

Every message says what happened, where, and what to do about it. What goes wrong with a single article
is an `ItemError` in its record.
"""

from collections.abc import Iterable
from difflib import get_close_matches

COULD_NOT_RUN = 1
BUG = 3
ITEMS_FAILED = 4
LOCKED = 5
INTERRUPTED = 130
TERMINATED = 143


class NewsmoeError(Exception):
    """Base of all errors that newsmoe raises on purpose; each has the exit code of a command that it ends."""

    exit_code = COULD_NOT_RUN


class InputError(NewsmoeError):
    """A file that cannot be read as articles."""


class NoArticlesError(InputError):
    """A document without articles, or with none where they should be."""


class OutputError(NewsmoeError):
    """A result that cannot be written."""


class ConfigError(NewsmoeError):
    """A setting, or a rule of the gate, that makes no sense."""


class RegistryError(NewsmoeError):
    """An expert that cannot be had."""


class CardError(RegistryError):
    """An `expert.toml` that does not hold together."""


class NameClashError(RegistryError):
    """Two experts of one name."""


class UnknownExpertError(RegistryError):
    """A name that is not registered."""


class BrokenExpertError(RegistryError):
    """A plug-in that fails on import."""


class MissingExtraError(ConfigError):
    """A package of an extra that is not installed."""


class PluginError(ConfigError):
    """A format, gate, combiner or the like of another package that cannot be used."""


class ModelError(NewsmoeError):
    """Weights that are missing or are not the published ones."""


class JournalError(NewsmoeError):
    """A journal that cannot be used."""


class LockedError(NewsmoeError):
    """A lock that another run holds."""

    exit_code = LOCKED


class TooManyErrorsError(NewsmoeError):
    """A run that was told to stop at so many failures."""

    exit_code = ITEMS_FAILED


class PredictionError(NewsmoeError):
    """An expert that breaks its contract."""


def exit_code(error: BaseException) -> int:
    """Return the exit code of a command, or a run, that `error` ends."""
    if isinstance(error, NewsmoeError | KeyboardInterrupt):
        return getattr(error, "exit_code", INTERRUPTED)
    of_a_file = isinstance(error, OSError) and error.filename is not None  # of the user's: no right, no such name
    return COULD_NOT_RUN if of_a_file or isinstance(error, BrokenPipeError) else BUG


def reason_of(error: BaseException) -> str:
    """Return what an error says, without the number that Python puts before the words of the system."""
    return getattr(error, "strerror", None) or str(error)


def nearest(name: str, existing: Iterable[str]) -> str:
    """Return `did you mean 'x'?` for the existing name closest to `name`, else the list of existing names."""
    names = sorted(existing)
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else f"available: {', '.join(names) or 'none'}"
