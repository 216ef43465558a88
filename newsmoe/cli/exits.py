"""What the exit codes of commands mean, and which error has which."""

import typer

from newsmoe.cli.signals import TerminatedError
from newsmoe.errors import LockedError, NewsmoeError, TooManyErrorsError

COULD_NOT_RUN = 1
BUG = 3
ITEMS_FAILED = 4
LOCKED = 5
INTERRUPTED = 130
TERMINATED = 143


def exit_code(error: BaseException | None) -> int:
    """Return the exit code of a command that ends with `error`, or well."""
    match error:
        case None:
            return 0
        case typer.Exit() | typer.BadParameter():
            return error.exit_code
        case TooManyErrorsError():
            return ITEMS_FAILED
        case LockedError():
            return LOCKED
        case NewsmoeError() | BrokenPipeError() | typer.Abort():
            return COULD_NOT_RUN
        case OSError() if error.filename is not None:  # of a file of the user's: no right to it, no such name
            return COULD_NOT_RUN
        case TerminatedError():
            return TERMINATED
        case KeyboardInterrupt():
            return INTERRUPTED
    return BUG
