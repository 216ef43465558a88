"""How large the package is: lines in all, and lines that hold a token that is neither comment nor docstring.

    python -m tests.benchmarks.size [FOLDER]

Prints a row a subpackage, then the longest functions and those with the most parameters.
"""

import ast
import sys
import tokenize
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import newsmoe

PACKAGE = Path(newsmoe.__file__).parent
SHOWN = 10
Function = ast.FunctionDef | ast.AsyncFunctionDef
LAYOUT = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}


def docstring_lines(tree: ast.AST) -> set[int]:
    """Return the lines of docstrings, those below constants and attributes among them."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Expr(value=ast.Constant(value=str())):
                lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines


def code_lines(path: Path) -> int:
    """Return how many lines of a file hold code."""
    with path.open("rb") as file:
        tokens = [token for token in tokenize.tokenize(file.readline) if token.type not in LAYOUT]
    held = {line for token in tokens[1:] for line in range(token.start[0], token.end[0] + 1)}
    return len(held - docstring_lines(ast.parse(path.read_bytes())))


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    """Yield the functions of a file with where they stand."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, Function):
            yield f"{path}:{node.lineno} {node.name}", node


def length(function: Function) -> int:
    """Return the lines of a function, decorators left out."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def parameters(function: Function) -> int:
    """Return how many parameters a function has, without `self` and `cls`."""
    names = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return sum(name.arg not in ("self", "cls") for name in names)


def main() -> None:
    """Print the figures."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else PACKAGE
    lines: Counter[str] = Counter()
    code: Counter[str] = Counter()
    measured: list[tuple[str, Function]] = []
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root).parts
        subpackage = inside[0] if len(inside) > 1 else "."
        lines[subpackage] += path.read_text(encoding="utf-8").count("\n")
        code[subpackage] += code_lines(path)
        measured += functions(path)
    for subpackage in lines:
        print(f"{subpackage:14}{lines[subpackage]:8}{code[subpackage]:8}")
    print(f"{'all':14}{lines.total():8}{code.total():8}")
    for measure in (length, parameters):
        print(f"\nmost {measure.__name__}")
        for where, function in sorted(measured, key=lambda pair: -measure(pair[1]))[:SHOWN]:
            print(f"{measure(function):6}  {where}")


if __name__ == "__main__":
    main()
