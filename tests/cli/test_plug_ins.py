"""Formats of an installed package, in a process of their own and in this one."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.cli.support import GIST, articles, newsmoe, process, with_plug_ins
from tests.ingest.support import POEMS
from tests.output.support import TITLES
from tests.support import write

PIP_INSTALL = (
    sys.executable, "-m", "pip", "install",
    "--quiet", "--no-index", "--no-deps", "--no-cache-dir", "--disable-pip-version-check",
)  # fmt: skip


def wheel_of(folder: Path, module: str, code: str, entry_points: str) -> Path:
    """Return the wheel of a package that is one module."""
    path = folder / f"{module}-1.0-py3-none-any.whl"
    with ZipFile(path, "w") as wheel:
        for name, text in {
            f"{module}.py": code,
            f"{module}-1.0.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n",
            f"{module}-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{module}-1.0.dist-info/entry_points.txt": entry_points,
            f"{module}-1.0.dist-info/RECORD": "",
        }.items():
            wheel.writestr(name, text)
    return path


@pytest.mark.slow
def test_an_output_format_is_one_file_of_a_package_that_pip_installs(here: Path, tmp_path: Path) -> None:
    wheel = wheel_of(tmp_path, "titles_writer", TITLES, "[newsmoe.writers]\ntitles = titles_writer\n")
    subprocess.run([*PIP_INSTALL, "--target", tmp_path / "site", wheel], check=True, timeout=120)
    write(here / "a.json", articles(2))
    done = process("analyze", "a.json", "-o", "x.titles", *GIST, env=with_plug_ins(tmp_path / "site"))
    assert done.returncode == 0, done.stderr
    assert (here / "x.titles").read_text(encoding="utf-8") == "0: Headline 0\n1: Headline 1\n"


@pytest.mark.slow
def test_formats_of_other_packages_go_in_and_out(here: Path, site: Path, install: Callable[..., None]) -> None:
    install("poetry", {"poetry_reader": POEMS}, {"poems": "poetry_reader"}, "newsmoe.readers")
    install("titles", {"titles_writer": TITLES}, {"titles": "titles_writer"}, "newsmoe.writers")
    (here / "a.poem").write_text("POEM\nStorm: It rained. The road is closed.\nno title\n")
    done = process("analyze", "a.poem", "-o", "out.titles", *GIST, env=with_plug_ins(site))
    assert done.returncode == 4, done.stderr
    storm, bad = (here / "out.titles").read_text(encoding="utf-8").splitlines()
    assert storm.endswith(": Storm")
    assert bad == "None: None"
    (letter,) = map(json.loads, (here / "out.errors.jsonl").read_text(encoding="utf-8").splitlines())
    assert letter["element"] == "no title: 'no title\\n'"
    named = newsmoe("analyze", "a.poem", "--format", "titles", *GIST)
    assert (named.exit_code, (here / "analyzed_a.titles").is_file()) == (4, True)
    printed = newsmoe("analyze", "a.poem", "-o", "-", "--format", "titles", *GIST)
    assert printed.stdout.splitlines() == [storm, bad]
