"""What `newsmoe stories` writes."""

from collections.abc import Mapping
from typing import Any

from pydantic import ConfigDict, Field

from newsmoe.validation import Strict

Identifier = str | int | None


class Day(Strict):
    """One day of a story.

    Attributes:
        articles: published on it.
        mood: articles by sentiment, `unsure` among them; empty where there are no records of them.
    """

    articles: int
    mood: Mapping[str, int] = {}


class Story(Strict):
    """One event, and the articles that report it.

    Attributes:
        id: stays the same when articles are added.
        headline: of the most central article.
        articles: how many there are, copies among them.
        copies: how many of these are copies.
        outlets: sources, or hosts of URLs, those with the most articles first.
        first: first day of publication, under the key `from`; None where no article has a date.
        last: last day, under the key `to`.
        mood: articles by sentiment, `unsure` among them; empty where there are no records of them.
        days: articles and mood by day of publication, in order.
        members: ids of the articles, in order of time.
    """

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True, validate_by_alias=True)

    id: str
    headline: str
    articles: int
    copies: int
    outlets: list[str]
    first: str | None = Field(alias="from")
    last: str | None = Field(alias="to")
    mood: dict[str, int]
    days: dict[str, Day]
    members: list[Identifier]


class StoryArticle(Strict):
    """One element of the input.

    Attributes:
        story: id of its story; None where it has no text.
        copy_of: id of the article that it is a copy of: the earliest, of those of the same time the longest.
        error: why the element is no article, else None.
    """

    id: Identifier
    headline: str | None
    url: str | None
    source: str | None
    publication_date: str | None
    story: str | None
    copy_of: Identifier
    error: str | None = None


class Stories(Strict):
    """All stories, those with the most articles first, and all articles in the order of the input."""

    stories: list[Story]
    articles: list[StoryArticle]


def story_schema() -> dict[str, Any]:
    """Return the JSON Schema of what is written."""
    return Stories.model_json_schema(mode="serialization")
