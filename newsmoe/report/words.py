"""Shares and times in words."""

from collections.abc import Collection
from datetime import date


def percent(part: float, whole: float) -> str:
    """Return a share as a percentage; that of nothing is none."""
    return f"{100 * part / whole:.0f}%" if whole else "0%"


def period(days: Collection[date]) -> str:
    """Return the time from the first to the last of some days."""
    first, last = min(days), max(days)
    return f"{first.day} {first:%b %Y} – {last.day} {last:%b %Y}" if first != last else first.isoformat()
