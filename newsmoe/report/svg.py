"""Parts of charts as SVG.

Widths are in percent and texts in pixels, so that texts keep their size on a phone. Nothing has a `style`: the page's
policy forbids it.
"""

from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from newsmoe.report.rows import cut

BAR = 39.0  # percent of the width, where bars begin; before them are the labels
LINE = 14  # pixels between the lines of a label
CHARACTERS = 18  # of a line of a label
ROW, ROW_OF_TWO = 26, 36  # pixels


def link(**filters: object) -> str:
    """Return the address of the articles that the filters leave."""
    return f"#{urlencode({name: str(value) for name, value in filters.items()}, quote_via=quote)}"


def drawing(name: str, title: str, desc: str, height: float, inner: Markup, *, upright: bool = False) -> Markup:
    """Return a chart of so many pixels in height, with what a screen reader says of it.

    `upright`: its bars stand on a line; the page's script needs to know it.
    """
    kind = Markup(" data-upright") if upright else Markup()
    return Markup(
        '<svg class="chart" width="100%" height="{}" role="group" aria-labelledby="{}-title {}-desc"{}>'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}</svg>'
    ).format(round(height), name, name, kind, name, title, name, desc, inner)


def mark(inner: Markup, title: str, href: str, kind: str = "mark") -> Markup:
    """Return a link to articles, around what is drawn for them."""
    return Markup('<a class="{}" href="{}"><title>{}</title>{}</a>').format(kind, href, title, inner)


def rect(x: float, y: float, width: float, height: float, kind: str, opacity: float | None = None) -> Markup:
    """Return a rectangle; x and width are in percent, y and height in pixels."""
    faded = Markup(' fill-opacity="{}"').format(_number(opacity)) if opacity is not None else Markup()
    return Markup('<rect x="{}%" y="{}" width="{}%" height="{}" class="{}"{}/>').format(
        _number(x), _number(y), _number(width), _number(height), kind, faded
    )


def text(x: float, y: float, text: str, kind: str, dx: int = 0) -> Markup:
    """Return a text whose middle is so many pixels from the top."""
    shift = Markup(' dx="{}"').format(dx) if dx else Markup()
    return Markup('<text x="{}%" y="{}" class="{}"{}>{}</text>').format(_number(x), _number(y + 4), kind, shift, text)


class Band(NamedTuple):
    """A row of a chart, with its label: how many pixels are above it, and how many it takes."""

    label: str
    top: int
    height: int

    @property
    def middle(self) -> float:
        """The pixels above its middle."""
        return self.top + self.height / 2

    @property
    def bottom(self) -> int:
        """The pixels above what is below it."""
        return self.top + self.height

    def named(self) -> Markup:
        """Return its label, on all of it, so that it can be hit anywhere."""
        return rect(0, self.top, 100, self.height, "hit") + row_label(self.label, self.middle)


def bands(labels: Iterable[str], top: int = 0) -> list[Band]:
    """Return a row for each label, one below the other, with so many pixels above them."""
    made: list[Band] = []
    for label in labels:
        made.append(Band(label, made[-1].bottom if made else top, row_height(label)))
    return made


def row_label(text: str, middle: float) -> Markup:
    """Return the label of a row, on one line or two, at the left end."""
    lines, height = _lines(text), row_height(text)
    first = height / 2 + 4 - LINE * (len(lines) - 1) / 2
    spans = [
        Markup('<tspan x="0" y="{}">{}</tspan>').format(_number(first + LINE * number), line)
        for number, line in enumerate(lines)
    ]
    inner = Markup('<text class="label">{}</text>').format(Markup(" ").join(spans))
    return clipped(0, middle - height / 2, BAR - 1, height, inner)


def clipped(x: float, y: float, width: float, height: float, inner: Markup) -> Markup:
    """Return a part of a chart that stays in its place, whatever letters are in it."""
    return Markup('<svg x="{}%" y="{}" width="{}%" height="{}">{}</svg>').format(
        _number(x), _number(y), _number(width), _number(height), inner
    )


def _lines(text: str) -> list[str]:
    """Break a label over at most two lines."""
    if len(text) <= CHARACTERS:
        return [text]
    end = max(text.rfind(mark, 1, CHARACTERS + 1) for mark in " .")
    end = end if end > 0 else CHARACTERS
    return [text[:end], cut(text[end:].strip(), CHARACTERS)]


def row_height(label: str) -> int:
    """Return how many pixels a row with this label takes."""
    return ROW if len(_lines(label)) == 1 else ROW_OF_TWO


def _number(value: float) -> str:
    return escape(f"{value:.2f}".rstrip("0").rstrip("."))
