"""The page: one HTML file that loads nothing, with charts, all articles, and what the run did."""

import hashlib
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import newsmoe
from newsmoe.output.run_report import RunReport
from newsmoe.report.chart import mood_class
from newsmoe.report.charts import MAX_ENTITIES, charts_of
from newsmoe.report.comparison import RunComparison
from newsmoe.report.figures import NO_OUTLET, Counts, Figures, count_rows, mood_order, ranked
from newsmoe.report.payload import MAX_LISTED, MAX_NAME, MAX_REASON, Payload, cut_texts, pack
from newsmoe.report.rows import GENRE, SENTIMENT, SUMMARY, TOPIC, UNSURE, Row, cut
from newsmoe.report.run import measurements_of, run_section
from newsmoe.report.stories import PageStories
from newsmoe.report.story_list import notes_of, stories_section
from newsmoe.report.svg import link
from newsmoe.report.words import percent, period
from newsmoe.text.counts import plural

PLAIN_ROWS = 100  # articles that the page shows without its script
PLAIN_SUMMARY, PLAIN_TEASER = 400, 160  # characters
PLAIN_ERRORS = 3
LIST_LENGTH = 5  # of the most negative articles, and others like it
MAX_OPTIONS = 300  # of a filter
MAX_CHANGES = 30  # rows of a table of changes
MAX_NAMED = 4  # languages or moods in a sentence
MAX_CODE = 12  # characters of a language

SORTS = {
    "newest": "newest first",
    "oldest": "oldest first",
    "headline": "headline",
    "outlet": "outlet",
    "negative": "most negative",
    "positive": "most positive",
    "surest": "surest topic",
    "closest": "least sure sentiment",
}


class PageContext(NamedTuple):
    """What is known besides the records: of their runs, and of their stories."""

    reports: Sequence[RunReport] = ()
    comparison: RunComparison | None = None
    compared_with: str = ""
    stories: PageStories | None = None


