"""One at a time: whoever comes second to an output or an inbox is turned away, or waits."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from filelock import FileLock, Timeout
from platformdirs import user_cache_path

from newsmoe.errors import LockedError
from newsmoe.output.atomic import translate_errors


@contextmanager
def output_lock(output: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock of `output` for as long as the block runs."""
    name = sha256(os.fsencode(os.path.realpath(output))).hexdigest()[:32]
    told = f"{output}: another run is writing it; wait for it with --wait, or name another output with -o"
    with locked(_folder() / f"{name}.lock", told, wait=wait):
        yield


@contextmanager
def locked(path: Path, told: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock `path` for as long as the block runs; a process that dies gives it back."""
    lock = FileLock(path)
    with translate_errors(path):
        try:
            lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            raise LockedError(told) from None
    try:
        yield
    finally:
        lock.release()


def _folder() -> Path:
    """Return where locks lie: not beside outputs, where they would be in the way."""
    for folder in (user_cache_path("newsmoe") / "locks", Path(tempfile.gettempdir()) / "newsmoe-locks"):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return Path(tempfile.gettempdir())
