"""What the tests of the report share: records as newsmoe writes them, with made-up words."""

from pathlib import Path
from random import Random
from typing import Any

from newsmoe import Record
from newsmoe.output.formats import WRITERS
from newsmoe.prediction import InputStats, Labels
from newsmoe.record import ItemError, RouteEntry
from newsmoe.story import Stories, Story, StoryArticle

COLUMNS = {
    "summarization": ("summary",),
    "sentiment": ("label", "score", "unsure"),
    "topic": ("label", "score", "unsure", "labels"),
    "facts": (),
}
MOODS = ("positive", "neutral", "negative")
TOPICS = (
    "politics", "economy, business and finance", "sport", "arts, culture and entertainment", "science and technology",
    "health", "environment", "crime, law and justice", "education", "conflict and war", "disaster and accident",
    "lifestyle and leisure", "religion", "society", "labour", "human interest", "weather",
)  # fmt: skip
OUTLETS = ("The Harbour Post", "Meridian Courier", "Northgate Herald", "Tannery Road Times")
SYLLABLES = ("ba", "dor", "el", "fin", "gra", "hul", "im", "jo", "kel", "lun", "mor", "ne", "os", "pri", "quo", "ras")


def words(random: Random, count: int) -> str:
    """Return a sentence of made-up words."""
    text = " ".join("".join(random.choices(SYLLABLES, k=random.randint(1, 4))) for _ in range(count))
    return f"{text.capitalize()}."


def labels(random: Random, names: tuple[str, ...], threshold: float | None = None) -> dict[str, Any]:
    shares = [random.random() ** 12 + 1e-6 for _ in names]
    scores = {name: share / sum(shares) for name, share in zip(names, shares, strict=True)}
    holding = None if threshold is None else tuple(name for name, score in scores.items() if score >= threshold)
    return Labels(scores, holding=holding).fields()


def record(number: int = 0, random: Random | None = None, **fields: Any) -> Record:
    """Return a record that looks like one of a run; the same each time for the same number."""
    random = random or Random(number)
    values: dict[str, Any] = {
        "id": f"a{number}",
        "headline": words(random, 9),
        "url": f"https://{number % 4}.example/{number}",
        "publication_date": f"2026-{random.randint(1, 6):02}-{random.randint(1, 28):02}T08:30:00+00:00",
        "source": random.choice(OUTLETS),
        "author": None,
        "language": random.choice(("en", "en", "de")),
        "status": "ok",
        "analyses": {
            "summarization": {"summary": " ".join(words(random, 18) for _ in range(3))},
            "sentiment": labels(random, MOODS),
            "topic": labels(random, TOPICS, 0.3),
        },
        "route": [
            RouteEntry(task="summarization", expert="extractive", weight=1.0, reason="built-in default"),
            RouteEntry(task="sentiment", expert="sentiment-articles", weight=1.0, reason="more than 60 words"),
            RouteEntry(task="topic", expert="topic-articles", weight=1.0, reason="more than 60 words"),
        ],
        "errors": [],
        "input": InputStats(tokens=200, windows=1),
        **fields,
    }
    return Record(**values)


def failed(number: int = 0) -> Record:
    """Return a record of an article on which an expert failed."""
    error = ItemError(task="topic", expert="topic-articles", type="ValueError", message="no good", stage="predict")
    analyses = {"summarization": {"summary": "It rained."}}
    return record(number, status="partial", analyses=analyses, errors=[error])


def records(count: int) -> list[Record]:
    random = Random(0)
    return [record(number, random) for number in range(count)]


def write_records(path: Path, some: list[Record], format: str | None = None) -> Path:
    """Write records in the format of the path's suffix, or the one that is named."""
    name = format or WRITERS.of(path)
    assert name is not None
    with WRITERS.load(name).open_writer(path, COLUMNS) as output:
        for number, item in enumerate(some):
            output.write(item, f"key{number}")
    return path


def story_article(item: Record, story: str | None, copy_of: str | int | None = None) -> StoryArticle:
    """Return what a file of stories says of the article of a record."""
    return StoryArticle(
        id=item.id,
        headline=item.headline,
        url=item.url,
        source=item.source,
        publication_date=item.publication_date,
        story=story,
        copy_of=copy_of,
    )


def stories_of(articles: list[StoryArticle]) -> Stories:
    """Return a file of stories with these articles; a story has the headline of its first article."""
    stories: dict[str, list[StoryArticle]] = {}
    for article in articles:
        if article.story is not None:
            stories.setdefault(article.story, []).append(article)
    return Stories(
        stories=[
            Story(
                id=name,
                headline=members[0].headline or "",
                articles=len(members),
                copies=sum(article.copy_of is not None for article in members),
                outlets=[],
                first=None,
                last=None,
                mood={},
                days={},
                members=[article.id for article in members],
            )
            for name, members in stories.items()
        ],
        articles=articles,
    )
