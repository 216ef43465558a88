"""Standard output and standard error, closed or full ones too.

What cannot be written to standard output is an error of the command; messages that nobody can read are not, nor
is a reader that has seen enough, such as `head`.
"""

import io
import os
import sys
from pathlib import Path
from typing import BinaryIO, TextIO, cast

import typer

from newsmoe.errors import OutputError
from newsmoe.output.atomic import translate_errors

STDOUT, STDERR = 1, 2


class _Stream(io.TextIOWrapper):
    """A stream that tells `failed` of what cannot be written; what comes after it is dropped."""

    def write(self, text: str) -> int:
        """Write text."""
        try:
            return super().write(text)
        except OSError as error:
            return self.drop(error, len(text))

    def flush(self) -> None:
        """Write what is buffered."""
        try:
            super().flush()
        except OSError as error:
            self.drop(error)

    def drop(self, error: OSError, written: int = 0) -> int:
        """Have all that is buffered, and comes later, go nowhere; the interpreter flushes once more at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.fileno())
        os.close(nowhere)
        self.failed(error)
        return written

    def failed(self, error: OSError) -> None:
        """Pass over it."""


class _Results(_Stream):
    """Standard output: what cannot be written is an `OutputError`; where the reader has closed it, the command ends."""

    def failed(self, error: OSError) -> None:
        """Raise what the command ends with."""
        if isinstance(error, BrokenPipeError):
            raise typer.Exit
        with translate_errors(Path("standard output")):
            raise error


class _ClosedResults(io.TextIOBase):
    """Standard output that was closed before the program began."""

    @property
    def buffer(self) -> BinaryIO:
        """Raise an error."""
        raise OutputError("standard output: cannot be written: standard output is closed; name a file with -o")

    def write(self, text: str) -> int:
        """Raise an error."""
        return self.buffer.write(text.encode())


def guard_streams() -> None:
    """Replace standard output and error by streams that fail as this module says."""
    for descriptor in (0, STDOUT, STDERR):
        try:
            os.fstat(descriptor)
        except OSError:  # no file that is opened later may get this number, and with it what is printed
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = _wrapped(_Results, STDOUT, sys.stdout) or cast(TextIO, _ClosedResults())
    sys.stderr = _wrapped(_Stream, STDERR, sys.stderr) or open(os.devnull, "w")  # noqa: SIM115


def _wrapped(kind: type[_Stream], descriptor: int, stream: TextIO | None) -> TextIO | None:
    """Return a stream of a kind, else like `stream`; None where that is closed."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    return kind(
        io.BufferedWriter(io.FileIO(descriptor, "w", closefd=False)),
        encoding=stream.encoding,
        # letters that the terminal does not have are shown by their numbers
        errors=stream.errors if stream.encoding.lower().startswith("utf") else "backslashreplace",
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
