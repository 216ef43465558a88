"""What became of the files of an inbox, in one small file beside their outputs; its keys stay as they are."""

from collections.abc import Set
from hashlib import sha256
from pathlib import Path
from typing import Literal

from pydantic import ValidationError

from newsmoe.errors import InputError
from newsmoe.output.atomic import write_text
from newsmoe.output.dead_letters import default_errors
from newsmoe.output.run_report import default_report
from newsmoe.output.writers import default_output
from newsmoe.validation import Strict, describe

STATE = ".newsmoe-watch.json"

Stamp = tuple[int, int, int]
"""Size in bytes, and when content and then anything of a file changed, in nanoseconds."""


class FileState(Strict):
    """A file that was dealt with, and is left alone until it changes."""

    stamp: Stamp  # while it stays the same, the content is not read again
    digest: str | None  # SHA-256 of the content; None where it could not be read
    output: str  # name of its output, reserved for it even when the file is gone
    problem: str | None = None  # why there are no articles in it


class PendingFile(Strict):
    """A file that may still be written, unchanged `since` this scan, in seconds since 1970."""

    stamp: Stamp
    since: float


class StartedFile(Strict):
    """A content that was started this many times, by processes that did not live to finish it."""

    digest: str
    times: int


class State(Strict):
    """What is stored from one scan to the next, by the files' names."""

    version: Literal[1] = 1
    files: dict[str, FileState] = {}
    waiting: dict[str, PendingFile] = {}
    begun: dict[str, StartedFile] = {}


def read_state(path: Path) -> State:
    """Read the state; an empty one where there is no file."""
    try:
        return State.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return State()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except ValidationError as error:
        raise InputError(
            f"{path}: not what newsmoe watch writes ({describe(error, State)});"
            " without it, all files of the inbox are analyzed again"
        ) from None


def write_state(path: Path, state: State) -> None:
    """Write the state."""
    write_text(path, state.model_dump_json(indent=1) + "\n")


def output_name(name: str, format: str, taken: Set[Path]) -> str:
    """Return the name of the output of the inbox's file `name`, as `analyze` would choose it.

    Where that, or the name of what is written beside it, is `taken` by another file, it gets a hash suffix after
    a dash, which no other output has.
    """
    plain = default_output(Path(name), format)
    if not taken.isdisjoint(written_with(plain)):
        plain = plain.with_stem(f"{plain.stem}-{sha256(name.encode()).hexdigest()[:12]}")
    return plain.as_posix()


def written_with(output: Path) -> tuple[Path, ...]:
    """Return an output and what is written beside it."""
    return output, default_report(output), default_errors(output)
