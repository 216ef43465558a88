"""Charts of columns, which stand upright: articles over time, and by score."""

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from newsmoe.report.chart import Chart, are, mood_class
from newsmoe.report.figures import BINS, Counts, Figures, Period, mood_order, periods_of, within
from newsmoe.report.svg import drawing, link, mark, rect, text

COLUMNS = 132  # pixels that the columns of a chart over time are high
_TICKS = ((0, ""), (50, "middle"), (100, "end"))


def over_time(figures: Figures, moods: Counts, legend: Sequence[tuple[str, str]]) -> Chart | None:
    """Return a column for each period, with a part for each mood; None where there is but one."""
    days = list(figures.moods_by_day)
    if not days:
        return None
    unit, periods = periods_of(days)
    if len(periods) < 2:
        return None
    counts = [within(figures.moods_by_day, period) for period in periods]
    most, step = max(sum(count.values()) for count in counts), 100 / len(periods)
    parts = [rect(0, 16, 100, 0.6, "grid"), text(0, 8, f"{most}", "axis")]
    for number, (period, count) in enumerate(zip(periods, counts, strict=True)):
        parts += _columns(period, count, number * step, min(step, 12.0), most, moods)
    parts.append(rect(0, 16 + COLUMNS, 100, 1, "base"))
    y = 16 + COLUMNS + 14
    parts.append(text(0, y, periods[0].name, "axis"))
    parts.append(text(min(100.0, len(periods) * min(step, 12.0)), y, periods[-1].name, "axis end"))
    desc = "; ".join(
        f"{period.name}: {sum(count.values())}" for period, count in zip(periods, counts, strict=True) if count
    )
    svg = drawing(
        "time", f"Articles by {unit} and sentiment", desc, 16 + COLUMNS + 24, Markup().join(parts), upright=True
    )
    earlier = sum(count for day, count in figures.days.items() if day < periods[0].first)
    left_out = f" {are(earlier)} left out, for being earlier." if earlier else ""
    unknown = figures.articles - figures.days.total()
    undated = f" {are(unknown)} without a date." if unknown else ""
    return Chart("time", "Over time", f"Articles by {unit} of publication.{left_out}{undated}", svg, legend, wide=True)


def _columns(period: Period, count: Counts, x: float, width: float, most: int, moods: Counts) -> Iterator[Markup]:
    """Yield the marks of one period: one for all of it, and one for each mood, stacked."""
    total = sum(count.values())
    if not total:
        return
    span = {"from": period.first.isoformat(), "to": period.last.isoformat()}
    yield mark(rect(x, 16, width, COLUMNS, "hit"), f"{period.name}: {total}", link(**span), kind="period")
    bottom = 16.0 + COLUMNS
    for mood in mood_order(count):
        height = COLUMNS * count[mood] / most
        bottom -= height
        bar = rect(x + width * 0.1, bottom, width * 0.8, height, mood_class(mood, moods))
        title = f"{period.name}, {mood}: {count[mood]} of {total}"
        yield mark(bar, title, link(**span, sentiment=mood))


def histogram(task: str, bins: Sequence[tuple[int, int]]) -> Chart:
    """Return a column for each bin of scores, as (sure, unsure)."""
    most, step = max(sure + unsure for sure, unsure in bins), 100 / BINS
    height, marks = 96, []
    for number, (sure, unsure) in enumerate(bins):
        if sure + unsure:
            full, hatched = height * sure / most, height * unsure / most
            x, y = number * step + 0.6, 16 + height - full
            bar = rect(x, y, step - 1.2, full, "plain") + rect(x, y - hatched, step - 1.2, hatched, "unsure")
            bar += text(x + step / 2 - 0.6, y - hatched - 8, str(sure + unsure), "number middle small")
            title = f"{number / BINS:.1f} to {(number + 1) / BINS:.1f}: {sure + unsure}, {unsure} of them unsure"
            marks.append(mark(bar, title, link(score=f"{task}:{number / BINS:.1f}")))
    marks.append(rect(0, 16 + height, 100, 1, "base"))
    marks += [text(x, 16 + height + 14, f"{x / 100:.1f}", f"axis {side}") for x, side in _TICKS]
    desc = "; ".join(
        f"{number / BINS:.1f}: {sure + unsure}" for number, (sure, unsure) in enumerate(bins) if sure + unsure
    )
    svg = drawing(
        f"scores-{task}", f"Articles by score for {task}", desc, 16 + height + 24, Markup().join(marks), upright=True
    )
    note = "Articles by the score of their label. Hatched: the second label is almost as likely."
    return Chart(f"scores-{task}", f"How sure: {task}", note, svg)
