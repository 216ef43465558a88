from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import typer

from tests.cli.support import PlugIn


@pytest.fixture(scope="session", autouse=True)
def one_command() -> Iterator[None]:
    """Build the commands once, as a process does, and not for every test: that takes longer than most."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(typer.main.get_command))
        yield


@pytest.fixture(autouse=True)
def here(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, and let nothing outside decide about colours or the command in reports."""
    monkeypatch.setattr("sys.argv", ["newsmoe"])
    for variable in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(variable, raising=False)
    return workdir


@pytest.fixture
def plug_in(install: Callable[..., None], site: Path) -> PlugIn:
    """Install a plug-in for this process, and for those that get the returned folder as PYTHONPATH."""

    def planted(code: str, **points: str) -> Path:
        install("planted", {"planted": code}, {name: f"planted:{made}" for name, made in points.items()})
        return site

    return planted
