"""Charts that need no script: each mark is a link to the articles that it stands for."""

from collections import Counter
from collections.abc import Mapping, Sequence, Sized
from dataclasses import replace
from typing import TypeVar

from markupsafe import Markup

from newsmoe.report.chart import Chart, are, mood_class
from newsmoe.report.columns import histogram, over_time
from newsmoe.report.figures import UNJUDGED, Counts, Figures, mood_order, ranked
from newsmoe.report.rows import GENRE, SENTIMENT, TOPIC, UNSURE
from newsmoe.report.svg import BAR, Band, bands, clipped, drawing, link, mark, rect, row_label, text
from newsmoe.report.words import percent

MAX_ROWS = 20  # topics or genres of a chart
MAX_OUTLETS = 12
MAX_ENTITIES = 20
MAX_MOODS = 8
BAR_WIDTH = 50.0

Key = TypeVar("Key")


def charts_of(figures: Figures) -> list[Chart]:
    """Return the charts that the figures have something to show for."""
    moods = _total(figures.moods_by_outlet)
    rare = set(ranked(moods)[MAX_MOODS:]) - {UNSURE}
    figures, moods = _without(figures, rare), {mood: count for mood, count in moods.items() if mood not in rare}
    legend = [(mood, mood_class(mood, moods)) for mood in mood_order(moods)]
    charts = [
        _labels(figures, TOPIC, "topics", "Topics", "Articles by what they are about."),
        _moods(figures, moods),
        _labels(figures, GENRE, "genres", "Genres", "Articles by what kind of text they are."),
        _heat_map(figures, moods),
        _by_outlet(figures, moods, legend),
        _entities(figures),
        over_time(figures, moods, legend),
        *(histogram(task, figures.scores[task]) for task in (SENTIMENT, TOPIC, GENRE) if task in figures.scores),
    ]
    return [chart for chart in charts if chart is not None]


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


def _labels(figures: Figures, task: str, name: str, title: str, note: str) -> Chart | None:
    """Return a bar for each label of a task."""
    counts = figures.counts(task)
    if not counts:
        return None
    labels = ranked(counts)
    rows, most, marks = bands(labels[:MAX_ROWS]), max(counts.values()), []
    for row in rows:
        count = counts[row.label]
        width = max(0.4, BAR_WIDTH * count / most)
        bar = rect(BAR, row.middle - 7, width, 14, "unsure" if row.label == UNSURE else "plain")
        number = text(BAR + width, row.middle, str(count), "number", dx=6)
        marks.append(mark(row.named() + bar + number, _told(row.label, count, figures), link(**{task: row.label})))
    desc = _list(counts, labels[:MAX_ROWS])
    svg = drawing(name, f"Articles by {task}", desc, rows[-1].bottom, Markup().join(marks))
    missing = _missing_note(figures.articles - sum(counts.values()))
    note += _left_out("The {} rarest", labels, rows)
    return Chart(name, title, f"{note}{_unsure_note(counts)}{missing}", svg)


def _moods(figures: Figures, moods: Counts) -> Chart | None:
    if not moods:
        return None
    total, start, parts = sum(moods.values()), 0.0, []
    for row, mood in enumerate(mood_order(moods)):
        width, kind = 100 * moods[mood] / total, mood_class(mood, moods)
        y = 76 + 28 * row
        share = percent(moods[mood], total)
        inner = (
            rect(0, y - 14, 100, 28, "hit") + rect(start, 0, width, 46, kind) + rect(0, y - 7, 3, 14, f"{kind} swatch")
        )
        inner += clipped(6, y - 12, 58, 24, text(0, 12, mood, "label")) + text(78, y, str(moods[mood]), "number end")
        inner += text(100, y, share, "number end strong")
        parts.append(mark(inner, _told(mood, moods[mood], figures), link(sentiment=mood)))
        start += width
    order = mood_order(moods)
    svg = drawing("mood", "Articles by sentiment", _list(moods, order), 76 + 28 * len(order) - 10, Markup().join(parts))
    count = sum(figures.counts(SENTIMENT).values())
    rare = f" {are(count - total)} left out, for having a rarer sentiment." if count > total else ""
    note = f"How the articles read.{_unsure_note(moods)}{rare}{_missing_note(figures.articles - count)}"
    return Chart("mood", "Sentiment", note, svg)


