"""The one way to write a file: it appears whole or not at all."""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import TextIO

from newsmoe.errors import OutputError, reason_of
from newsmoe.paths import short_name
from newsmoe.settings.trust import is_foreign_link

HINTS = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT), "free some space, then run the same command again"),
    **dict.fromkeys((errno.EROFS, errno.EACCES, errno.EPERM), "write to another folder"),
    errno.ENOENT: "make the folder first",
}
"""What to do about an error of the system."""

_TEMPORARY = "[0-9a-f]+"
"""What makes the name of a temporary file unpredictable."""

_DESCRIPTORS = re.compile("/dev/(stdin|stdout|stderr)|(?:/dev|/proc/self)/fd/([0-9]+)")
_NUMBERS = {"stdin": 0, "stdout": 1, "stderr": 2}
_MAX_LINKS = 40  # as Linux has it

_FULL = re.compile("No space left on device|disk is full")
"""In the messages of pyarrow and SQLite."""


def in_utf8(name: str) -> str:
    """Return a file's name, or a message with one, for reports and logs; bytes that are not UTF-8 become U+FFFD."""
    return os.fsencode(name).decode(errors="replace")


def check_folder(path: Path) -> None:
    """See whether there is a folder for a file that is written later."""
    if not path.resolve().parent.is_dir():
        raise OutputError(f"{path}: cannot be written: there is no folder {path.parent}; make it first")


def check_link(path: Path) -> None:
    """Refuse to write through a link that another user made, as into a shared folder."""
    if is_foreign_link(path):
        raise OutputError(f"{path}: is a link that another user made; remove it, or write to another file")


def write_text(path: Path, text: str, *, like: Path | None = None) -> None:
    """Write a whole file, or none; a new one has the permissions of the file `like`."""
    with translate_errors(path), atomic_write_text(path, like=like) as file:
        file.write(text)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file, or none."""
    with translate_errors(path), atomic_write(path) as temporary:
        temporary.write_bytes(content)


@contextmanager
def atomic_write(path: Path, *, like: Path | None = None) -> Iterator[Path]:
    """Yield the path of a temporary file beside `path`, which takes its place when the block ends well.

    It has the permissions of the file that was there, else those of `like`, a file or a folder, else the usual ones.

    A symbolic link stays, and the file that it points to is replaced. What is no regular file, such as a
    pipe or `/dev/null`, is written to as it is. What the block itself raises is not turned into an
    `OutputError`; see `translate_errors`.
    """
    with translate_errors(path, RuntimeError):  # of a circle of links
        target = path.resolve()
        special = path.exists() and not path.is_file()
    check_link(path)
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; name a file in it with -o")
    if descriptor_of(path) is not None:
        raise OutputError(f"{path}: this format cannot go to an open descriptor; name a file with -o")
    if special:
        yield path
        return
    with translate_errors(path):
        temporary = _make_temporary(target)
    try:
        with translate_errors(path):
            models = (file for file in (target, like) if file is not None and file.exists())
            mode = stat.S_IMODE(next(models, temporary).stat().st_mode)
            mode = mode & 0o666 if like is not None and like.is_dir() else mode
            temporary.chmod(mode | stat.S_IWUSR)
        yield temporary
        with translate_errors(path):
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.chmod(mode)
            temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_write_text(path: Path, *, like: Path | None = None) -> Iterator[TextIO]:
    """Yield a UTF-8 file which takes the name `path` when the block ends well; else as `atomic_write`.

    What goes to an open descriptor, such as `/dev/stdout`, is added to what is there already.
    """
    if (descriptor := descriptor_of(path)) is not None:
        with open(os.dup(descriptor), "w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    with atomic_write(path, like=like) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        yield file


def descriptor_of(path: Path) -> int | None:
    """Return the descriptor that a path such as `/dev/stdout` or `/dev/fd/3` stands for; None for other paths.

    Opened by its path, a file that the shell has opened to be added to would be written from the start.
    """
    for _ in range(_MAX_LINKS):
        if match := _DESCRIPTORS.fullmatch(os.path.abspath(path)):
            return _NUMBERS[match[1]] if match[1] else int(match[2])
        if not path.is_symlink():
            break
        path = path.parent / os.readlink(path)
    return None


def _make_temporary(target: Path) -> Path:
    """Make an empty file beside `target`, never an existing one or a link."""
    while True:
        temporary = target.with_name(f".{short_name(target.name)}.{token_hex(4)}.tmp")
        with suppress(FileExistsError):
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            os.close(os.open(temporary, flags, 0o666))
            return temporary


def remove_leftovers(path: Path) -> None:
    """Remove temporary files of runs that were killed while they wrote `path`, or a file in the folder `path`.

    To be called only where no other run can be writing there now.
    """
    target = Path(os.path.realpath(path))
    folder, name = (target, r".+?") if target.is_dir() else (target.parent, re.escape(short_name(target.name)))
    leftover = re.compile(rf"\.{name}\.{_TEMPORARY}\.tmp(-journal|-wal|-shm)?", re.DOTALL)
    with suppress(OSError):
        for file in filter(leftover.fullmatch, os.listdir(folder)):
            with suppress(OSError):
                os.unlink(folder / file)


@contextmanager
def translate_errors(path: Path, *errors: type[Exception]) -> Iterator[None]:
    """Turn an error of the system, or one of `errors`, into one that names the output."""
    translated: tuple[type[Exception], ...] = (OSError, *errors)
    try:
        yield
    except BrokenPipeError:  # the reader has closed it
        raise
    except translated as error:
        raise OutputError(f"{path}: cannot be written: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    code = errno.ENOSPC if _FULL.search(str(error)) else getattr(error, "errno", None)
    if code not in HINTS:
        return reason_of(error)
    return f"{os.strerror(code)}; {HINTS[code]}"
