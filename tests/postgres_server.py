"""A real PostgreSQL server for the tests: on a socket in a folder of its own, gone when they end."""

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGQUIT
from typing import Any

import psycopg

__all__ = ["Server", "find_programs", "serving"]

USER = "newsmoe"
SOCKET = ".s.PGSQL.5432"
UNSAFE = {"fsync": "off", "full_page_writes": "off", "max_connections": "20"}
"""Fast but unsafe if the machine fails; only programs are killed here."""


def find_programs() -> Path | None:
    """Return the folder of `initdb` and `postgres`, of the newest version."""
    folders = [Path(path).parent for path in [shutil.which("initdb")] if path]
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))[::-1]
    return next((folder for folder in folders if (folder / "postgres").is_file()), None)


class Server:
    """A server that can be stopped and started.

    Args:
        programs: folder of `initdb` and `postgres`.
        folder: where its data and its socket lie; belongs to whom the server runs as.
        run_as: options of `subprocess` for that, since it refuses to run as root.
    """

    def __init__(self, programs: Path, folder: Path, run_as: dict[str, Any]) -> None:
        self.programs = programs
        self.folder = folder
        self.run_as = run_as
        self._places = itertools.count()

    def begin(self) -> None:
        """Make the data and start."""
        command = [self.programs / "initdb", "--no-sync", "-A", "trust", "-U", USER, "-E", "UTF8", "--locale", "C"]
        subprocess.run([*command, "-D", self.folder / "data"], check=True, stdout=subprocess.DEVNULL, **self.run_as)
        self.start()

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        settings = [part for name, value in UNSAFE.items() for part in ("-c", f"{name}={value}")]
        where = ["-D", self.folder / "data", "-k", self.folder, "-c", "listen_addresses="]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", *where, *settings], stdout=log, stderr=log, **self.run_as
            )
        deadline = time.monotonic() + 60
        while not self._is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop at once, even with open connections."""
        self.process.send_signal(SIGQUIT)
        self.process.wait(30)

    def place(self) -> str:
        """Return the URL of a new, empty schema."""
        name = f"place{next(self._places)}"
        self.sql(self.url(), f"create schema {name}")
        return self.url(f"&options=-csearch_path%3D{name}")

    def url(self, more: str = "", user: str = USER) -> str:
        """Return the URL of the server's database."""
        return f"postgresql://{user}@/postgres?host={self.folder}{more}"

    @staticmethod
    def sql(url: str, statement: str) -> list[Any]:
        """Run a statement, and return its rows."""
        with psycopg.connect(url) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def _is_ready(self) -> bool:
        try:
            self.sql(self.url(), "select 1")
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def serving(programs: Path) -> Iterator[Server]:
    """Yield a server that runs for as long as the block does.

    Its folder is none of pytest's, which only root could enter, and whose path may be too long for a socket.
    """
    run_as: dict[str, Any] = {"cwd": "/"}
    folder = Path(tempfile.mkdtemp(prefix="newsmoe-"))
    try:
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            run_as |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        server = Server(programs, folder, run_as)
        server.begin()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)
