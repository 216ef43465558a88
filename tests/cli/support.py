"""What the tests of the command line share."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from click.testing import Result
from typer.testing import CliRunner

from newsmoe.cli.app import app

MAIN = (sys.executable, "-c", "from newsmoe.cli.app import main; main()")
"""What a shell runs for `newsmoe`, followed by its arguments."""

SHORT = "Nobody was hurt. The road stays closed."
"""So short that the built-in rules give it to `lead`, which needs no model."""

GIST = ("--tasks", "summarization")
"""The task that short articles need no model for."""


def newsmoe(*args: object, stdin: str | bytes | None = None) -> Result:
    """Run the command line in this process; an exception that it lets through fails the test."""
    return CliRunner().invoke(app, [str(arg) for arg in args], input=stdin, catch_exceptions=False)


def process(*args: object, main: Sequence[str] = MAIN, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    run_options = {"stdin": subprocess.DEVNULL, **options}
    return subprocess.run([*main, *map(str, args)], capture_output=True, encoding="utf-8", timeout=120, **run_options)


def with_plug_ins(folder: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a process that finds the plug-ins in `folder`."""
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path, **variables}


def write(path: Path, elements: object) -> Path:
    path.write_text(json.dumps(elements), encoding="utf-8")
    return path


def article(number: int | str = 0, **fields: Any) -> dict[str, Any]:
    return {"id": number, "headline": f"Headline {number}", "content": SHORT, **fields}


def articles(count: int) -> list[dict[str, Any]]:
    return [article(number) for number in range(count)]


def read(path: Path) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return records


def card(folder: Path, name: str, **values: str) -> Path:
    """Write the card of an expert without a model into `folder`; return the card's own folder."""
    fields = {"name": name, "task": name, "kind": "lead", "description": "The first sentences.", **values}
    card_folder = folder / name
    card_folder.mkdir(parents=True)
    lines = [f"{key} = {json.dumps(value)}" for key, value in fields.items()]
    (card_folder / "expert.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return card_folder


def one_line(text: str) -> bool:
    """Return whether `text` is a message of one line, and no traceback."""
    return text.startswith("newsmoe: ") and text.count("\n") == 1 and "bug of ours" not in text


def names(folder: Path) -> Sequence[str]:
    return sorted(path.name for path in folder.iterdir())
