"""What all charts have: a title, a note, a legend, and colours for moods."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from newsmoe.report.figures import Counts
from newsmoe.report.rows import UNSURE

_CLASSES = {"positive": "positive", "negative": "negative", "neutral": "neutral", UNSURE: "unsure"}
OTHER_CLASSES = 4


@dataclass(frozen=True)
class Chart:
    """A chart with all that stands around it.

    Attributes:
        name: of the element.
        title: heading.
        note: what is counted, and what is left out; below the heading.
        svg: the drawing.
        legend: labels with their colours, as (label, class).
        wide: whether it takes the whole width.
    """

    name: str
    title: str
    note: str
    svg: Markup
    legend: Sequence[tuple[str, str]] = ()
    wide: bool = False


def mood_class(mood: str, moods: Counts) -> str:
    """Return the class of a label for sentiment; those of other experts take turns."""
    others = sorted(label for label in moods if label not in _CLASSES)
    return _CLASSES.get(mood) or f"other{others.index(mood) % OTHER_CLASSES if mood in others else 0}"


def are(count: int) -> str:
    """Return a number of articles with its verb."""
    return f"{count:,} {'is' if count == 1 else 'are'}"
