"""`--metrics`: what a command did, for Prometheus."""

import logging
from pathlib import Path
from time import monotonic
from typing import Self

from newsmoe.cli.exits import exit_code
from newsmoe.errors import OutputError
from newsmoe.output.run_report import RunStats
from newsmoe.plugins import require_extra

_logger = logging.getLogger(__name__)


class Metrics:
    """The stats of all runs of a command, written when the block ends, however it does.

    Like the journal they are a help and no more: where they cannot be written in the end, a warning says so.
    """

    def __init__(self, path: Path | None) -> None:
        if path is not None:
            require_extra("--metrics", "metrics", "prometheus_client")
            from newsmoe.jobs.metrics import check_metrics

            check_metrics(path)
        self.path = path
        self.stats = RunStats()
        self._began = monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.write(exit_code(error))

    def write(self, code: int) -> None:
        """Write what was done so far, and the exit code that the command has, or would have now."""
        if self.path is None:
            return
        from newsmoe.jobs.metrics import write_metrics

        try:
            write_metrics(self.path, self.stats, monotonic() - self._began, code)
        except OutputError as error:
            _logger.warning("%s", error)
