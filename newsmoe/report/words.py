"""Counts and shares in words."""


def plural(count: int, what: str) -> str:
    """Return a count with its noun, in the plural where it is none of one."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def percent(part: int, whole: int) -> str:
    """Return a share as a percentage; that of nothing is none."""
    return f"{100 * part / whole:.0f}%" if whole else "0%"
