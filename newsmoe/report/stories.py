"""What a file of stories says of the articles on a page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pydantic import ValidationError

from newsmoe.errors import InputError
from newsmoe.ingest.files import open_bytes, translate_errors
from newsmoe.report.comparison import identity, match
from newsmoe.report.rows import Row, cut
from newsmoe.story import Stories, StoryArticle
from newsmoe.validation import describe

MAX_BYTES = 500_000_000
MAX_ID = 60  # characters
MAX_STORY = 160  # characters of the headline of a story
MAX_PROBLEM = 200


@dataclass(frozen=True)
class PageStory:
    """A story with several articles on the page, by their numbers."""

    id: str
    headline: str
    numbers: Sequence[int]


@dataclass(frozen=True)
class PageStories:
    """The stories of the articles on a page.

    Attributes:
        name: of the file that they are from.
        stories: those with several articles on the page, the largest first.
        copies: for each copy, by its number, the number of the article that it repeats: its original, else the first
            copy of the same original.
        originals_elsewhere: headlines of originals that are not on the page, by the number of the first copy there.
        only_here: how many articles of the page are not in the file.
        only_there: how many articles of the file are not on the page.
    """

    name: str
    stories: Sequence[PageStory]
    copies: Mapping[int, int]
    originals_elsewhere: Mapping[int, str]
    only_here: int
    only_there: int

    @cached_property
    def story_of(self) -> Mapping[int, int]:
        """Where in `stories` the story of an article is, by the article's number."""
        return {number: place for place, story in enumerate(self.stories) for number in story.numbers}


def read_stories(path: Path) -> Stories:
    """Return what `newsmoe stories` wrote.

    Raises:
        InputError: the file cannot be read, or holds something else.
    """
    with translate_errors(str(path)), open_bytes(path) as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(f"{path}: is larger than {MAX_BYTES:,} bytes, the most that is read as stories")
    try:
        return Stories.model_validate_json(content, strict=True)
    except ValidationError as error:
        problem = cut(describe(error, Stories), MAX_PROBLEM)
        raise InputError(f"{path}: holds no stories: {problem}; 'newsmoe stories' makes such a file") from None


def stories_on_page(name: str, stories: Stories, rows: Sequence[Row]) -> PageStories:
    """Return the stories of some rows, as the file of this name says."""
    places = match([identity(row.record) for row in rows], [identity(article) for article in stories.articles])
    articles = {number: stories.articles[place] for number, place in enumerate(places) if place is not None}
    copies, originals_elsewhere = _copies(articles, stories)
    return PageStories(
        name=name,
        stories=_with_several(articles, stories, rows),
        copies=copies,
        originals_elsewhere=originals_elsewhere,
        only_here=len(rows) - len(articles),
        only_there=len(stories.articles) - len(articles),
    )


def _copies(articles: Mapping[int, StoryArticle], stories: Stories) -> tuple[dict[int, int], dict[int, str]]:
    """Return what the copies among the articles repeat, and the headlines of originals that are not among them."""
    headlines = {_key(article): article.headline for article in stories.articles if article.copy_of is None}
    first = {_key(article): number for number, article in articles.items() if article.copy_of is None}
    copies, elsewhere = {}, {}
    for number, article in articles.items():
        if article.copy_of is None:
            continue
        original = article.story, str(article.copy_of)
        repeated = first.setdefault(original, number)
        if repeated != number:
            copies[number] = repeated
        else:
            elsewhere[number] = cut(headlines.get(original) or str(article.copy_of), MAX_STORY)
    return copies, elsewhere


def _key(article: StoryArticle) -> tuple[str | None, str]:
    """Return what `copy_of` finds an original by: ids of several inputs may be the same."""
    return article.story, str(article.id)


def _with_several(articles: Mapping[int, StoryArticle], stories: Stories, rows: Sequence[Row]) -> list[PageStory]:
    numbers: dict[str, list[int]] = {}
    for number, article in articles.items():
        if name := cut(article.story or "", MAX_ID):
            numbers.setdefault(name, []).append(number)
    headlines = {cut(story.id, MAX_ID): cut(story.headline, MAX_STORY) for story in stories.stories}
    several = [
        PageStory(name, headlines.get(name) or cut(rows[members[0]].headline, MAX_STORY), members)
        for name, members in numbers.items()
        if len(members) > 1
    ]
    return sorted(several, key=lambda story: (-len(story.numbers), story.id))
