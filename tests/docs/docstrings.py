"""The public names, with signatures and docstrings, as Markdown.

Signatures are taken from the source, so that they read the same in every version of Python.
"""

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from typing import Any

MODULES = ("newsmoe", "newsmoe.testing")
APOSTROPHE, QUOTE = "'", '"'
MAX_WIDTH = 90


def api() -> str:
    """Return the section of each public name."""
    parts = []
    for module_name in MODULES:
        module = import_module(module_name)
        parts.append(f"## {module_name}\n\n{markdown(inspect.getdoc(module) or '')}")
        texts = _constant_texts(module)
        for name in sorted(module.__all__):
            heading = f"### {module_name}.{name}"
            parts.append(f"{heading}\n\n{texts[name] if name in texts else _section(getattr(module, name))}")
    return "\n\n".join(parts)


def _constant_texts(module: Any) -> dict[str, str]:
    """Return the strings below the constants of a module, by the constant's name."""
    body = ast.parse(inspect.getsource(module)).body
    return {
        ast.unparse(constant.targets[0]): markdown(inspect.cleandoc(ast.literal_eval(text.value)))
        for constant, text in pairwise(body)
        if isinstance(constant, ast.Assign) and isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }


def _section(value: Any) -> str:
    if not (inspect.isclass(value) or inspect.isfunction(value)):
        return _union(value)
    [node] = ast.parse(textwrap.dedent(inspect.getsource(value))).body
    if isinstance(node, ast.FunctionDef):
        return _function(node)
    assert isinstance(node, ast.ClassDef)
    return "\n\n".join(_class(node))


def _union(value: Any) -> str:
    return f"One of {', '.join(f'`{member.__name__}`' for member in value.__args__)}."


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
    """Return the parameters of a function, one a line where they are too many for one."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
    parts = [_argument(*pair) for pair in zip(positional, defaults, strict=True) if pair[0].arg not in ("self", "cls")]
    if arguments.vararg:
        parts.append(f"*{_argument(arguments.vararg, None)}")
    elif arguments.kwonlyargs:
        parts.append("*")
    parts += [_argument(*pair) for pair in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    if arguments.kwarg:
        parts.append(f"**{_argument(arguments.kwarg, None)}")
    text = ", ".join(parts)
    return text if len(text) < MAX_WIDTH else "".join(f"\n    {part}," for part in parts) + "\n"


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    value = "" if default is None else f" = {ast.unparse(default)}"
    return f"{argument.arg}: {ast.unparse(argument.annotation)}{value}" if argument.annotation else argument.arg + value


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
