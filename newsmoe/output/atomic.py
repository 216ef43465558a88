"""Files that appear whole or not at all."""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from newsmoe.errors import OutputError

Put = Callable[[str], None]
"""Writes a piece of text."""

HINTS = {
    errno.ENOSPC: "free some space, then run the same command again",
    errno.EDQUOT: "free some space, then run the same command again",
    errno.EROFS: "write to another folder",
    errno.EACCES: "write to another folder",
    errno.EPERM: "write to another folder",
    errno.ENOENT: "make the folder first",
}
"""What to do about an error of the system."""

_FULL = re.compile("No space left on device|disk is full")
"""As pyarrow and SQLite have it."""


def check_folder(path: Path) -> None:
    """See whether there is a folder for a file that is written later."""
    if not path.resolve().parent.is_dir():
        raise OutputError(f"{path}: cannot be written: there is no folder {path.parent}")


def write_text(path: Path, text: str) -> None:
    """Write a whole file, or none."""
    with atomic_write_text(path) as put:
        put(text)


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Give the path of a temporary file beside `path`, which takes its place when the block ends well.

    A symbolic link stays, and the file that it points to is replaced. What is no regular file, such as a
    pipe or `/dev/null`, is written to as it is.
    """
    with translate_errors(path):
        target = path.resolve()
        special = path.exists() and not path.is_file()
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file in it with -o")
    if special:
        yield path
        return
    written = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        with translate_errors(path):
            written.open("w").close()  # empty, should a killed run of the same process number have left one
            mode = stat.S_IMODE((target if target.exists() else written).stat().st_mode)
            written.chmod(mode | stat.S_IWUSR)
        yield written
        with translate_errors(path):
            with written.open("rb+") as file:
                os.fsync(file.fileno())
            written.chmod(mode)
            written.replace(target)
    finally:
        with suppress(OSError):
            written.unlink(missing_ok=True)


@contextmanager
def atomic_write_text(path: Path) -> Iterator[Put]:
    """Give a function that writes UTF-8 to a file which takes its name when the block ends well."""
    with atomic_write(path) as written:
        with translate_errors(path):
            file = written.open("w", encoding="utf-8", newline="\n")

        def put(text: str) -> None:
            with translate_errors(path):
                file.write(text)

        try:
            yield put
            with translate_errors(path):
                file.flush()
        finally:
            with suppress(OSError):
                file.close()


@contextmanager
def translate_errors(path: Path, *errors: type[Exception]) -> Iterator[None]:
    """Turn an error of the system, or one of `errors`, into one that names the output."""
    told: tuple[type[Exception], ...] = (OSError, RuntimeError, *errors)  # a circle of links is the latter
    try:
        yield
    except BrokenPipeError:  # a reader that has seen enough
        raise
    except told as error:
        raise OutputError(f"{path}: cannot be written: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    """Say what is wrong, and what to do about it where that is known."""
    code = errno.ENOSPC if _FULL.search(str(error)) else getattr(error, "errno", None)
    if code not in HINTS:
        return getattr(error, "strerror", None) or str(error)
    return f"{os.strerror(code)}; {HINTS[code]}"
