import re
import shlex
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from itertools import islice, product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.cli.units import Scheduled, crontab_line, on_calendar, service_unit
from newsmoe.errors import ConfigError
from newsmoe.jobs.timetable import Cron, parse_cron, parse_every
from tests.cli.support import newsmoe, one_line

ODD = 'in box/100% "of" $HOME\'s {a};\\.json'
"""A file's name with all that means something to systemd, cron or a shell."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="this machine has no systemd-analyze"
)


def words(line: str) -> list[str]:
    """Split a command line of a unit into words, as systemd.service(5) specifies."""
    arguments = []
    for quoted, bare in re.findall(r'"((?:[^"\\]|\\.)*)"|(\S+)', line):
        word = bare or re.sub(r"\\(.)", r"\1", quoted)
        assert "%" not in word.replace("%%", "")
        assert bare == "" or not set(bare) & set("\"'\\;")
        arguments.append(word.replace("%%", "%"))
    assert all("$" not in word.replace("$$", "") for word in arguments[1:])
    return [arguments[0], *(word.replace("$$", "$") for word in arguments[1:])]


def after_cron(line: str) -> str:
    """Return what cron passes to the shell: up to the first `%`, with the backslash of each `\\%` removed."""
    command, escaped = "", False
    for char in line:
        if char == "%" and not escaped:
            break
        command = command[:-1] + char if char == "%" else command + char
        escaped = char == "\\" and not escaped
    return command


def value(text: str, key: str) -> str:
    (setting,) = re.findall(rf"^{key}=(.*)$", text, flags=re.MULTILINE)
    return str(setting)


def scheduled(*command: str, folder: str = "/srv/news") -> Scheduled:
    return Scheduled("newsmoe-analyze", ("/opt/news moe/newsmoe", *command), Path(folder))


# systemd


def test_a_service_and_a_timer_are_printed(here: Path) -> None:
    result = newsmoe("schedule", "systemd", "--every", "15m", "--", "analyze", ODD, "-o", "out.json")
    assert (result.exit_code, result.stderr) == (0, "")
    program, *arguments = words(value(result.stdout, "ExecStart"))
    assert arguments == ["analyze", ODD, "-o", "out.json"]
    assert Path(program).is_absolute() and Path(program).name == "newsmoe"
    assert value(result.stdout, "WorkingDirectory") == str(here)
    assert value(result.stdout, "Type") == "oneshot"
    assert value(result.stdout, "OnUnitActiveSec") == "900s"
    for kind in ("service", "timer"):
        assert f"# ~/.config/systemd/user/newsmoe-analyze.{kind}\n" in result.stdout


def test_a_cron_expression_becomes_persistent_calendar_times(here: Path) -> None:
    result = newsmoe("schedule", "systemd", "--cron", "0 6 * * mon-fri", "--", "analyze", "a.json")
    assert value(result.stdout, "OnCalendar") == "Mon,Tue,Wed,Thu,Fri *-*-* 06:00:00"
    assert value(result.stdout, "Persistent") == "true"


def test_units_can_be_named(here: Path) -> None:
    result = newsmoe("schedule", "systemd", "--every", "1h", "--name", "wire", "--", "analyze", "a.json")
    assert "systemctl --user enable --now wire.timer" in result.stdout


@given(st.lists(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=12), max_size=4))
def test_systemd_reads_back_every_argument(arguments: list[str]) -> None:
    line = value(service_unit(scheduled(*arguments)), "ExecStart")
    assert words(line) == ["/opt/news moe/newsmoe", *arguments]


@pytest.mark.parametrize("folder", ["/srv/news ", "/srv/news\\"])
def test_a_folder_that_no_unit_can_name_is_an_error(folder: str) -> None:
    with pytest.raises(ConfigError, match="a unit cannot name a folder with such an end"):
        service_unit(scheduled(folder=folder))


@needs_systemd
@pytest.mark.parametrize("when", [("--every", "90s"), ("--cron", "*/7 8-18/2 1,15 * fri")], ids=" ".join)
def test_systemd_finds_nothing_wrong_with_the_units(
    when: tuple[str, str], here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "50% $off").mkdir()
    monkeypatch.chdir(here / "50% $off")
    result = newsmoe("schedule", "systemd", *when, "--", "analyze", ODD, ";", "")
    service, timer = re.split(r"^(?=# ~.*\.timer$)", result.stdout, flags=re.MULTILINE)
    for kind, text in (("service", service), ("timer", timer)):
        (here / f"newsmoe-analyze.{kind}").write_text(text)
    paths = [str(here / f"newsmoe-analyze.{kind}") for kind in ("service", "timer")]
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", *paths], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


def times_of(when: Cron, start: datetime) -> list[datetime]:
    """Return the first times of a cron expression after the start of a day, found by trying each day."""

    def due(date: datetime) -> bool:
        day, weekday = date.day in when.days, date.isoweekday() % 7 in when.weekdays
        return date.month in when.months and ((day or weekday) if when.either_day else (day and weekday))

    days = filter(due, (start + timedelta(days=number) for number in range(2000)))
    times = (date.replace(hour=hour, minute=minute) for date, hour, minute in product(days, when.hours, when.minutes))
    return list(islice((time for time in times if time > start), 4))


@needs_systemd
@pytest.mark.parametrize(
    "text",
    [
        "* * * * *",
        "*/7 * * * *",
        "0,30 8-18 * * 1-5",
        "5 */6 * * *",
        "0 6 1,15 * *",
        "0 6 13 * fri",
        "0 6 */10 * 5",
        "15 3 * feb,mar 0",
        "50-59/3 22-23 28-31 * 7",
    ],
)
def test_systemd_s_times_are_cron_s(text: str) -> None:
    when, start = parse_cron(text), datetime(2025, 3, 3, tzinfo=UTC)
    done = subprocess.run(
        ["systemd-analyze", "calendar", "--iterations=4", "--base-time=2025-03-03 00:00:00 UTC"] + on_calendar(when),
        capture_output=True,
        text=True,
        timeout=60,
        env={"TZ": "UTC", "LC_ALL": "C", "PATH": "/usr/bin:/bin"},
    )
    assert done.returncode == 0, done.stderr
    printed = re.findall(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?= UTC)", done.stdout)
    times = {datetime.fromisoformat(f"{time}+00:00") for time in printed}
    assert sorted(times)[:4] == times_of(when, start)


# cron


def test_a_line_for_a_crontab_is_printed(here: Path) -> None:
    result = newsmoe("schedule", "cron", "--cron", "0 6 * * *", "--", "analyze", ODD, "-o", "out.json")
    assert (result.exit_code, result.stderr) == (0, "")
    comment, line = result.stdout.splitlines()
    assert comment.startswith("#")
    command = after_cron(line).removeprefix("0 6 * * * ")
    change, folder, then, program, *rest = shlex.split(command)
    assert (change, folder, then, Path(program).name) == ("cd", str(here), "&&", "newsmoe")
    assert rest == ["analyze", ODD, "-o", "out.json", ">>", str(here / "newsmoe-analyze.log"), "2>&1"]


@given(
    st.lists(st.text(st.sampled_from("ab %\\'\"$;") | st.characters(exclude_categories=["Cc", "Cs"]))),
    st.text(st.sampled_from("a %\\'")),
)
def test_the_shell_that_cron_starts_reads_back_every_argument(arguments: list[str], folder: str) -> None:
    what = scheduled(*arguments, folder=f"/srv/{folder}")
    command = after_cron(crontab_line(what, parse_cron("@daily"))).removeprefix("0 0 * * * ")
    read = shlex.split(command)
    assert read[:4] == ["cd", str(what.folder), "&&", "/opt/news moe/newsmoe"]
    assert read[4:-3] == arguments
    assert read[-3:] == [">>", str(what.folder / "newsmoe-analyze.log"), "2>&1"]


@pytest.mark.parametrize(
    ("every", "fields"),
    [
        ("1m", "*/1 * * * *"),
        ("15m", "*/15 * * * *"),
        ("60m", "0 * * * *"),
        ("1h", "0 * * * *"),
        ("6h", "0 */6 * * *"),
        ("24h", "0 0 * * *"),
        ("1d", "0 0 * * *"),
        ("900s", "*/15 * * * *"),
    ],
)
def test_an_interval_becomes_cron_s_fields(every: str, fields: str) -> None:
    assert crontab_line(scheduled("analyze"), parse_every(every)).startswith(f"{fields} cd ")


@pytest.mark.parametrize("every", ["30s", "7m", "90m", "5h", "2d", "90s"])
def test_a_schedule_that_cron_cannot_express_is_an_error_with_an_alternative(every: str, here: Path) -> None:
    result = newsmoe("schedule", "cron", "--every", every, "--", "analyze", "a.json")
    assert result.exit_code == 1
    assert one_line(result.stderr) and f"cron cannot say every {every}" in result.stderr
    assert "newsmoe schedule systemd" in result.stderr


# what both refuse


@pytest.mark.parametrize("kind", ["systemd", "cron"])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--every", "1h", "--", "analize", "a.json"), "no command 'analize'; did you mean 'analyze'?"),
        (("--every", "1h", "--", "watch", "in", "--out", "out"), "add --once to it"),
        (("--every", "1h", "--", "train"), "newsmoe train needs a command: classifier, joint, summarizer, tagger"),
        (
            ("--every", "1h", "--", "gate", "trian", "a.csv"),
            "newsmoe gate has no command 'trian'; did you mean 'train'?",
        ),
        (("--every", "1h", "--", "newsmoe"), "newsmoe needs a command: analyze, config"),
        (("--every", "1h", "--", "analyze", "a\nb.json"), "control characters"),
        (("--every", "1h", "--name", "a/b", "--", "analyze", "a.json"), "cannot be a unit's name"),
        (("--cron", "@reboot", "--", "analyze", "a.json"), "is no cron expression"),
    ],
)
def test_invalid_arguments_are_reported_in_one_line(
    kind: str, arguments: tuple[str, ...], message: str, here: Path
) -> None:
    result = newsmoe("schedule", kind, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert one_line(result.stderr) and message in result.stderr


@pytest.mark.parametrize("kind", ["systemd", "cron"])
@pytest.mark.parametrize("arguments", [(), ("--every", "1h"), ("--", "analyze", "a.json")])
def test_the_times_and_the_command_are_required(kind: str, arguments: tuple[str, ...]) -> None:
    result = newsmoe("schedule", kind, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")


@pytest.mark.parametrize("how", [("systemd",), ("cron",)])
@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("analyze", "a.json", "--formt", "json"), "No such option: --formt"),
        (("analyze", "-o", "out.json"), "Missing argument"),
        (("watch", "in", "--once"), "Missing option '--out'"),
    ],
)
def test_a_command_that_would_fail_when_it_is_due_is_a_usage_error(
    workdir: Path, how: tuple[str, ...], command: tuple[str, ...], message: str
) -> None:
    result = newsmoe("schedule", *how, "--every", "1h", "--", *command)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_the_programs_own_name_may_stand_before_the_command(workdir: Path) -> None:
    commands = (("analyze", "a.json"), ("newsmoe", "analyze", "a.json"))
    first, second = (newsmoe("schedule", "cron", "--every", "1h", "--", *command).stdout for command in commands)
    assert first == second != ""
