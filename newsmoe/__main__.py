"""`python -m newsmoe`: the command line."""

from newsmoe.cli.app import main

if __name__ == "__main__":
    main()
