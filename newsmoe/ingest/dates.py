"""Dates as scrapers write them, in ISO 8601: forms that stand for one day only, and numbers of a plausible size."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any

from newsmoe.ingest.months import month_of

MAX_LENGTH = 100  # characters of a date in words
FIRST_YEAR, LAST_YEAR = 1900, 2100  # of dates in numbers

_UNITS = {9: 1, 10: 1, 12: 10**3, 13: 10**3, 15: 10**6, 16: 10**6, 18: 10**9, 19: 10**9}
"""By the digits of an epoch, which then is in 1973 or later: its units in a second."""

_DIGITAL = frozenset({8, 10, 12, 14})
"""Digits of YYYYMMDD, and of the same with hours, minutes and seconds; as an epoch of 10 it would be after 2030."""

_HOURS = {
    **dict.fromkeys(("Z", "UT", "UTC", "GMT", "WET"), 0), "BST": 1, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2, "EEST": 3,
    "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip
_ZONES = {name: timezone(timedelta(hours=hours)) for name, hours in _HOURS.items()}
"""A date with another name is as the outlet's clock had it, without a time zone."""

_DAY_NAME = "(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*+"
_WEEKDAY = rf"(?P<weekday>{_DAY_NAME}[\s.,]*+)?"
_DAY, _YEAR = r"(?P<day>\d{1,2})(?:st|nd|rd|th|er|º)?", r"(?P<year>\d{4})"
_MONTH = r"(?P<month>[^\x00-@\[-`{-\x7f]{3,14})\.?"  # letters, said by what they are not: that compiles sooner
_OF = r"(?:(?:of|de|du|del|di)\s+)?"
_TIME = (
    r"(?:(?:[T:]|,?\s+(?:(?:at|à|às|um|om|kl\.?|alle|ore|a las|o godz\.?|в)\s+|[-–|·@]\s+)?)"
    r"(?P<hour>\d{1,2})[:.h](?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d+)?)?(?:\s*(?P<half>[ap])\.?m\b\.?)?"
    r"(?:\s*(?:Uhr|uur|hrs?|h)\b\.?)?"
    r"(?:\s*(?P<zone>(?-i:[A-Z]{1,5})))?(?:,?\s*(?P<sign>[+-])(?P<hours>\d{1,2})(?::?(?P<minutes>\d\d))?(?:\s*UTC)?)?"
    r"(?:\s*[(\[][^)\]]*[)\]])?)?"
)
_FORMS = [
    re.compile(_WEEKDAY + form, re.IGNORECASE | re.ASCII)
    for form in (
        rf"{_DAY}[\s./-]*{_OF}{_MONTH}[\s,/-]*{_OF}(?P<year>\d{{4}}|\d\d)"
        rf"(?:\s*(?:г\.|года|р\.))?(?:,?\s*{_DAY_NAME})?{_TIME}",
        rf"{_MONTH}\s+{_DAY}[\s,]+{_YEAR}(?:,?\s+{_DAY_NAME})?{_TIME}",
        rf"{_MONTH}\s+{_DAY}{_TIME}\s+{_YEAR}",  # as C and Twitter write it
        rf"{_YEAR}(?P<mark>[-/.])\s?(?P<month>\d{{1,2}})(?P=mark)\s?(?P<day>\d{{1,2}})\.?{_TIME}",
        rf"{_YEAR}\.\s?{_MONTH}\s(?P<day>\d{{1,2}})\.?{_TIME}",  # as Hungarians write it
        rf"(?P<day>\d{{1,2}})\.\s?(?P<month>\d{{1,2}})\.\s?{_YEAR}{_TIME}",
        rf"(?P<either>\d{{1,2}})(?P<mark>[/-])(?P<other>\d{{1,2}})(?P=mark){_YEAR}{_TIME}",
    )
]
_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d\d) ([A-Z][a-z]{2}) ([12]\d{3}) (\d\d:\d\d:\d\d) (?:GMT|([+-]\d\d)(\d\d))", re.ASCII
)
"""The commonest of these forms, apart, since it is read in a third of the time."""

_EAST_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d{1,2})\s?[月월]\s?(\d{1,2})\s?[日일]\s?(?:\([^)]\)\s?)?(.*)")
_AFTERNOON = re.compile(r"\b(오전|上午|午前)?(오후|下午|午後)?\s?(\d{1,2}:\d\d(?::\d\d)?)\Z")
_LEAD = re.compile(
    r"[\s–—|·•-]+|(?:(?:first |last |originally )?(?:published|posted|updated)(?: on| at)?|stand|publi[ée](?: le)?"
    r"|publicad[oa](?: em| el)?|pubblicato(?: il)?|veröffentlicht(?: am)?|опубликовано|le|el|il|den|am"
    r"|[^\W\d_]{2,12}(?: [^\W\d_]{2,5})?,|пн|вт|ср|чт|пт|сб|вс|lunedì|martedì|mercoledì|giovedì|venerdì|sabato|domenica"
    r"|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)[\s:,]+",
    re.IGNORECASE,
)
"""What stands before a date: a word that says that it follows, or the day of the week."""

