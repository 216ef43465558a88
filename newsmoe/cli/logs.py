"""Messages on standard error: lines for people, or one JSON object a line for programs."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from newsmoe.cli.console import messages, plain
from newsmoe.text.cleaning import one_line

STYLES = {logging.DEBUG: "dim", logging.INFO: "dim", logging.WARNING: "yellow"}

_logger = logging.getLogger("newsmoe")


class _ToConsole(logging.Handler):
    """Prints a record as one plain line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print it."""
        messages().print(plain(record.getMessage(), style=STYLES.get(record.levelno, "")), soft_wrap=True)


class _AsJson(logging.Formatter):
    """Makes a line of JSON of a record: its fields, or its message where it has none.

    All is ASCII, so that no control code and no other end of a line comes through.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        fields = getattr(record, "fields", None)
        if fields is None:
            fields = {"event": "message", "message": one_line(record.getMessage())}
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": time, "level": record.levelname.lower(), **fields})
        return line.replace("\x7f", "\\u007f")


def show_logs(*, quiet: bool, verbose: bool = False, as_json: bool = False) -> None:
    """Show what newsmoe logs: from INFO up, all where it should be verbose, else from WARNING up if quiet."""
    handler: logging.Handler = _ToConsole()
    if as_json:
        handler = logging.StreamHandler()
        handler.setFormatter(_AsJson())
        logging.captureWarnings(True)
        logging.getLogger("py.warnings").handlers = [handler]
    _logger.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)
    _logger.handlers = [handler]


def event(name: str, level: int = logging.INFO, **fields: Any) -> None:
    """Log what happened, for programs: a name, and what JSON can hold."""
    _logger.log(level, name, extra={"fields": {"event": name, **fields}})


def say(text: str, level: int = logging.ERROR, **fields: Any) -> None:
    """Tell the user something, also where no logs are shown; tell programs the fields, if there are any."""
    if not _logger.handlers:
        show_logs(quiet=True)
    _logger.log(level, "%s", text, extra={"fields": fields} if fields else None)
