from typing import Any

import pytest

from newsmoe.errors import ConfigError
from newsmoe.jobs.timetable import Cron, parse_cron, parse_every

ALL: dict[str, Any] = {
    "minutes": tuple(range(60)),
    "hours": tuple(range(24)),
    "days": tuple(range(1, 32)),
    "months": tuple(range(1, 13)),
    "weekdays": tuple(range(7)),
    "either_day": False,
}


@pytest.mark.parametrize(
    ("text", "seconds"), [("30s", 30), ("15m", 900), ("2h", 7200), ("1d", 86400), (" 366d ", 366 * 86400)]
)
def test_a_duration_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_every(text).seconds == seconds


@pytest.mark.parametrize("text", ["", "15", "m", "0m", "-5m", "1.5h", "15 m", "1w", "367d", "999999999d", "٣m"])
def test_an_invalid_duration_is_an_error_with_examples(text: str) -> None:
    with pytest.raises(ConfigError, match="is no duration from 1s to 366d; write 30s, 15m, 2h or 1d"):
        parse_every(text)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("* * * * *", {}),
        ("0 6 * * *", {"minutes": (0,), "hours": (6,)}),
        ("*/20 8-10 * * *", {"minutes": (0, 20, 40), "hours": (8, 9, 10)}),
        ("5,10-14/2 * * * *", {"minutes": (5, 10, 12, 14)}),
        ("* * * feb,DEC mon-fri", {"months": (2, 12), "weekdays": (1, 2, 3, 4, 5)}),
        ("* * * * 0", {"weekdays": (0,)}),
        ("* * * * 7", {"weekdays": (0,)}),
        ("* * * * 5-7", {"weekdays": (0, 5, 6)}),
        ("* * * * sat-sun", {"weekdays": (0, 6)}),
        ("* * 13 * 5", {"days": (13,), "weekdays": (5,), "either_day": True}),
        ("* * */10 * 5", {"days": (1, 11, 21, 31), "weekdays": (5,)}),
        ("* * 29 2 *", {"days": (29,), "months": (2,)}),
        ("* * 31 2 1", {"days": (31,), "months": (2,), "weekdays": (1,), "either_day": True}),
        ("@weekly", {"minutes": (0,), "hours": (0,), "weekdays": (0,)}),
    ],
)
def test_a_cron_expression_is_read_as_cron_reads_it(text: str, fields: dict[str, Any]) -> None:
    cron = parse_cron(text)
    assert cron == Cron(**{**ALL, **fields}, text=cron.text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected minute, hour"),
        ("0 6 * *", "expected minute, hour"),
        ("0 0 6 * * *", "expected minute, hour"),
        ("@reboot", "expected minute, hour"),
        ("60 * * * *", "minute '60' is not within 0 to 59"),
        ("* 24 * * *", "hour '24' is not within 0 to 23"),
        ("* * 0 * *", "day of the month '0' is not within 1 to 31"),
        ("* * * 13 *", "month '13' is not within 1 to 12"),
        ("* * * * 8", "day of the week '8' is not within 0 to 7"),
        ("* * * foo *", "month 'foo' is unknown"),
        ("mon * * * *", "minute 'mon' is unknown"),
        ("5-sun * * * *", "minute 'sun' is unknown"),
        ("* * * jan-sun *", "month 'sun' is unknown"),
        ("9-5 * * * *", "minute '9-5' is not within"),
        ("*/0 * * * *", "minute '*/0' is not within"),
        ("5/10 * * * *", "minute '5/10' is no number, range"),
        ("*-5 * * * *", "minute '*-5' is"),
        ("1,,2 * * * *", "minute '' is no number"),
        ("* * L * *", "day of the month 'l' is no number"),
        ("0 0 31 2 *", "a day that never comes"),
        ("0 0 31 4,6 *", "a day that never comes"),
    ],
)
def test_an_invalid_cron_expression_is_an_error_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_cron(text)
    assert reason in str(error.value)