_NUMBER = re.compile(r"\d{8,19}(\.\d{1,9})?", re.ASCII)
_GOOGLE_DATE = re.compile(r"Date\((\d{4}(?:, ?\d{1,3}){2,6})\)", re.ASCII)
"""Of a sheet of Google's, whose months begin with 0."""
_JSON_DATE = re.compile(r"/Date\((-?\d{1,15})(?:[+-]\d{4})?\)/", re.ASCII)


def is_iso(text: str) -> bool:
    """Tell whether a text is a date in ISO 8601 that is more than a number, and needs no cleaning."""
    try:
        return (text[4:5] == "-" or text[8:9] == "T") and bool(datetime.fromisoformat(text)) and text.isprintable()
    except ValueError:
        return False


def from_text(line: str) -> str | None:
    """Return the date that a clean line stands for; None where it is none, or may mean two days."""
    if len(line) > MAX_LENGTH:
        return None
    if is_iso(line):
        return line
    if mail := _MAIL.fullmatch(line):
        return _from_mail(*mail.groups())
    if number := _NUMBER.fullmatch(line):
        return from_number(float(line) if number[1] else int(line))
    if in_sheet := _GOOGLE_DATE.fullmatch(line):
        year, month, *others = map(int, in_sheet[1].split(","))  # whose zone is that of the sheet
        return (from_parts(year, month + 1, *others) or "").removesuffix("+00:00") or None
    if milliseconds := _JSON_DATE.fullmatch(line):
        return from_epoch(int(milliseconds[1]), 1000)
    return _in_words(line)


def _in_words(line: str) -> str | None:
    """Return the date in one of the forms, which may have a few words before it."""
    if not line.isascii() and (match := _EAST_ASIAN.fullmatch(line)):
        year, month, day, time = match.groups()
        line = f"{year}-{month}-{day} {time}".strip()
    if not line.isascii() and (match := _AFTERNOON.search(line)):
        half = "PM" if match[2] else "AM" if match[1] else ""
        line = f"{line[: match.start()].strip()} {match[3]} {half}".strip()
    parts = _parts_in(line)
    if parts is None and (lead := _LEAD.match(line)):
        parts = _parts_in(line[lead.end() :])
    try:
        return _iso(parts) if parts else None
    except (ValueError, OverflowError):
        return None


def _parts_in(line: str) -> Mapping[str, str | None] | None:
    return next((match.groupdict() for form in _FORMS if (match := form.fullmatch(line))), None)


def from_number(number: float) -> str | None:
    """Return the date that a number stands for by its digits; None for one of another size, such as a year."""
    if not 0 < number < 10**19:
        return None
    digits = str(int(number))
    if len(digits) in _DIGITAL and FIRST_YEAR <= int(digits[:4]) <= LAST_YEAR:
        try:
            moment = datetime.fromisoformat(f"{digits[:8]}T{digits[8:] or '00'}")
        except ValueError:
            pass
        else:
            return moment.isoformat() if digits[8:] else moment.date().isoformat()
    return from_epoch(number, _UNITS[len(digits)]) if len(digits) in _UNITS else None


def from_epoch(number: float, units: int) -> str | None:
    """Return the date that is so many units, of which a second has `units`, after 1970."""
    try:
        moment = datetime.fromtimestamp(number / units, UTC)
    except (OverflowError, OSError, ValueError):
        return None
    return moment.isoformat() if FIRST_YEAR <= moment.year <= LAST_YEAR else None


def from_parts(*parts: Any) -> str | None:
    """Return the date of a year, month and day, and an hour, minute and second of UTC."""
    try:
        moment = datetime(*parts[:6]).replace(tzinfo=UTC)
    except (OverflowError, ValueError, TypeError):
        return None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        return None
    return moment.isoformat() if len(parts) > 3 else moment.date().isoformat()


def _from_mail(day: str, month: str, year: str, time: str, hours: str | None, minutes: str | None) -> str | None:
    text = f"{year}-{month_of(month):02}-{day}T{time}{hours or '+00'}:{minutes or '00'}"
    return text if is_iso(text) else None


def _iso(parts: Mapping[str, str | None]) -> str | None:
    """Return the date of the parts of a text; raise ValueError where a part is too large."""
    year, month, day = int(parts["year"] or 0), 0, int(parts.get("day") or 0)
    if name := parts.get("month"):
        month = int(name) if name.isdecimal() else month_of(name)
    if either := parts.get("either"):
        month, day = sorted((int(either), int(parts["other"] or 0)))
        if month != day <= 12:
            return None  # 3 April, or 4 March
    if len(parts["year"] or "") == 2 and parts["weekday"] and parts["hour"]:  # as mail once shortened it
        year += 2000 if year < 69 else 1900
    if year < 1000:
        return None
    if not parts["hour"]:
        return date(year, month, day).isoformat()
    hour, half = int(parts["hour"]), parts["half"]
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (half in "pP")
    second = int(parts["second"] or 0)
    return datetime(year, month, day, hour, int(parts["minute"] or 0), second, tzinfo=_zone(parts)).isoformat()


def _zone(parts: Mapping[str, str | None]) -> tzinfo | None:
    """Return the time zone of a text; None where it has none, or one whose name is not clear."""
    if sign := parts["sign"]:
        minutes = 60 * int(parts["hours"] or 0) + int(parts["minutes"] or 0)
        return timezone(timedelta(minutes=-minutes if sign == "-" else minutes))
    return _ZONES.get(parts["zone"] or "")
