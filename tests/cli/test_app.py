import os
import re
import shlex
import subprocess
import sys
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import pytest
import typer

import newsmoe as package
from newsmoe.cli.app import with_exit_codes
from newsmoe.errors import InputError, LockedError, NewsmoeError, PredictionError
from tests.cli.support import MAIN, names, newsmoe, process

COMMANDS = [
    ("analyze",),
    ("watch",),
    ("schedule", "systemd"),
    ("schedule", "cron"),
    ("show",),
    ("route",),
    ("experts", "list"),
    ("experts", "show"),
    ("experts", "check"),
    ("experts", "new"),
    ("train", "classifier"),
    ("gate", "train"),
    ("gate", "evaluate"),
    ("schema",),
    ("config", "show"),
]


def exit_code(error: BaseException) -> int:
    def command() -> None:
        raise error

    with pytest.raises(typer.Exit) as ended:
        with_exit_codes(command)()
    return ended.value.exit_code


def test_the_version_is_printed() -> None:
    result = newsmoe("--version")
    assert result.exit_code == 0
    first, versions, extras, models = result.stdout.splitlines()
    assert first == f"newsmoe {package.__version__}"
    assert f"onnxruntime {version('onnxruntime')}" in versions
    assert {"hub", "serve", "train"} <= set(extras.removeprefix("extras: ").split(", "))
    assert "dev" not in extras
    assert models.startswith("models: minilm (")


@pytest.mark.parametrize("option", ["--help", "-h"])
def test_help_names_every_command(option: str) -> None:
    result = newsmoe(option)
    assert result.exit_code == 0
    assert all(f" {command[0]} " in result.stdout for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_has_help(command: tuple[str, ...]) -> None:
    result = newsmoe(*command, "--help")
    assert (result.exit_code, result.stderr) == (0, "")
    assert f"{command[-1]} [OPTIONS]" in result.stdout


@pytest.mark.parametrize("command", [("analyze",), ("watch",), ("gate", "train")], ids=" ".join)
def test_the_lines_of_a_help_text_are_as_wide_as_the_terminal(command: tuple[str, ...]) -> None:
    text, _, _ = newsmoe(*command, "--help").stdout.partition("╭")
    paragraphs = [[line.strip() for line in lines.splitlines()] for lines in re.split(r"\n *\n", text.strip())]
    pairs = [pair for lines in paragraphs for pair in pairwise(lines)]
    assert pairs
    for line, following in pairs:
        assert len(f"{line} {following.split()[0]}") > 80 - 2  # the margins


def test_an_option_without_a_value_has_no_type_in_the_help() -> None:
    for command in ((), ("runs",), ("analyze",)):
        assert "bool" not in newsmoe(*command, "--help").stdout


def test_a_file_in_the_place_of_a_command_is_answered_with_the_command_that_reads_it(here: Path) -> None:
    (here / "a.json").touch()
    result = newsmoe("a.json")
    assert result.exit_code == 2
    assert "Did you mean newsmoe analyze 'a.json'?" in result.stderr


@pytest.mark.parametrize("arguments", [(), ("experts",), ("train",), ("config",), ("schedule",), ("gate",)])
def test_a_missing_command_gets_help_and_the_code_of_wrong_usage(arguments: tuple[str, ...]) -> None:
    result = newsmoe(*arguments)
    assert result.exit_code == 2
    assert "Usage" in result.stdout


def test_an_unknown_command_is_reported_with_the_nearest() -> None:
    result = newsmoe("analize")
    assert result.exit_code == 2
    assert "analyze" in result.stderr


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (NewsmoeError("it did not work"), 1, "newsmoe: it did not work\n"),
        (InputError("a.json: no good"), 1, "newsmoe: a.json: no good\n"),
        (LockedError("out: somebody is at work"), 5, "newsmoe: out: somebody is at work\n"),
        (PredictionError("[red]x[/red] \x1b[31m\x9b"), 1, "newsmoe: [red]x[/red]\n"),
        (
            PermissionError(13, "Permission denied", "locked/a\n.json"),
            1,
            "newsmoe: locked/a .json: Permission denied\n",
        ),
        (KeyboardInterrupt(), 130, "newsmoe: interrupted\n"),
    ],
)
def test_an_expected_error_is_a_line_and_a_code(
    error: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(error) == code
    assert capsys.readouterr() == ("", said)


def test_ctrl_c_while_the_program_is_being_imported_is_told_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "typer.py").write_text("raise KeyboardInterrupt")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(Path(package.__file__).parents[1])])}
    ended = subprocess.run([sys.executable, "-m", "newsmoe"], capture_output=True, text=True, env=env, check=False)
    assert (ended.returncode, ended.stderr) == (130, "newsmoe: interrupted\n")


@pytest.mark.parametrize(("number", "code", "said"), [(2, 130, "interrupted"), (15, 143, "terminated")])
def test_a_signal_while_options_are_made_is_told_in_a_line(number: int, code: int, said: str, tmp_path: Path) -> None:
    main = f"""
import signal, newsmoe.cli.app as app
def expanded(command):
    signal.raise_signal({number})
app.expanded = expanded
app.main()
"""
    ended = process("stats", main=(sys.executable, "-c", main))
    assert (ended.returncode, ended.stderr) == (code, f"newsmoe: {said}\n")


def test_a_bug_is_reported_with_its_place_and_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(ZeroDivisionError("[red]x[/red] \x1b[31m")) == 3
    out, said = capsys.readouterr()
    assert out == ""
    assert said.startswith("newsmoe: this is a bug of ours: ZeroDivisionError: [red]x[/red]\n")
    assert "test_app.py:" in said
    assert "Traceback" not in said and "\x1b" not in said


@pytest.mark.parametrize("error", [typer.Exit(4), typer.Abort(), typer.BadParameter("x"), BrokenPipeError()])
def test_what_typer_handles_is_left_to_it(error: Exception) -> None:
    def command() -> None:
        raise error

    with pytest.raises(type(error)):
        with_exit_codes(command)()


@pytest.mark.parametrize("option", ["-o", "--gate", "--experts-dir"])
def test_a_name_that_no_file_can_have_is_no_bug(option: str, here: Path) -> None:
    (here / "a.json").write_text("[]")
    result = newsmoe("analyze", "a.json", option, "x" * 300)
    assert (result.exit_code, "File name too long" in result.stderr) == (1, True)
    assert len(result.stderr) < 300


@pytest.mark.slow
@pytest.mark.parametrize(("closed", "said"), [("<&-", "standard input is closed"), (">&-", "standard output is")])
def test_a_closed_stream_is_no_bug(closed: str, said: str, here: Path) -> None:
    command = f"echo '[]' | {shlex.join(MAIN)} analyze - -q {closed}"
    result = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (result.returncode, said in result.stderr) == (1, True), result.stderr


def test_the_code_of_a_command_is_that_of_its_process(here: Path) -> None:
    (here / "a.json").write_text("[7]")
    assert process("analyze", "a.json", "--tasks", "summarization", "--quiet").returncode == 4
    assert names(here) == ["a.json", "analyzed_a.errors.jsonl", "analyzed_a.json", "analyzed_a.run.json"]


def test_the_console_script_is_installed_beside_the_interpreter() -> None:
    script = Path(MAIN[0]).with_name("newsmoe")
    result = subprocess.run([script, "--version"], capture_output=True, text=True, timeout=60, env=dict(os.environ))
    assert (result.returncode, result.stdout.splitlines()[0]) == (0, f"newsmoe {package.__version__}")
