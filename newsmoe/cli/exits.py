"""Which exit code a command has."""

import typer

from newsmoe import errors

USAGE = 2

UsageError: type[Exception] = typer.BadParameter.__bases__[0]
"""Any wrong use of the command line, such as an unknown option; typer does not export it."""


def exit_code(error: BaseException | None) -> int:
    """Return the exit code of a command that ends with `error`, or well."""
    match error:
        case None:
            return 0
        case typer.Exit():
            return error.exit_code
        case _ if isinstance(error, UsageError):
            return USAGE
        case typer.Abort():
            return errors.COULD_NOT_RUN
    return errors.exit_code(error)
