"""An expert that records the articles it predicts, and runs that use it."""

import subprocess
import time
from pathlib import Path
from typing import Any

from tests.cli.conftest import PlugIn
from tests.cli.support import MAIN, article, with_plug_ins

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

COUNTED = ("--tasks", "counting")


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
