"""`newsmoe schema`: what goes in and what comes out, as JSON Schema."""

import json
from typing import Annotated

import typer


def schema(side: Annotated[str, typer.Argument(help="input, output, report, or all.", metavar="SIDE")] = "all") -> None:
    """Print the JSON Schema of an article as read, of a record as written, and of the run report."""
    from newsmoe.ingest.fields import input_schema
    from newsmoe.output.run_report import RunReport
    from newsmoe.record import Record

    schemas = {
        "input": input_schema(),
        "output": Record.model_json_schema(mode="serialization"),
        "report": RunReport.model_json_schema(mode="serialization"),
    }
    if side != "all" and side not in schemas:
        raise typer.BadParameter(f"{side!r} is not one of {', '.join(schemas)}, all")
    typer.echo(json.dumps(schemas if side == "all" else schemas[side], indent=2))