def make_page(name: str, rows: Sequence[Row], context: PageContext | None = None) -> str:
    """Return the page for some articles, whose file is called `name`; the same bytes for the same arguments."""
    context = context or PageContext()
    figures = count_rows(rows)
    comparison, stories = context.comparison, context.stories
    payload = pack(rows, comparison.changes if comparison else {}, figures.most_named(MAX_ENTITIES), stories)
    moods = figures.counts(SENTIMENT)
    style, script = Markup(asset("page.css")), Markup(asset("page.js"))
    environment = Environment(
        loader=PackageLoader("newsmoe.report"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    template = environment.get_template("page.html")
    return template.render(
        policy=_policy(style, script),
        style=style,
        script=script,
        packed=Markup(payload.text),
        version=newsmoe.__version__,
        name=cut(name, MAX_NAME),
        title=_title(figures),
        lede=_lede(figures),
        key_figures=list(_key_figures(figures)),
        charts=charts_of(figures),
        moods="\n".join(f"{mood}\t{mood_class(mood, moods)}" for mood in mood_order(moods)),
        lists=list(_lists(rows[:MAX_LISTED])),  # what the list can show
        measurements=list(_measurements(figures)),
        list_note=_list_note(rows, payload),
        controls=list(_controls(figures, comparison)),
        span=[day.isoformat() for day in (min(figures.days), max(figures.days))] if figures.days else None,
        unscripted=_unscripted(len(rows)),
        rows=[
            _plain_row(row, moods, list(notes_of(number, stories, rows)) if stories else [])
            for number, row in enumerate(rows[:PLAIN_ROWS])
        ],
        stories=stories_section(stories, rows, moods) if stories else None,
        comparison=_comparison(comparison) if comparison else None,
        compared_with=cut(context.compared_with, MAX_NAME),
        run=run_section(figures, rows, context.reports),
    )


@cache
def asset(name: str) -> str:
    """Return a file of the page: its style, or its script."""
    return files("newsmoe.report").joinpath("templates", name).read_text(encoding="utf-8").strip()


def _policy(style: str, script: str) -> str:
    """Return a policy under which this style and this script are all that applies, and nothing is loaded."""
    sources = f"script-src {policy_hash(script)}; style-src {policy_hash(style)}"
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"


def policy_hash(text: str) -> str:
    """Return what a policy names a script or style by."""
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _outlets(figures: Figures) -> int:
    return len([outlet for outlet in figures.outlets if outlet != NO_OUTLET])


def _title(figures: Figures) -> str:
    outlets = _outlets(figures)
    return plural(figures.articles, "article") + (f" from {plural(outlets, 'outlet')}" if outlets else "")


def _lede(figures: Figures) -> str:
    """Return what the pile is about, and its mood, in two sentences."""
    sentences = []
    topics, moods = figures.counts(TOPIC), figures.counts(SENTIMENT)
    first = [label for label in ranked(topics) if label != UNSURE][:2]
    if first:
        shares = [f"{label} ({percent(topics[label], sum(topics.values()))})" for label in first]
        sentences.append(f"The largest {'topics are' if len(first) > 1 else 'topic is'} {' and '.join(shares)}.")
    sure = [mood for mood in mood_order(moods) if mood in ranked(moods)[:MAX_NAMED] and mood != UNSURE]
    if sure:
        shares = [f"{percent(moods[mood], sum(moods.values()))} {mood}" for mood in sure]
        close = f"; {percent(moods[UNSURE], sum(moods.values()))} are too close to call" if moods.get(UNSURE) else ""
        sentences.append(f"The sentiment is {', '.join(shares)}{close}.")
    return " ".join(sentences)


def _key_figures(figures: Figures) -> Iterator[tuple[str, str]]:
    yield "Articles", f"{figures.articles:,}"
    if outlets := _outlets(figures):
        yield "Outlets", f"{outlets:,}"
    if figures.days:
        yield "Period", period(figures.days)
    if figures.languages:
        names = ranked(figures.languages)
        more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
        yield "Languages", ", ".join(cut(name, MAX_CODE) for name in names[:MAX_NAMED]) + more
    unsure = sum(verdicts.get(UNSURE, 0) for verdicts in figures.verdicts.values())
    if total := sum(sum(verdicts.values()) for verdicts in figures.verdicts.values()):
        yield "Unsure labels", f"{percent(unsure, total)}"
    yield "With errors", f"{figures.articles - figures.statuses['ok']:,}"


def _lists(rows: Sequence[Row]) -> Iterator[dict[str, Any]]:
    """Yield the articles at the ends of the scale, and those in the middle of it."""
    for mood in ("negative", "positive"):
        best = [
            (prediction.score, number, f"{prediction.score:.2f}")
            for number, row in enumerate(rows)
            if (prediction := row.predictions.get(SENTIMENT)) and prediction.verdict == mood and prediction.score
        ]
        yield from _list(rows, f"Most {mood}", f"By their score for {mood}.", best)
    margins = []
    for number, row in enumerate(rows):
        for task in (SENTIMENT, TOPIC):
            prediction = row.predictions.get(task)
            if prediction and prediction.unsure and len(prediction.scores) > 1:
                first, second = sorted(prediction.scores, key=lambda label: -prediction.scores[label])[:2]
                margin = prediction.scores[first] - prediction.scores[second]
                margins.append((-margin, number, f"{first} or {second}"))
    yield from _list(
        rows, "Closest calls", "Two labels are almost as likely; read these before you quote them.", margins
    )


def _list(
    rows: Sequence[Row], title: str, note: str, entries: list[tuple[float, int, str]]
) -> Iterator[dict[str, Any]]:
    entries = sorted(entries, key=lambda entry: (-entry[0], entry[1]))[:LIST_LENGTH]
    if entries:
        items = [
            {"headline": rows[number].headline, "href": link(article=number), "figure": figure}
            for _, number, figure in entries
        ]
        yield {"title": title, "note": note, "entries": items}


def _measurements(figures: Figures) -> Iterator[dict[str, str]]:
    for name, measurement in measurements_of(ranked(figures.experts)).items():
        values = measurement.figures
        if "accuracy" in values:
            yield {
                "name": name,
                "count": f"{values.get('items', 0):,.0f}",
                "accuracy": f"{100 * values['accuracy']:.1f}%",
                "f1": f"{100 * values['macro-F1']:.1f}%" if "macro-F1" in values else "",
                "ece": f"{values['ECE']:.3f}" if "ECE" in values else "",
                "data": measurement.data,
            }


def _list_note(rows: Sequence[Row], payload: Payload) -> str:
    notes = ["Open a row for its summary, its scores from 0.005 up, and why each expert read it."]
    if len(rows) > MAX_LISTED:
        notes.append(f"The list has the first {MAX_LISTED:,} of {len(rows):,} articles; the figures are of all.")
    if count := cut_texts(rows, payload.length):
        texts = "1 summary is" if count == 1 else f"{count:,} summaries are"
        notes.append(f"To keep the page small, {texts} cut after {payload.length:,} characters.")
    return " ".join(notes)


def _unscripted(count: int) -> str:
    below = f"the first {PLAIN_ROWS} of {count:,} articles" if count > PLAIN_ROWS else "all articles"
    return f"Search and filters need JavaScript, which is off or not ready yet; below are {below}."


def _controls(figures: Figures, comparison: RunComparison | None) -> Iterator[dict[str, Any]]:
    """Yield the filters that have something to choose from."""
    counted: list[tuple[str, str, Counts]] = [
        ("topic", "Topic", figures.counts(TOPIC)),
        ("sentiment", "Sentiment", figures.counts(SENTIMENT)),
        ("genre", "Genre", figures.counts(GENRE)),
        ("outlet", "Outlet", figures.outlets),
        ("language", "Language", figures.languages),
        ("status", "Status", figures.statuses),
    ]
    for name, title, counts in counted:
        if len(counts) > 1:
            options = [(label, f"{label} ({counts[label]:,})") for label in ranked(counts)[:MAX_OPTIONS]]
            yield {"name": name, "title": title, "all": "all", "options": options}
    if comparison and comparison.changes:
        options = [(task, task) for task in comparison.tasks if comparison.tasks[task].changed]
        yield {"name": "changed", "title": "Changed", "all": "all", "options": options}
    yield {"name": "sort", "title": "Sort by", "all": "order of the file", "options": list(SORTS.items())}


def _plain_row(row: Row, moods: Mapping[str, int], notes: Sequence[tuple[str, str]]) -> dict[str, Any]:
    tags = []
    for task in (TOPIC, SENTIMENT, GENRE):
        if prediction := row.predictions.get(task):
            score = "" if prediction.score is None or prediction.unsure else f" {prediction.score:.2f}"
            said = f"unsure: {prediction.label}" if prediction.unsure else f"{prediction.label}{score}"
            tags.append((mood_class(prediction.verdict, moods) if task == SENTIMENT else "", said))
    return {
        "headline": row.headline,
        "outlet": row.outlet,
        "day": row.day,
        "teaser": cut(row.summary, PLAIN_TEASER),
        "summary": cut(row.summary, PLAIN_SUMMARY) if len(row.summary) > PLAIN_TEASER else "",
        "url": row.url,
        "tags": tags,
        "notes": notes,
        "errors": [
            cut(f"{error.stage} {error.type}: {error.message}", MAX_REASON)
            for error in row.record.errors[:PLAIN_ERRORS]
        ],
    }


def _comparison(comparison: RunComparison) -> dict[str, Any]:
    parts = [f"{plural(comparison.common, 'article')} in both"]
    parts += [f"{comparison.only_new:,} only here"] if comparison.only_new else []
    parts += [f"{comparison.only_old:,} only there"] if comparison.only_old else []
    tasks = []
    for name, changes in comparison.tasks.items():
        changed = changes.changed.total()
        pairs = sorted(changes.changed.items(), key=lambda item: (-item[1], item[0]))
        shown = [] if name == SUMMARY else [(*pair, count) for pair, count in pairs[:MAX_CHANGES]]
        left_out = f" The {len(pairs) - len(shown)} rarest changes are left out." if 0 < len(shown) < len(pairs) else ""
        tasks.append(
            {
                "name": name,
                "note": f"{changes.same:,} the same, {changed:,} changed.{left_out}",
                "href": link(changed=name) if changed else "",
                "changes": shown,
            }
        )
    experts = [(name, *counts, comparison.changed_by[name]) for name, counts in comparison.experts.items()]
    hint = (
        ""
        if comparison.common
        else " Articles are told apart by id and URL, else by headline; name another run of these."
    )
    return {"note": f"{', '.join(parts)}.{hint}", "tasks": tasks, "experts": experts}
