"""Charts as SVG that needs no script: each mark is a link to the articles that it stands for.

Widths are in percent and texts in pixels, so that texts keep their size on a phone. Nothing has a `style`: the page's
policy forbids it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import quote, urlencode

from markupsafe import Markup, escape

from newsmoe.report.figures import BINS, Counts, Figures, Period, mood_order, periods_of, ranked, within
from newsmoe.report.rows import SENTIMENT, TOPIC, UNSURE

MAX_ROWS = 20  # topics of a chart
MAX_OUTLETS = 12
MAX_MOODS = 8
BAR = 39.0  # percent of the width, where bars begin; before them are the labels
BAR_WIDTH = 50.0
LINE = 14  # pixels between the lines of a label
CHARACTERS = 18  # of a line of a label
ROW, ROW_OF_TWO = 26, 36  # pixels
COLUMNS = 132  # pixels that the columns of a chart over time are high

_CLASSES = {"positive": "positive", "negative": "negative", "neutral": "neutral", UNSURE: "unsure"}
OTHER_CLASSES = 4

Key = TypeVar("Key")


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


def charts_of(figures: Figures) -> list[Chart]:
    """Return the charts that the figures have something to show for."""
    moods = _total(figures.moods_by_outlet)
    rare = set(ranked(moods)[MAX_MOODS:]) - {UNSURE}
    figures, moods = _without(figures, rare), {mood: count for mood, count in moods.items() if mood not in rare}
    legend = [(mood, mood_class(mood, moods)) for mood in mood_order(moods)]
    charts = [
        _topics(figures),
        _moods(figures, moods),
        _heat_map(figures, moods),
        _by_outlet(figures, moods, legend),
        _over_time(figures, moods, legend),
        *(_histogram(task, figures.scores[task]) for task in (SENTIMENT, TOPIC) if task in figures.scores),
    ]
    return [chart for chart in charts if chart is not None]


def mood_class(mood: str, moods: Counts) -> str:
    """Return the class of a label for sentiment; those of other experts take turns."""
    others = sorted(label for label in moods if label not in _CLASSES)
    return _CLASSES.get(mood) or f"other{others.index(mood) % OTHER_CLASSES if mood in others else 0}"


def link(**filters: object) -> str:
    """Return the address of the articles that the filters leave."""
    return f"#{urlencode({name: str(value) for name, value in filters.items()}, quote_via=quote)}"


def _without(figures: Figures, moods: set[str]) -> Figures:
    """Return the figures without some labels for sentiment: an expert may have dozens, which no chart can show."""
    if not moods:
        return figures

    def left(table: Mapping[Key, Counter[str]]) -> dict[Key, Counter[str]]:
        rest = {key: Counter({mood: n for mood, n in row.items() if mood not in moods}) for key, row in table.items()}
        return {key: row for key, row in rest.items() if row}

    return replace(
        figures,
        moods_by_topic=left(figures.moods_by_topic),
        moods_by_outlet=left(figures.moods_by_outlet),
        moods_by_day=left(figures.moods_by_day),
    )


def _total(counts: Mapping[str, Counts]) -> dict[str, int]:
    total: dict[str, int] = {}
    for inner in counts.values():
        for label, count in inner.items():
            total[label] = total.get(label, 0) + count
    return total


def _topics(figures: Figures) -> Chart | None:
    counts = figures.verdicts.get(TOPIC)
    if not counts:
        return None
    labels = ranked(counts)
    shown = labels if len(labels) <= MAX_ROWS else labels[:MAX_ROWS]
    most = max(counts.values())
    rows, height = [], 0
    for label in shown:
        size = _row_height(label)
        middle, width = height + size / 2, max(0.4, BAR_WIDTH * counts[label] / most)
        bar = _rect(BAR, middle - 7, width, 14, "unsure" if label == UNSURE else "plain")
        number = _text(BAR + width, middle, str(counts[label]), "number", dx=6)
        inner = _rect(0, height, 100, size, "hit") + _label(label, middle) + bar + number
        rows.append(_mark(inner, _told(label, counts[label], figures), link(topic=label)))
        height += size
    left_out = f" The {len(labels) - len(shown)} rarest are left out." if len(labels) > len(shown) else ""
    note = f"Articles by what they are about.{left_out}{_unsure_note(counts)}"
    return Chart(
        "topics", "Topics", note, _svg("topics", "Articles by topic", _list(counts, shown), height, Markup().join(rows))
    )


def _moods(figures: Figures, moods: Counts) -> Chart | None:
    if not moods:
        return None
    total, start, parts = sum(moods.values()), 0.0, []
    for row, mood in enumerate(mood_order(moods)):
        width, kind = 100 * moods[mood] / total, mood_class(mood, moods)
        y = 76 + 28 * row
        share = f"{100 * moods[mood] / total:.0f}%"
        inner = _rect(0, y - 14, 100, 28, "hit") + _rect(start, 0, width, 46, kind) + _rect(0, y - 7, 3, 14, kind)
        inner += _clipped(6, y - 12, 58, 24, _text(0, 12, mood, "label")) + _text(78, y, str(moods[mood]), "number end")
        inner += _text(100, y, share, "number end strong")
        parts.append(_mark(inner, _told(mood, moods[mood], figures), link(sentiment=mood)))
        start += width
    order = mood_order(moods)
    svg = _svg("mood", "Articles by sentiment", _list(moods, order), 76 + 28 * len(order) - 10, Markup().join(parts))
    count = sum(figures.counts(SENTIMENT).values())
    rare = f" {_are(count - total)} left out, for having a rarer mood." if count > total else ""
    note = f"How the articles read.{_unsure_note(moods)}{rare}{_missing_note(figures.articles - count)}"
    return Chart("mood", "Mood", note, svg)


def _heat_map(figures: Figures, moods: Counts) -> Chart | None:
    table = figures.moods_by_topic
    if not table:
        return None
    columns = mood_order(moods)
    totals = {topic: sum(counts.values()) for topic, counts in table.items()}
    shown, top, width = ranked(totals)[:MAX_ROWS], 24, (100 - BAR) / len(columns)
    marks, height = [], top
    for number, mood in enumerate(columns):
        marks.append(_clipped(BAR + width * number, 0, width - 0.5, 20, _text(50, 10, mood, "axis middle")))
    for topic in shown:
        size = _row_height(topic)
        marks.append(_label(topic, height + size / 2))
        for number, mood in enumerate(columns):
            count = table[topic].get(mood, 0)
            if count:
                x, share = BAR + width * number, count / totals[topic]
                cell = _rect(x, height + 1, width - 0.5, size - 2, mood_class(mood, moods), opacity=0.1 + 0.5 * share)
                cell += _text(x + width / 2, height + size / 2, str(count), "number middle")
                title = f"{topic}, {mood}: {count} of {totals[topic]}"
                marks.append(_mark(cell, title, link(topic=topic, sentiment=mood)))
        height += size
    desc = "; ".join(f"{topic}: {_list(table[topic], mood_order(table[topic]))}" for topic in shown)
    svg = _svg("heat", "Articles by topic and sentiment", desc, height, Markup().join(marks))
    left_out = f" The {len(table) - len(shown)} rarest topics are left out." if len(table) > len(shown) else ""
    note = f"Articles by topic and mood; the stronger the colour, the larger the share of the topic.{left_out}"
    return Chart("heat", "Mood by topic", note, svg)


def _by_outlet(figures: Figures, moods: Counts, legend: Sequence[tuple[str, str]]) -> Chart | None:
    table = figures.moods_by_outlet
    if len(table) < 2:  # else it would be the chart of all
        return None
    totals = {outlet: sum(counts.values()) for outlet, counts in table.items()}
    order = ranked(totals)
    shown, marks, height = order[:MAX_OUTLETS], [], 0
    for outlet in shown:
        size = _row_height(outlet)
        middle, start = height + size / 2, BAR
        told = f"{outlet}: {totals[outlet]}"
        marks.append(_mark(_label(outlet, middle), told, link(outlet=outlet), kind="name"))
        for mood in mood_order(table[outlet]):
            count = table[outlet][mood]
            width = BAR_WIDTH * count / totals[outlet]
            bar = _rect(start, middle - 8, width, 16, mood_class(mood, moods))
            title = f"{outlet}, {mood}: {count} of {totals[outlet]}"
            marks.append(_mark(bar, title, link(outlet=outlet, sentiment=mood)))
            start += width
        marks.append(_text(100, middle, str(totals[outlet]), "number end"))
        height += size
    desc = "; ".join(f"{outlet}: {_list(table[outlet], mood_order(table[outlet]))}" for outlet in shown)
    svg = _svg("outlets", "Articles by outlet and sentiment", desc, height, Markup().join(marks))
    left_out = f" The {len(order) - len(shown)} with the fewest are left out." if len(order) > len(shown) else ""
    note = f"Share of each mood, and how many articles there are.{left_out}"
    return Chart("outlets", "Mood by outlet", note, svg, legend)


def _over_time(figures: Figures, moods: Counts, legend: Sequence[tuple[str, str]]) -> Chart | None:
    days = list(figures.moods_by_day)
    if not days:
        return None
    unit, periods = periods_of(days)
    if len(periods) < 2:
        return None
    counts = [within(figures.moods_by_day, period) for period in periods]
    most, step = max(sum(count.values()) for count in counts), 100 / len(periods)
    parts = [_rect(0, 16, 100, 0.6, "grid"), _text(0, 8, f"{most}", "axis")]
    for number, (period, count) in enumerate(zip(periods, counts, strict=True)):
        parts += _columns(period, count, number * step, min(step, 12.0), most, moods)
    parts.append(_rect(0, 16 + COLUMNS, 100, 1, "base"))
    y = 16 + COLUMNS + 14
    parts.append(_text(0, y, periods[0].name, "axis"))
    parts.append(_text(min(100.0, len(periods) * min(step, 12.0)), y, periods[-1].name, "axis end"))
    desc = "; ".join(
        f"{period.name}: {sum(count.values())}" for period, count in zip(periods, counts, strict=True) if count
    )
    svg = _svg("time", f"Articles by {unit} and sentiment", desc, 16 + COLUMNS + 24, Markup().join(parts))
    earlier = sum(count for day, count in figures.days.items() if day < periods[0].first)
    left_out = f" {_are(earlier)} left out, for being earlier." if earlier else ""
    unknown = figures.articles - figures.days.total()
    undated = f" {_are(unknown)} without a date." if unknown else ""
    return Chart("time", "Over time", f"Articles by {unit} of publication.{left_out}{undated}", svg, legend, wide=True)


def _columns(period: Period, count: Counts, x: float, width: float, most: int, moods: Counts) -> Iterator[Markup]:
    """Yield the marks of one period: one for all of it, and one for each mood, stacked."""
    total = sum(count.values())
    if not total:
        return
    span = {"from": period.first.isoformat(), "to": period.last.isoformat()}
    yield _mark(_rect(x, 16, width, COLUMNS, "hit"), f"{period.name}: {total}", link(**span), kind="period")
    bottom = 16.0 + COLUMNS
    for mood in mood_order(count):
        height = COLUMNS * count[mood] / most
        bottom -= height
        bar = _rect(x + width * 0.1, bottom, width * 0.8, height, mood_class(mood, moods))
        title = f"{period.name}, {mood}: {count[mood]} of {total}"
        yield _mark(bar, title, link(**span, sentiment=mood))


def _histogram(task: str, bins: Sequence[tuple[int, int]]) -> Chart:
    most, step = max(sure + unsure for sure, unsure in bins), 100 / BINS
    height, marks = 96, []
    for number, (sure, unsure) in enumerate(bins):
        if sure + unsure:
            full, hatched = height * sure / most, height * unsure / most
            x, y = number * step + 0.6, 16 + height - full
            bar = _rect(x, y, step - 1.2, full, "plain") + _rect(x, y - hatched, step - 1.2, hatched, "unsure")
            bar += _text(x + step / 2 - 0.6, y - hatched - 8, str(sure + unsure), "number middle small")
            title = f"{number / BINS:.1f} to {(number + 1) / BINS:.1f}: {sure + unsure}, {unsure} of them unsure"
            marks.append(_mark(bar, title, link(score=f"{task}:{number / BINS:.1f}")))
    marks.append(_rect(0, 16 + height, 100, 1, "base"))
    marks += [_text(x, 16 + height + 14, f"{x / 100:.1f}", f"axis {side}") for x, side in _TICKS]
    desc = "; ".join(
        f"{number / BINS:.1f}: {sure + unsure}" for number, (sure, unsure) in enumerate(bins) if sure + unsure
    )
    svg = _svg(f"scores-{task}", f"Articles by score for {task}", desc, 16 + height + 24, Markup().join(marks))
    note = "Articles by the score of their label. Hatched: the second label is almost as likely."
    return Chart(f"scores-{task}", f"How sure: {task}", note, svg)


_TICKS = ((0, ""), (50, "middle"), (100, "end"))


def _told(label: str, count: int, figures: Figures) -> str:
    return f"{label}: {count} of {figures.articles}"


def _list(counts: Counts, order: Sequence[str]) -> str:
    return ", ".join(f"{label} {counts[label]}" for label in order)


def _unsure_note(counts: Counts) -> str:
    return f" {_are(counts[UNSURE])} too close to call." if counts.get(UNSURE) else ""


def _missing_note(missing: int) -> str:
    return f" {_are(missing)} without a prediction." if missing else ""


def _are(count: int) -> str:
    return f"{count:,} {'is' if count == 1 else 'are'}"


def _svg(name: str, title: str, desc: str, height: float, inner: Markup) -> Markup:
    return Markup(
        '<svg class="chart" width="100%" height="{}" role="group" aria-labelledby="{}-title {}-desc">'
        '<title id="{}-title">{}</title><desc id="{}-desc">{}</desc>{}</svg>'
    ).format(round(height), name, name, name, title, name, desc, inner)


def _mark(inner: Markup, title: str, href: str, kind: str = "mark") -> Markup:
    return Markup('<a class="{}" href="{}"><title>{}</title>{}</a>').format(kind, href, title, inner)


def _rect(x: float, y: float, width: float, height: float, kind: str, opacity: float | None = None) -> Markup:
    faded = Markup(' fill-opacity="{}"').format(_number(opacity)) if opacity is not None else Markup()
    return Markup('<rect x="{}%" y="{}" width="{}%" height="{}" class="{}"{}/>').format(
        _number(x), _number(y), _number(width), _number(height), kind, faded
    )


def _text(x: float, y: float, text: str, kind: str, dx: int = 0) -> Markup:
    shift = Markup(' dx="{}"').format(dx) if dx else Markup()
    return Markup('<text x="{}%" y="{}" class="{}"{}>{}</text>').format(_number(x), _number(y + 4), kind, shift, text)


def _label(text: str, middle: float) -> Markup:
    """Return the label of a row, on one line or two, at the left end."""
    lines, height = _lines(text), _row_height(text)
    first = height / 2 + 4 - LINE * (len(lines) - 1) / 2
    spans = [
        Markup('<tspan x="0" y="{}">{}</tspan>').format(_number(first + LINE * number), line)
        for number, line in enumerate(lines)
    ]
    inner = Markup('<text class="label">{}</text>').format(Markup(" ").join(spans))
    return _clipped(0, middle - height / 2, BAR - 1, height, inner)


def _clipped(x: float, y: float, width: float, height: float, inner: Markup) -> Markup:
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
    return [text[:end], _short(text[end:].strip(), CHARACTERS)]


def _short(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1].rstrip()}…"


def _row_height(label: str) -> int:
    return ROW if len(_lines(label)) == 1 else ROW_OF_TWO


def _number(value: float) -> str:
    return escape(f"{value:.2f}".rstrip("0").rstrip("."))
