"""Locks on outputs and inboxes: a second run waits, or ends at once."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
    message = f"{output}: another run is writing it; wait for it with --wait, or name another output with -o"
    with locked(_folder() / f"{name}.lock", message, wait=wait):
        yield


@contextmanager
def locked(path: Path, message: str, *, wait: bool = False) -> Iterator[None]:
    """Hold the lock `path` for as long as the block runs; it is released if the process dies."""
    with translate_errors(path):
        try:
            lock = FileLock(path).acquire(timeout=-1 if wait else 0)
        except Timeout:
            raise LockedError(message) from None
    with lock:
        yield


def _folder() -> Path:
    """Return the folder for locks, which is not that of outputs, where they would be in the way."""
    temporary = Path(tempfile.gettempdir())
    for folder in (user_cache_path("newsmoe") / "locks", temporary / "newsmoe-locks"):
        with suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            if os.access(folder, os.W_OK):
                return folder
    return temporary
