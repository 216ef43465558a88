"""How training tells how it comes along."""

from collections.abc import Callable

__all__ = ["Report"]

Report = Callable[[str, int, int], None]
"""Told what is going on: what, how many done, of how many."""
