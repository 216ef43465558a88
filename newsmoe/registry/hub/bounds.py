"""How long a generated text may be."""

from typing import NamedTuple


class Bounds(NamedTuple):
    """How many new tokens one text may have.

    Attributes:
        least: fewest, without the one that ends the text.
        most: most, with it.
    """

    least: int
    most: int

    def for_input(self, tokens: int) -> "Bounds":
        """Return the bounds for an input of `tokens` tokens: no summary is empty, or longer than that."""
        return Bounds(max(1, min(self.least, tokens // 2)), min(self.most, max(tokens, SHORTEST)))


SHORTEST = 8
"""Tokens that even the summary of a headline may have."""
