"""Standard output and standard error, closed or full ones too.

What cannot be written to standard output is an error of the command; messages that nobody can read are not.
"""

import io
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO, TextIO, cast

from newsmoe.errors import OutputError
from newsmoe.output.atomic import translate_errors

STDOUT, STDERR = 1, 2


class _Results(io.FileIO):
    """Standard output: the first error is raised as an `OutputError`, and what comes after it is dropped."""

    failed = False

    def write(self, data: Any) -> int:
        """Write bytes."""
        if self.failed:  # the interpreter flushes once more when it ends
            return len(data)
        self.failed = True
        with translate_errors(Path("standard output")):
            written = super().write(data)
        self.failed = False
        return written


class _Messages(io.FileIO):
    """Standard error: what cannot be written is dropped."""

    def write(self, data: Any) -> int:
        """Write bytes."""
        try:
            return super().write(data)
        except OSError:
            return len(data)


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
    sys.stdout = _wrapped(_Results(STDOUT, "w", closefd=False), sys.stdout) or cast(TextIO, _ClosedResults())
    sys.stderr = _wrapped(_Messages(STDERR, "w", closefd=False), sys.stderr) or open(os.devnull, "w")  # noqa: SIM115


def _wrapped(raw: io.FileIO, stream: TextIO | None) -> TextIO | None:
    """Return a stream like `stream` that writes to `raw`; None where `stream` is closed."""
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=stream.encoding,
        errors=stream.errors,
        line_buffering=stream.line_buffering,
        write_through=stream.write_through,
    )
