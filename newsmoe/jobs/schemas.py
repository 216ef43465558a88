"""What goes in and what comes out, as JSON Schema."""

from typing import Any

from newsmoe.ingest.fields import input_schema
from newsmoe.output.run_report import RunReport
from newsmoe.record import Record


def json_schemas() -> dict[str, dict[str, Any]]:
    """Return the JSON Schemas of an article as read (`input`), a record (`output`) and the run report (`report`)."""
    return {
        "input": input_schema(),
        "output": Record.model_json_schema(mode="serialization"),
        "report": RunReport.model_json_schema(mode="serialization"),
    }
