"""Imports go down only, and nothing heavy is imported before it is needed."""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import NamedTuple

import pytest

import newsmoe

PACKAGE = Path(newsmoe.__file__).parent

LAYERS = (
    {"errors", "validation", "paths", "plugins", "article", "prediction", "record", "story", "sqlite"},
    {"text", "settings"},
    {"ingest", "output"},
    {"registry", "journal"},
    {"gating"},
    {"orchestrator"},
    {"jobs", "datasets"},
    {"cluster", "evaluation", "testing"},
    {"report", "training"},
    {"serve", "stories"},
    {"cli"},
    {"__main__"},
)
"""The subpackages from the lowest up; each may import what is below it, and itself."""

GROUND_FLOOR = LAYERS[0]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}

HEAVY = {
    "torch", "transformers", "peft", "sklearn", "scipy", "sqlalchemy", "psycopg", "prometheus_client",
    "feedparser", "lxml", "openpyxl", "trafilatura", "backports.zstd", "starlette", "uvicorn", "ray",
}  # fmt: skip


LEARNED = """
import json, tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from newsmoe import Article, Registry, Settings, analyze

folder = Path(tempfile.mkdtemp())
registry = Registry(plugins=False)
names = "sentiment-general", "sentiment-news"
lines = ['task = "sentiment"', 'features = ["embedding"]']
for name in names:
    fingerprint = json.dumps(registry.info(name).fingerprint())
    lines += ["[[experts]]", f'name = "{name}"', f"fingerprint = {fingerprint}", "cost = 0.5"]
(folder / "gate.toml").write_text("\\n".join(lines))
weights = {"weight": np.zeros((2, 384), np.float32), "bias": np.array([0, 1], np.float32)}
save_file(weights, folder / "gate.safetensors")
settings = Settings(gate=str(folder), tasks=["sentiment"])
(record,) = analyze([Article(headline="Storm", language="en")], settings, registry=registry)
assert record.route[0].expert == "sentiment-news", record
"""
"""A run with a gate made by hand."""


class Import(NamedTuple):
    """One import: the importer, what it imports, and whether that happens on import of the module."""

    importer: str
    imported: str
    at_once: bool


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imports_in(module: str, node: ast.AST, at_once: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(module, alias.name, at_once) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, f"{module}: relative import"
            origin = child.module or ""
            for alias in child.names:
                longer = f"{origin}.{alias.name}"
                yield Import(module, longer if longer in SOURCES else origin, at_once)
        elif isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING":
            yield from imports_in(module, child, False)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from imports_in(module, child, at_once and not inside)


IMPORTS = [
    entry
    for module, path in SOURCES.items()
    for entry in imports_in(module, ast.parse(path.read_text(encoding="utf-8")), True)
]


def subpackage_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def test_imports_are_collected() -> None:
    assert Import("newsmoe.settings.sources", "newsmoe.errors", True) in IMPORTS
    assert Import("newsmoe", "newsmoe.article", False) in IMPORTS
    assert Import("newsmoe.cli.analyze", "newsmoe.orchestrator.session", False) in IMPORTS


def test_every_subpackage_is_in_the_order() -> None:
    assert {subpackage_of(module) for module in SOURCES} - {""} == LEVEL.keys()


def may_import(importer: str, imported: str) -> bool:
    if importer == imported or {importer, imported} <= GROUND_FLOOR:
        return True
    return LEVEL.get(imported, -1) < LEVEL[importer]  # the package itself holds no code


def test_imports_go_down_only() -> None:
    upwards = [
        f"{importer} imports {imported}"
        for importer, imported, _ in IMPORTS
        if imported.split(".")[0] == "newsmoe"
        and subpackage_of(importer)  # the package itself names what it exports
        and not may_import(subpackage_of(importer), subpackage_of(imported))
    ]
    assert upwards == []


def test_no_module_is_imported_while_it_imports() -> None:
    graph: dict[str, set[str]] = {module: set() for module in SOURCES}
    for importer, imported, at_once in IMPORTS:
        if at_once and imported.split(".")[0] == "newsmoe":
            packages = imported.split(".")
            graph[importer] |= {".".join(packages[:end]) for end in range(1, len(packages) + 1)} - {importer}
    assert list(TopologicalSorter(graph).static_order())


def test_only_the_command_line_imports_rich_and_typer() -> None:
    knowing = {
        subpackage_of(importer) for importer, imported, _ in IMPORTS if imported.split(".")[0] in ("rich", "typer")
    }
    assert knowing == {"cli"}


def test_only_training_and_evaluation_import_scikit_learn() -> None:
    knowing = {
        subpackage_of(importer) for importer, imported, _ in IMPORTS if imported.split(".")[0] in ("sklearn", "scipy")
    }
    assert knowing <= {"training", "evaluation"}


def test_nothing_reads_pickles_or_runs_remote_code() -> None:
    loaders = {"pickle", "cPickle", "dill", "joblib", "cloudpickle", "marshal", "shelve"}
    assert [entry for entry in IMPORTS if entry.imported.split(".")[0] in loaders] == []
    texts = {name: path.read_text() for name, path in SOURCES.items()}
    said = {value for text in texts.values() for value in re.findall(r"trust_remote_code=(\w+)", text)}
    assert said == {"False"}
    weights_only = {value for text in texts.values() for value in re.findall(r"weights_only=(\w+)", text)}
    assert weights_only == {"True"}


USES = {
    "import newsmoe": "import newsmoe",
    "newsmoe --help": """
import sys
from newsmoe.cli.app import main

sys.argv = ["newsmoe", "--help"]
try:
    main()
except SystemExit as end:
    assert not end.code
""",
    "routing an article": """
from newsmoe import Article, Registry, Settings
from newsmoe.gating.build import build_gate

gate = build_gate(Settings(), Registry(plugins=False))
assert len(gate.route([Article(headline="a", content="b", language="en")])) == 1
""",
    "analyzing an article": """
from newsmoe import Article, analyze

(record,) = analyze([Article(headline="Storm", content="Rain fell. " * 40, language="en")])
assert record.analyses.keys() == {"summarization", "sentiment", "topic"}, record
""",
    "analyzing an article behind a learned gate": LEARNED,
}

WATCH = """
import json, sys

heavy, uses = json.load(sys.stdin)
for name, code in uses.items():
    exec(code, {})
    print(json.dumps([name, sorted(sys.modules.keys() & set(heavy))]), file=sys.stderr)
"""
"""Does one thing after the other in one process, and writes down after each what heavy was imported by then."""


@pytest.fixture(scope="module")
def heavy_modules() -> dict[str, list[str]]:
    done = subprocess.run(
        [sys.executable, "-c", WATCH],
        input=json.dumps([sorted(HEAVY), USES]),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return dict(map(json.loads, done.stderr.splitlines()))


@pytest.mark.parametrize("use", USES)
def test_nothing_heavy_is_imported_by(use: str, heavy_modules: dict[str, list[str]]) -> None:
    assert heavy_modules[use] == []
