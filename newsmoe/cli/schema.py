"""`newsmoe schema`: what goes in and what comes out, as JSON Schema."""

import json
from typing import Annotated

import typer


def schema(
    side: Annotated[str, typer.Argument(help="input, output, report, stories, or all.", metavar="SIDE")] = "all",
) -> None:
    """Print the JSON Schemas of articles (input), records (output), the run report, and stories."""
    from newsmoe.jobs.schemas import json_schemas
    from newsmoe.story import story_schema

    schemas = {**json_schemas(), "stories": story_schema()}
    if side != "all" and side not in schemas:
        raise typer.BadParameter(f"{side!r} is not one of {', '.join(schemas)}, all")
    typer.echo(json.dumps(schemas if side == "all" else schemas[side], indent=2))
