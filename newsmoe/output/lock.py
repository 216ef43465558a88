"""Locks on outputs and inboxes: a second run waits, or ends at once.

A lock is a file beside what it protects, so that other users and containers see it. `filelock` locks it as the
system does, or, where a file system cannot, by a mark with host and process in it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from newsmoe.errors import LockedError
from newsmoe.output.atomic import check_folder, check_link, descriptor_of, translate_errors
from newsmoe.paths import short_name

FOR_ALL = 0o666
"""The mode of a lock: who may write an output may be another user than who wrote it before."""


@contextmanager
def output_lock(output: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock of `output` for as long as the block runs; a pipe, device or open descriptor needs none."""
    with translate_errors(output):
        target = Path(os.path.realpath(output))
        is_special = target.exists() and not (target.is_file() or target.is_dir())
    if is_special or descriptor_of(output) is not None:
        yield
        return
    check_folder(output)
    check_link(output)
    message = f"{output}: another run is writing it; wait for it with --wait, or name another output with -o"
    with locked(target.with_name(f".{short_name(target.name)}.lock"), message, of=output, wait=wait):
        yield


@contextmanager
def locked(path: Path, message: str, *, of: Path, wait: bool = False) -> Iterator[None]:
    """Hold the lock `path` of an output for as long as the block runs; it is released if the process dies."""
    with translate_errors(of):
        try:
            lock = FileLock(path, mode=FOR_ALL).acquire(timeout=-1 if wait else 0)
        except Timeout:
            raise LockedError(message) from None
    with lock:
        try:
            yield
        finally:
            with suppress(OSError):  # while it is held: one that waits sees that the file has gone, and makes another
                path.unlink()
