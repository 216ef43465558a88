"""How training tells how it comes along."""

from collections.abc import Callable

Report = Callable[[str, int, int], None]
"""Told what is going on: what, how many done, of how many."""