def _heat_map(figures: Figures, moods: Counts) -> Chart | None:
    table = figures.moods_by_topic
    if not table:
        return None
    columns = mood_order(moods)
    totals = {topic: sum(counts.values()) for topic, counts in table.items()}
    rows, width, marks = bands(ranked(totals)[:MAX_ROWS], top=24), (100 - BAR) / len(columns), []
    for number, mood in enumerate(columns):
        marks.append(clipped(BAR + width * number, 0, width - 0.5, 20, text(50, 10, mood, "axis middle")))
    for row in rows:
        topic = row.label
        marks.append(row_label(topic, row.middle))
        for number, mood in enumerate(columns):
            count = table[topic].get(mood, 0)
            if count:
                x, shade = BAR + width * number, 0.1 + 0.5 * count / totals[topic]
                cell = rect(x, row.top + 1, width - 0.5, row.height - 2, mood_class(mood, moods), opacity=shade)
                cell += text(x + width / 2, row.middle, str(count), "number middle")
                title = f"{topic}, {mood}: {count} of {totals[topic]}"
                marks.append(mark(cell, title, link(topic=topic, sentiment=mood)))
    title = "Articles by topic and sentiment"
    svg = drawing("heat", title, _lists(table, rows), rows[-1].bottom, Markup().join(marks))
    note = f"{title}; the stronger the colour, the larger the share of the topic."
    return Chart("heat", "Sentiment by topic", note + _left_out("The {} rarest topics", totals, rows), svg)


def _by_outlet(figures: Figures, moods: Counts, legend: Sequence[tuple[str, str]]) -> Chart | None:
    table = figures.moods_by_outlet
    if len(table) < 2:  # else it would be the chart of all
        return None
    totals = {outlet: sum(counts.values()) for outlet, counts in table.items()}
    rows, marks = bands(ranked(totals)[:MAX_OUTLETS]), []
    for row in rows:
        outlet, start = row.label, BAR
        told = f"{outlet}: {totals[outlet]}"
        marks.append(mark(row_label(outlet, row.middle), told, link(outlet=outlet), kind="name"))
        for mood in mood_order(table[outlet]):
            count = table[outlet][mood]
            width = BAR_WIDTH * count / totals[outlet]
            bar = rect(start, row.middle - 8, width, 16, mood_class(mood, moods))
            title = f"{outlet}, {mood}: {count} of {totals[outlet]}"
            marks.append(mark(bar, title, link(outlet=outlet, sentiment=mood)))
            start += width
        marks.append(text(100, row.middle, str(totals[outlet]), "number end"))
    title = "Articles by outlet and sentiment"
    svg = drawing("outlets", title, _lists(table, rows), rows[-1].bottom, Markup().join(marks))
    note = (
        f"Share of each sentiment, and how many articles there are.{_left_out('The {} with the fewest', totals, rows)}"
    )
    return Chart("outlets", "Sentiment by outlet", note, svg, legend)


def _entities(figures: Figures) -> Chart | None:
    rows = bands(figures.most_named(MAX_ENTITIES).values())
    if not rows:
        return None
    totals = {name: counts.total() for name, counts in figures.entities.items()}
    tones = _total(figures.entities)
    judged = {tone: count for tone, count in tones.items() if tone != UNJUDGED}
    most, marks = totals[rows[0].label], []
    for row in rows:
        counts, start, inner = figures.entities[row.label], BAR, row.named()
        for tone in (*mood_order(judged), UNJUDGED):
            if count := counts[tone]:
                width = BAR_WIDTH * count / most
                inner += rect(start, row.middle - 7, width, 14, mood_class(tone, judged) if tone else "plain")
                start += width
        inner += text(start, row.middle, str(totals[row.label]), "number", dx=6)
        told = _list(counts, [tone for tone in mood_order(judged) if counts[tone]])
        title = f"{_told(row.label, totals[row.label], figures)}{': ' if told else ''}{told}"
        marks.append(mark(inner, title, link(entity=row.label)))
    legend = [(tone, mood_class(tone, judged)) for tone in mood_order(judged)]
    if legend and UNJUDGED in tones:
        legend.append(("not judged", "plain"))
    desc = _list(totals, [row.label for row in rows])
    svg = drawing("entities", "Articles by who and what they name", desc, rows[-1].bottom, Markup().join(marks))
    tone_note = ", by the tone towards them" if legend else ""
    note = f"Articles that name people, organizations, places and other things{tone_note}."
    return Chart("entities", "Who is in it", note + _left_out("The other {}", totals, rows), svg, legend)


def _left_out(what: str, names: Sized, rows: Sized) -> str:
    """Return a sentence on what has no row, with its number in it."""
    count = len(names) - len(rows)
    return f" {what.format(f'{count:,}')} are left out." if count else ""


def _lists(table: Mapping[str, Counts], rows: Sequence[Band]) -> str:
    """Return the counts of a table in words."""
    return "; ".join(f"{row.label}: {_list(table[row.label], mood_order(table[row.label]))}" for row in rows)


def _told(label: str, count: int, figures: Figures) -> str:
    return f"{label}: {count} of {figures.articles}"


def _list(counts: Counts, order: Sequence[str]) -> str:
    return ", ".join(f"{label} {counts[label]}" for label in order)


def _unsure_note(counts: Counts) -> str:
    return f" {are(counts[UNSURE])} too close to call." if counts.get(UNSURE) else ""


def _missing_note(missing: int) -> str:
    return f" {are(missing)} without a prediction." if missing else ""
