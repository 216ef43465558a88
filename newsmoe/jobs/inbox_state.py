"""What became of the files of an inbox, in one small file beside their outputs."""

import json
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


class Known(Strict):
    """A file that needs no look until it changes.

    Attributes:
        stamp: while it stays, the content is not read again.
        digest: SHA-256 of the content; None where it could not be read.
        output: name of its output; nobody else's, even when the file is gone.
        problem: why there are no articles in it.
    """

    stamp: Stamp
    digest: str | None
    output: str
    problem: str | None = None


class Waiting(Strict):
    """A file that may still be written, unchanged `since` a look at this time, in seconds since 1970."""

    stamp: Stamp
    since: float


class Begun(Strict):
    """A content that somebody began to analyze so many times, and did not live to finish."""

    digest: str
    times: int


class State(Strict):
    """What is known from one look to the next, by the files' names."""

    version: Literal[1] = 1
    files: dict[str, Known] = {}
    waiting: dict[str, Waiting] = {}
    begun: dict[str, Begun] = {}


def read_state(path: Path) -> State:
    """Read what is known; nothing is where there is no file."""
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
    """Write what is known, whole or not at all."""
    write_text(path, json.dumps(state.model_dump(mode="json"), indent=1) + "\n")


def output_name(name: str, format: str, files: dict[str, Known]) -> str:
    """Return the name of the output of the inbox's file `name`.

    It is the one that `analyze` would give it. Where that, or the name of what is written beside it, is
    another file's, a part of the hash of `name` is added: with a dash, which no other output has.
    """
    if name in files:
        return files[name].output
    taken = {path.name for known in files.values() for path in _written(Path(known.output))}
    plain = default_output(Path(name), format)
    if not taken & {path.name for path in _written(plain)}:
        return plain.name
    return plain.with_stem(f"{plain.stem}-{sha256(name.encode()).hexdigest()[:12]}").name


def _written(output: Path) -> tuple[Path, ...]:
    return output, default_report(output), default_errors(output)
