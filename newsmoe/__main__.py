"""`newsmoe` and `python -m newsmoe`: the command line."""

import sys

from newsmoe.errors import INTERRUPTED


def main() -> None:
    """Run the command line; Ctrl-C while it is being imported ends it with a message too."""
    try:
        from newsmoe.cli.app import main as run
    except KeyboardInterrupt:
        print("newsmoe: interrupted", file=sys.stderr)  # noqa: T201  # what prints messages is not imported yet
        sys.exit(INTERRUPTED)
    run()


if __name__ == "__main__":
    main()
