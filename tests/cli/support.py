"""What the tests of the command line share."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from click.testing import Result
from typer.testing import CliRunner

from newsmoe.cli.app import app

MAIN = (sys.executable, "-c", "from newsmoe.cli.app import main; main()")
"""What a shell runs for `newsmoe`, followed by its arguments."""

SHORT = "Nobody was hurt. The road stays closed."
"""So short that the built-in rules give it to `lead`, which needs no model."""

GIST = ("--tasks", "summarization")
"""The task that short articles need no model for."""

COUNTING = """
import pathlib
import time

from newsmoe import Fields


class Counting:
    name = "counting"
    task = "counting"
    fingerprint = "one"

    def load(self, device):
        pathlib.Path("loaded").touch()

    def predict(self, articles):
        time.sleep(SECONDS)
        with open("calls", "a") as calls:
            for article in articles:
                calls.write(f"{article.id}\\n")
        predictions = []
        for article in articles:
            if "poison" in article.content and not pathlib.Path("cured").exists():
                raise ValueError("cannot read this")
            predictions.append(Fields({"length": len(article.content)}))
        return predictions
"""
"""An expert that records the articles it predicts."""

COUNTED = ("--tasks", "counting")


class PlugIn(Protocol):
    """Installs a module's code as a plug-in, with an entry point for each class that is named."""

    def __call__(self, code: str, **points: str) -> Path: ...


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


def article(number: int | str = 0, **fields: Any) -> dict[str, Any]:
    return {"id": number, "headline": f"Headline {number}", "content": SHORT, **fields}


def articles(count: int) -> list[dict[str, Any]]:
    return [article(number) for number in range(count)]


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


def counting(plug_in: PlugIn, seconds: float = 0, changes: str = "") -> dict[str, str]:
    """Plant an expert that records the articles it predicts; return the environment that finds it."""
    code = COUNTING.replace("SECONDS", str(seconds)).replace('"one"', changes or '"one"')
    return with_plug_ins(plug_in(code, counting="Counting"))


def ending(plug_in: PlugIn) -> dict[str, str]:
    """Plant an expert that sends its process SIGTERM during its first prediction."""
    first = 'None if pathlib.Path("calls").exists() else __import__("signal").raise_signal(15)'
    return with_plug_ins(plug_in(COUNTING.replace("time.sleep(SECONDS)", first), counting="Counting"))


def different(count: int) -> list[dict[str, Any]]:
    return [article(number, content=f"Storm {number} hit. The road is closed.") for number in range(count)]


def calls(here: Path) -> list[str]:
    path = here / "calls"
    return path.read_text().split() if path.exists() else []


def started(here: Path, env: dict[str, str], *arguments: str) -> "subprocess.Popen[str]":
    """Start a run, and wait until its expert has predicted something."""
    child = subprocess.Popen(
        [*MAIN, "analyze", "a.json", *COUNTED, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=env,
    )
    deadline = time.monotonic() + 60
    while not calls(here) and time.monotonic() < deadline:
        time.sleep(0.02)
    return child
