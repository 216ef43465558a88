"""Names that say nothing, and terms that have another name here, do not come back."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import newsmoe

PACKAGE = Path(newsmoe.__file__).parent
TESTS = Path(__file__).parent


def parse_all(folder: Path) -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in folder.rglob("*.py")}


TREES = parse_all(PACKAGE)

EMPTY = {"one", "found", "own", "kept", "asked", "known", "given"}
REPLACED = {
    "AnswerStore", "Analysis", "Choice", "InputUse", "JoinedGate", "Lesson", "Look", "Made",
    "PAUSES", "Pick", "Recall", "TaskInHand", "Unreadable", "Workshop", "Worth", "able", "answer",
    "answers", "awaited", "blaming", "harmless", "holder", "known_as", "leave_out", "let_go",
    "needless", "obstacle", "parted", "patiently", "pick", "replacing", "reserves", "settled",
    "ways_of", "why_not", "workshop",
}  # fmt: skip
"""What the glossary has another term for."""


def names(trees: dict[Path, ast.Module]) -> Iterator[tuple[str, str]]:
    """Yield every name that the files give to something, with its place."""
    for path, tree in trees.items():
        for node in ast.walk(tree):
            match node:
                case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                    yield name, f"{path}:{node.lineno}"
                case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                    yield name, f"{path}:{node.lineno}"
                case ast.Attribute(attr=name, ctx=ast.Store()):
                    yield name, f"{path}:{node.lineno}"


@pytest.mark.parametrize("folder", [PACKAGE, TESTS], ids=["package", "tests"])
def test_no_name_says_nothing(folder: Path) -> None:
    trees = TREES if folder is PACKAGE else parse_all(folder)
    assert [f"{place} {name}" for name, place in names(trees) if name in EMPTY] == []


def test_every_term_has_one_name() -> None:
    assert [f"{place} {name}" for name, place in names(TREES) if name.strip("_") in REPLACED] == []


def test_functions_fit_on_a_screen() -> None:
    functions = [
        (path, node) for path, tree in TREES.items() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    ]
    assert [f"{path}:{node.name}" for path, node in functions if (node.end_lineno or 0) - node.lineno >= 60] == []
    many = [
        f"{path}:{node.name}"
        for path, node in functions
        if len([*node.args.args, *node.args.kwonlyargs, *node.args.posonlyargs]) > 12
    ]
    assert many == []


def test_internal_modules_declare_no_public_names() -> None:
    public = {PACKAGE / "__init__.py", PACKAGE / "testing.py"}
    declaring = {path for path in TREES if re.search(r"^__all__\b", path.read_text(encoding="utf-8"), re.MULTILINE)}
    assert declaring == public
