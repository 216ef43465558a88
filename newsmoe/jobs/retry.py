"""A run done again by its report."""

import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple, Self

from newsmoe.errors import ConfigError
from newsmoe.journal.store import without_password
from newsmoe.output.dataset import MANIFEST
from newsmoe.output.dead_letters import default_errors
from newsmoe.output.run_report import RunReport

COMMAND = "analyze"
"""The one command that is repeated; a report that somebody else wrote could name any."""


class Retry(NamedTuple):
    """A report's command, to be run again in its folder.

    What went well is taken from the journal, what failed is done again.
    """

    command: tuple[str, ...]
    folder: Path
    output: str

    @classmethod
    def of(cls, report: RunReport) -> Self:
        """Return what a report has to be done again.

        Raises:
            ConfigError: there is nothing that can be done again.
        """
        output = Path(report.folder) / report.output
        if output.is_dir() and not (output / MANIFEST).exists():
            raise ConfigError(
                f"{output}: a folder of Parquet files is only added to, and keeps what failed in it; analyze the"
                f" elements in {default_errors(output).name} into another output"
            )
        if not report.command:
            again = shlex.join(["newsmoe", COMMAND, *report.inputs, "-o", report.output])
            raise ConfigError(f"that run was a watch's or a program's, which had no command of its own; run {again!r}")
        if report.command[0] != COMMAND:
            raise ConfigError(f"the report's command is {report.command[0]!r}, and only {COMMAND!r} is repeated")
        return cls(tuple(report.command), Path(report.folder), report.output)

    def __str__(self) -> str:
        return f"cd {shlex.quote(str(self.folder))} && newsmoe {shlex.join(self.command)}"

    def run(self, journal: str | None = None) -> int:
        """Run it as a process of its own; return the exit code.

        A report holds no password: where the command names `journal` without its password, it is run with it.
        """
        command = self.command
        if journal:
            command = tuple(argument.replace(without_password(journal), journal) for argument in command)
        try:
            child = subprocess.Popen([sys.executable, "-P", "-m", "newsmoe", *command], cwd=self.folder)
        except OSError as error:
            raise ConfigError(
                f"{self.folder}: the run was there, on this machine or another: {error.strerror}"
            ) from None
        with child:
            try:
                return child.wait()
            except KeyboardInterrupt:  # the child ends as it is told to, so that its output is whole or as before
                child.terminate()
                child.wait()
                raise
