"""Formats of an installed package, in a process of their own and in this one."""

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.support import GIST, newsmoe, process, with_plug_ins
from tests.ingest.support import POEMS
from tests.output.support import TITLES


def test_formats_of_other_packages_go_in_and_out(
    here: Path, site: Path, install: Callable[..., None]
) -> None:
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
