"""What the library logs, on the terminal."""

import logging

from newsmoe.cli.console import messages, plain

__all__ = ["show_logs"]


class _ToConsole(logging.Handler):
    """Prints a record as one plain line."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print it."""
        style = "yellow" if record.levelno >= logging.WARNING else "dim"
        messages().print(plain(record.getMessage(), style=style), soft_wrap=True)


def show_logs(*, quiet: bool) -> None:
    """Print what newsmoe's own modules log: all from INFO up, only warnings where it should be quiet."""
    logger = logging.getLogger("newsmoe")
    logger.setLevel(logging.WARNING if quiet else logging.INFO)
    logger.handlers = [_ToConsole()]
