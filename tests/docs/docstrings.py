"""The public names, with signatures and docstrings, as Markdown.

Signatures are taken from the source, so that they read the same in every version of Python.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from typing import Any

MODULES = ("newsmoe", "newsmoe.testing")
APOSTROPHE, QUOTE = "'", '"'


def api() -> str:
    """Return the section of each public name."""
    parts = []
    for module_name in MODULES:
        module = import_module(module_name)
        parts.append(f"## {module_name}\n\n{markdown(inspect.getdoc(module) or '')}")
        parts += [_section(f"{module_name}.{name}", getattr(module, name)) for name in sorted(module.__all__)]
    return "\n\n".join(parts)


def _section(name: str, value: Any) -> str:
    heading = f"### {name}"
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return f"{heading}\n\n{_union(value) or f'A {type(value).__name__}.'}"
    [node] = ast.parse(textwrap.dedent(inspect.getsource(value))).body
    if isinstance(node, ast.FunctionDef):
        return f"{heading}\n\n{_function(node)}"
    assert isinstance(node, ast.ClassDef)
    return "\n\n".join([heading, *_class(node)])


def _union(value: Any) -> str:
    names = [member.__name__ for member in getattr(value, "__args__", ())]
    return f"One of {', '.join(f'`{name}`' for name in names)}." if names else ""


def _class(node: ast.ClassDef) -> Iterator[str]:
    methods = [item for item in node.body if isinstance(item, ast.FunctionDef)]
    start = [f"({_arguments(item)})" for item in methods if item.name == "__init__"]
    fields = [
        _field(item)
        for item in node.body
        if isinstance(item, ast.AnnAssign) and not ast.unparse(item.target).startswith("_") and node.name != "Settings"
    ]
    yield _code("\n".join([f"class {node.name}{''.join(start)}{':' if fields else ''}", *fields]))
    yield markdown(ast.get_docstring(node) or "")
    for method in methods:
        if not method.name.startswith("_"):
            yield f"#### {node.name}.{method.name}\n\n{_function(method)}"


def _field(node: ast.AnnAssign) -> str:
    simple = isinstance(node.value, ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.UnaryOp)
    value = f" = {ast.unparse(node.value)}" if node.value and simple else ""
    return f"    {ast.unparse(node.target)}: {ast.unparse(node.annotation)}{value}"


def _function(node: ast.FunctionDef) -> str:
    decorators = [f"@{ast.unparse(item).removeprefix('cached_')}\n" for item in node.decorator_list]
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    signature = f"{''.join(decorators)}def {node.name}({_arguments(node)}){returns}"
    return f"{_code(signature)}\n\n{markdown(ast.get_docstring(node) or '')}"


def _arguments(node: ast.FunctionDef) -> str:
    text = ast.unparse(node.args)
    if node.args.args and node.args.args[0].arg in ("self", "cls"):
        text = text.removeprefix(node.args.args[0].arg).removeprefix(", ")
    return text if len(text) < 90 else f"\n    {_one_a_line(text)},\n"


def _one_a_line(arguments: str) -> str:
    """Break the line at the commas that are not in brackets."""
    depth, parts = 0, [""]
    for character in arguments:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return ",\n    ".join(part.strip() for part in parts)


def _code(text: str) -> str:
    return f"```python\n{text.replace(APOSTROPHE, QUOTE) if QUOTE not in text else text}\n```"


def markdown(docstring: str) -> str:
    """Return a docstring as Markdown: sections and lists as lists, other indented lines as code."""
    output: list[str] = []
    for chunk in re.split(r"\n\n(?! )", docstring):
        head, _, rest = chunk.partition("\n    ")
        if head.endswith(":") and rest and "\n" not in head.rpartition("\n\n")[0]:
            output += [_heading(head), _items(textwrap.dedent(f"    {rest}"))]
        elif "\n\n    " in chunk:
            before, _, code = chunk.partition("\n\n    ")
            output += [before, f"```text\n{textwrap.dedent(f'    {code}')}\n```"]
        else:
            output.append(chunk)
    return "\n\n".join(part for part in output if part)


def _heading(text: str) -> str:
    return f"**{text}**" if re.fullmatch(r"\w+:", text) else text


def _items(text: str) -> str:
    items = re.split(r"\n(?! )", text.strip("\n"))
    lines = []
    for item in items:
        name, separator, meaning = " ".join(item.split()).partition(": ")
        lines.append(f"- `{name}`: {meaning}" if separator else f"- {name}")
    return "\n".join(lines)
