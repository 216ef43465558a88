"""Progress of long work."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is finished, and of how much."""


def in_blocks(items: Sequence[T], size: int, title: str, report: Progress) -> Iterator[Sequence[T]]:
    """Yield blocks of at most `size` items; report each when it has been processed."""
    for start in range(0, len(items), size):
        block = items[start : start + size]
        yield block
        report(title, start + len(block), len(items))
