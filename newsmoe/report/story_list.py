"""The largest stories, as a list that needs no script."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from newsmoe.report.chart import are, mood_class
from newsmoe.report.charts import MAX_MOODS
from newsmoe.report.figures import Counts, mood_order, ranked
from newsmoe.report.payload import MAX_NAME
from newsmoe.report.rows import SENTIMENT, Row, cut
from newsmoe.report.stories import PageStories, PageStory
from newsmoe.report.svg import link, mark, rect
from newsmoe.report.words import period
from newsmoe.text.counts import plural

MAX_STORIES = 20
MAX_OUTLETS = 3  # that are named
BAR_HEIGHT = 16  # pixels


def stories_section(stories: PageStories, rows: Sequence[Row], moods: Counts) -> dict[str, Any]:
    """Return what the page says of stories; `moods` are those of all articles, which decide on colours."""
    shown = stories.stories[:MAX_STORIES]
    counts = [_moods(story, rows) for story in shown]
    total = {mood: moods[mood] for mood in moods if any(mood in count for count in counts)}
    return {
        "note": " ".join(_note(stories)),
        "copies": f"{len(stories.copies):,}" if stories.copies else "",
        "legend": [(mood, mood_class(mood, moods)) for mood in mood_order(total)],
        "entries": [
            {
                "headline": story.headline,
                "href": link(story=story.id),
                "facts": _facts(story, stories, rows),
                "bar": _bar(story, count, moods) if count else "",
            }
            for story, count in zip(shown, counts, strict=True)
        ],
    }


def notes_of(number: int, stories: PageStories, rows: Sequence[Row]) -> Iterator[tuple[str, str]]:
    """Yield the story of an article, and what it is a copy of, as term and headline."""
    if number in stories.story_of:
        yield "Story", stories.stories[stories.story_of[number]].headline
    if number in stories.copies:
        yield "Copy of", rows[stories.copies[number]].headline
    elif number in stories.originals_elsewhere:
        yield "Copy of an article that is not here", stories.originals_elsewhere[number]


def _note(stories: PageStories) -> Iterator[str]:
    name, several = cut(stories.name, MAX_NAME), len(stories.stories)
    if several:
        yield "Articles that report the same event, and the sentiment of each story."
    else:
        yield "No story has several of these articles."
    if several > MAX_STORIES:
        yield f"These are the {MAX_STORIES} largest of {several:,} stories with several articles."
    if stories.only_here:
        yield f"Of these articles {are(stories.only_here)} not in {name}."
    if stories.only_there:
        yield f"Of the articles in {name} {are(stories.only_there)} not here."
    if stories.only_here or stories.only_there:
        yield "Articles are told apart by id and URL, else by headline."


def _facts(story: PageStory, stories: PageStories, rows: Sequence[Row]) -> list[str]:
    members = [rows[number] for number in story.numbers]
    copies = sum(number in stories.copies for number in story.numbers)
    outlets = Counter(row.outlet for row in members if row.outlet)
    days = [row.day for row in members if row.day]
    facts = [plural(len(members), "article") + (f", {plural(copies, 'copy', 'copies')}" if copies else "")]
    if outlets:
        names = ranked(outlets)
        more = f" and {len(names) - MAX_OUTLETS:,} more" if len(names) > MAX_OUTLETS else ""
        facts.append(f"{plural(len(names), 'outlet')}: {', '.join(names[:MAX_OUTLETS])}{more}")
    return [*facts, *([period(days)] if days else [])]


def _moods(story: PageStory, rows: Sequence[Row]) -> Counts:
    """Return how many articles have each mood; an expert may have dozens, and the rarest are left out."""
    counts = Counter(mood for number in story.numbers if (mood := rows[number].verdict(SENTIMENT)))
    return {mood: counts[mood] for mood in ranked(counts)[:MAX_MOODS]}


def _bar(story: PageStory, counts: Counts, moods: Counts) -> Markup:
    total, start, marks = sum(counts.values()), 0.0, []
    for mood in mood_order(counts):
        width = 100 * counts[mood] / total
        title = f"{mood}: {counts[mood]} of {len(story.numbers)}"
        bar = rect(start, 0, width, BAR_HEIGHT, mood_class(mood, moods))
        marks.append(mark(bar, title, link(story=story.id, sentiment=mood)))
        start += width
    said = ", ".join(f"{mood} {counts[mood]}" for mood in mood_order(counts))
    return Markup('<svg width="100%" height="{}" role="group" aria-label="{}">{}</svg>').format(
        BAR_HEIGHT, f"Sentiment: {said}", Markup().join(marks)
    )
