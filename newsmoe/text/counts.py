"""Counts in words."""


def plural(count: int, noun: str, nouns: str | None = None) -> str:
    """Return a count with its noun, in the plural unless it is 1: `nouns`, by default with an `s`."""
    return f"{count:,} {noun if count == 1 else nouns or noun + 's'}"
