"""The parts of the pages that are made from the code: settings, commands, schemas."""

import json
from collections.abc import Iterator
from types import NoneType
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ByteSize
from pydantic.fields import FieldInfo
from pydantic_core import to_json
from typer.main import get_group
from typer.testing import CliRunner

from newsmoe import Settings
from newsmoe.cli.analyze import analyze
from newsmoe.cli.app import app
from newsmoe.settings.conditions import After, Condition, Rule
from newsmoe.settings.model import TABLES

SCHEMAS = {"input": "An article, as read", "output": "A record", "report": "The run report", "stories": "Stories"}
KINDS = {bool: "true or false", int: "whole number", float: "number", ByteSize: "size"}
BOUNDS = {"ge": "≥", "gt": ">", "le": "≤"}


def table(*rows: tuple[str, ...]) -> str:
    """Return a table; the first row is its head."""
    lines = [" | ".join(_cell(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in [lines[0], " | ".join(["---"] * len(rows[0])), *lines[1:]])


def _cell(text: str) -> str:
    """Return a text as the content of a cell: one line, without emphasis."""
    text = " ".join(text.replace("|", "\\|").split())
    return text if "`" in text else text.replace("*", "\\*")


def settings() -> str:
    """Return the table of all settings."""
    options = getattr(analyze, "settings", ())
    rows = [
        (f"`{name}`", kind(field), default(field), capital(field.description), option_name(name, options))
        for name, field in Settings.model_fields.items()
    ]
    return table(("setting", "value", "default", "meaning", "option"), *rows)


def option_name(name: str, options: tuple[str, ...]) -> str:
    if name in TABLES:
        return "file only"
    return f"`--{name.replace('_', '-')}`" if name in options else ""


def keys(model: type[BaseModel]) -> str:
    """Return the table of the keys of a part of the settings."""
    rows = [(f"`{name}`", kind(field), capital(field.description)) for name, field in model.model_fields.items()]
    return table(("key", "value", "meaning"), *rows)


def kind(field: FieldInfo) -> str:
    """Return what a setting can be, in words."""
    kinds = [member for member in get_args(field.annotation) if member is not NoneType] or [field.annotation]
    if get_origin(field.annotation) in (tuple, dict):
        return "list" if get_origin(field.annotation) is tuple else "table"
    name = KINDS.get(kinds[0], "table" if isinstance(kinds[0], type) and issubclass(kinds[0], BaseModel) else "text")
    if get_origin(kinds[0]) is tuple:
        name = "text or list"
    bounds = [
        f"{sign} {getattr(limit, key):g}"
        for limit in field.metadata
        for key, sign in BOUNDS.items()
        if hasattr(limit, key)
    ]
    return ", ".join([name, *bounds])


def default(field: FieldInfo) -> str:
    return "" if field.default in (None, (), {}) else f"`{to_json(field.default).decode()}`"


def capital(text: str | None) -> str:
    return f"{(text or '')[:1].upper()}{(text or '')[1:]}"


def commands() -> str:
    """Return a section for each command."""
    return "\n\n".join(_sections(get_group(app), "newsmoe", None))


def _sections(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=name, parent=parent)
    for child_name in command.list_commands(context):
        child = command.get_command(context, child_name)
        if hasattr(child, "list_commands"):
            yield f"## {name} {child_name}\n\n{child.help}"
            yield from _sections(child, child_name, context)
        else:
            context.command = command
            made = child.make_context(child_name, [], parent=context, resilient_parsing=True)
            level = "##" if parent is None else "###"
            yield f"{level} {made.command_path}\n\n{_command(made)}"


def _command(context: Any) -> str:
    usage = context.command.get_usage(context).removeprefix("Usage: ")
    panels: dict[str, list[tuple[str, ...]]] = {}
    for parameter in context.command.get_params(context):
        record = parameter.get_help_record(context)
        if record and "--help" not in parameter.opts:
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            panel = panels.setdefault(parameter.rich_help_panel or usual, [(usual.lower()[:-1], "meaning")])
            panel.append((f"`{record[0].strip()}`", record[1].strip()))
    text = [f"```text\n{' '.join(usage.split())}\n```", context.command.help.strip()]
    headed = len(panels.keys() - {"Arguments", "Options"}) > 0
    for heading, rows in panels.items():
        text += [f"**{heading}**"] * headed + [table(*rows)]
    return "\n\n".join(text)


def schemas() -> str:
    """Return the JSON Schemas that `newsmoe schema` prints."""
    parts = []
    for side, title in SCHEMAS.items():
        result = CliRunner().invoke(app, ["schema", side], catch_exceptions=False)
        parts.append(f"## {title}\n\n```json\n{json.dumps(json.loads(result.stdout), indent=2)}\n```")
    return "\n\n".join(parts)


def rules() -> str:
    return keys(Rule)


def conditions() -> str:
    return keys(Condition)


def after() -> str:
    return keys(After)
