"""How a run is asked to end."""

import logging
import signal
from types import FrameType
from typing import Any, Self

from newsmoe.errors import TERMINATED


class TerminatedError(KeyboardInterrupt):
    """Somebody asked the process to end; no `SystemExit`, which from an expert costs only its article."""

    exit_code = TERMINATED


def terminate(number: int, frame: FrameType | None) -> None:
    """Handle SIGTERM as an exception, so that nothing half done is left behind."""
    raise TerminatedError


class Stop:
    """Within its block a first SIGINT or SIGTERM lets the current batch finish; a second ends it at once.

    Before there is a batch, so does the first one; where code that is running then swallows the exception, as a
    module in C that is being imported may, the next batch ends it. A signal in the last batch takes effect at the end
    of the block, which can be entered again.
    """

    def __init__(self) -> None:
        self.working = False
        self.requested: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self.working, self.requested = False, None
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        if self.requested is not None and (error is None or not self.working):
            self._end(self.requested)

    def on_batch(self) -> None:
        """End the run here if a signal came; called between batches."""
        self.working = True
        if self.requested is not None:
            self._end(self.requested)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        is_first, self.requested = self.requested is None, number
        if not (is_first and self.working):
            self._end(number)
        from newsmoe.cli.logs import say  # not at the top, for `newsmoe --help` is to be quick

        say("finishing the current batch; send the signal again to end at once", logging.WARNING)

    def _end(self, number: int) -> None:
        raise TerminatedError if number == signal.SIGTERM else KeyboardInterrupt
