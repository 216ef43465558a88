"""`newsmoe schema`: what goes in and what comes out, as JSON Schema."""

import json
from typing import Annotated

import typer


def schema(side: Annotated[str, typer.Argument(help="input, output, report, or all.", metavar="SIDE")] = "all") -> None:
    """Print the JSON Schema of an article as read, of a record as written, and of the run report."""
    from newsmoe.jobs.schemas import json_schemas

    schemas = json_schemas()
    if side != "all" and side not in schemas:
        raise typer.BadParameter(f"{side!r} is not one of {', '.join(schemas)}, all")
    typer.echo(json.dumps(schemas if side == "all" else schemas[side], indent=2))
