"""Which exit code a command has."""

import typer

from newsmoe import errors


def exit_code(error: BaseException | None) -> int:
    """Return the exit code of a command that ends with `error`, or well."""
    match error:
        case None:
            return 0
        case typer.Exit() | typer.BadParameter():
            return error.exit_code
        case typer.Abort():
            return errors.COULD_NOT_RUN
    return errors.exit_code(error)
