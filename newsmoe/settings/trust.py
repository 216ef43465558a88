"""Whether a file that was found, and that nobody named, may say what newsmoe does."""

import os
import stat
from pathlib import Path

from newsmoe.errors import ConfigError

ROOT = 0


def require_trusted(path: Path, remedy: str) -> None:
    """Refuse a file or folder that others could have written; `remedy` says how to use it all the same.

    Raises:
        ConfigError: says whose it is.
    """
    if reason := distrusted(path):
        raise ConfigError(f"{path}: is not used, because {reason}; {remedy}")


def distrusted(path: Path) -> str | None:
    """Return why a file or folder could say what others want, or None where only its user or root can change it.

    Where the system has no owners of files, nothing is known against any.
    """
    if not hasattr(os, "getuid"):
        return None
    trusted = {os.getuid(), ROOT}
    target = Path(os.path.realpath(path))
    for part in (path.lstat(), target.stat()):
        if part.st_uid not in trusted:
            return f"it belongs to another user ({_name(part.st_uid)})"
    if target.stat().st_mode & stat.S_IWOTH:
        return "all users may write it"
    for folder in {path.absolute().parent, target.parent}:
        mode = folder.stat().st_mode
        if mode & stat.S_IWOTH and not mode & stat.S_ISVTX:
            return f"all users may write its folder, {folder}"
    return None


def is_foreign_link(path: Path) -> bool:
    """Tell whether another user has made a link here, which could lead to a file that only this user may touch."""
    try:
        return path.is_symlink() and hasattr(os, "getuid") and path.lstat().st_uid not in (os.getuid(), ROOT)
    except OSError:
        return False


def _name(user: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
