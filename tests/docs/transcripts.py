"""Runs the commands of a page's `console` blocks, as a reader would: in order, in one folder.

The folder has the sample, `news-data.json`. A TOML or Python block that begins with a comment of a file's name
is written to that file before the next command runs.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.docs.pages import ROOT, blocks, read
from tests.support import SAMPLE

WIDTH = 110
MAIN = f"""from newsmoe.cli import app, console
console.WIDTH_OF_A_FILE = {WIDTH}
app.main()"""
"""What a shell runs for `newsmoe`, in a terminal of that many columns."""

_FILE = re.compile(r"# ([\w-]+\.(?:toml|py))\b")
_TIMES = re.compile(r" +\d+\.\d\b| *\d+ a second")
_SCORES = re.compile(r"\d\.\d\d\b")


def told(page: Path, folder: Path) -> list[tuple[str, str]]:
    """Run a page in a folder; return the text of each console block, as it stands there and as it should be."""
    shutil.copy(SAMPLE, folder)
    pairs = []
    for block in blocks(page):
        file = _FILE.match(block.text)
        if block.language == "console":
            commands = re.findall(r"^\$ (.+)$", block.text, re.MULTILINE)
            pairs.append((block.text, "".join(f"$ {command}\n{run(command, folder)}" for command in commands)))
        elif file and block.language in ("toml", "python"):
            (folder / file[1]).write_text(block.text, encoding="utf-8")
    return pairs


def run(command: str, folder: Path) -> str:
    """Return what a command of `newsmoe` or `python` prints, output and messages together."""
    program, _, arguments = command.partition(" ")
    main = {"newsmoe": [sys.executable, "-c", MAIN], "python": [sys.executable]}[program]
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        [*main, *arguments.split()],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": path, "XDG_DATA_HOME": str(folder / ".data")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=120,
        check=True,
    )
    lines = [line.rstrip() for line in done.stdout.splitlines() if not line.startswith("compiling ")]  # once a machine
    return "\n".join(lines).rstrip("\n") + "\n" * any(lines)


def without_times(text: str) -> str:
    """Return a transcript without what differs from run to run."""
    return " ".join(_TIMES.sub("", text).split())


def without_scores(text: str) -> str:
    """Return a transcript without what differs from machine to machine."""
    return _SCORES.sub("#", without_times(text))


def refreshed(page: Path) -> str:
    """Return the text of a page with the outputs of its commands; what only took another time stays."""
    text = read(page)
    if "\n```console\n" not in text:
        return text
    with tempfile.TemporaryDirectory() as folder:
        transcripts = iter(told(page, Path(folder)))

    def refresh(_: re.Match[str]) -> str:
        before, now = next(transcripts)
        return f"```console\n{before if without_times(before) == without_times(now) else now}```"

    return re.sub(r"^```console\n.*?^```$", refresh, text, flags=re.DOTALL | re.MULTILINE)
