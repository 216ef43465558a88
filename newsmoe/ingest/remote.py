"""Inputs at URLs, such as `s3://bucket/folder/`, read by fsspec, which comes with huggingface_hub.

Only a name that the user gives leads here: what stands in a folder, in settings or in a recipe is a path.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from glob import has_magic
from hashlib import file_digest
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from newsmoe.errors import ConfigError, InputError
from newsmoe.text.cleaning import one_line

_URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
_PASSWORD = re.compile(r"://[^/@]*:[^/@]*@")
_MAGIC = re.compile(r"[*?[]")


def is_url(name: str) -> bool:
    """Tell whether an input's name is a URL."""
    return bool(_URL.match(name))


def file_name(url: str) -> str:
    """Return the name of the file at a URL."""
    return url.partition("?")[0].rstrip("/").rpartition("/")[2]


def local_path(url: str) -> str | None:
    """Return the path that a URL with `file:` stands for; None for others.

    Raises:
        InputError: it is on another machine.
    """
    scheme, _, rest = url.partition("://")
    if scheme.lower() != "file":
        return None
    path = rest.removeprefix("localhost")
    if not path.startswith("/"):
        raise InputError(f"{url}: names another machine; a path has three slashes, as in file:///home/me/news.json")
    return unquote(path)


def list_url(url: str) -> list[tuple[str, int | None]] | None:
    """Return the files below a folder, or that match a pattern, with their sizes; None where `url` is a file.

    Raises:
        ConfigError: there is a password in it.
        InputError: it cannot be read; says which package is missing, where that is why.
    """
    if _PASSWORD.search(url):
        raise ConfigError(
            f"{url.partition('://')[0]}://...: has a password in it, which reports would show; leave it out"
        )
    with _translate_errors(url):
        system, path = _system(url)
        try:
            info = system.info(path)
        except FileNotFoundError:
            if not has_magic(url):
                raise
            entries, start = system.glob(path, detail=True), _MAGIC.split(path)[0]
        else:
            if info["type"] != "directory" and not url.endswith("/"):
                return None
            entries, start = system.find(path, detail=True), path.rstrip("/") + "/"
        files = {name: entry for name, entry in entries.items() if entry["type"] == "file"}
        # a server may list what is on another one, which nobody named
        return [
            (system.unstrip_protocol(name), files[name].get("size")) for name in sorted(files) if name.startswith(start)
        ]


class RemoteFile:
    """A file at a URL; it must be the same each time that it is copied."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._digest = ""

    @contextmanager
    def copied(self, path: Path) -> Iterator[None]:
        """Have a copy of it at `path` as long as the block runs.

        Raises:
            InputError: it cannot be read, or was changed.
        """
        try:
            with _translate_errors(self.url):
                system, place = _system(self.url)
                system.get_file(place, str(path))
                with path.open("rb") as file:
                    digest = file_digest(file, "sha256").hexdigest()
            if self._digest not in ("", digest):
                raise InputError(f"{self.url}: was changed since it was checked; run the same command again")
            self._digest = digest
            yield
        finally:
            path.unlink(missing_ok=True)


def _system(url: str) -> tuple[Any, str]:
    """Return the file system of a URL, and the path there."""
    from fsspec.core import url_to_fs

    if "::" in url:
        raise InputError(f"{url}: is a chain of URLs; name the file itself")
    system, path = url_to_fs(url)
    system.invalidate_cache()  # of what was there earlier in this process
    return system, path


@contextmanager
def _translate_errors(url: str) -> Iterator[None]:
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError:
        raise InputError(f"{url}: cannot be read: there is no such file") from None
    except ImportError as error:
        raise InputError(f"{url}: another package is required: {one_line(str(error))}") from None
    except Exception as error:  # noqa: BLE001  # each client of a store has its own
        raise InputError(f"{url}: cannot be read: {type(error).__name__}: {one_line(str(error))}") from None
