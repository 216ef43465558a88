"""From elements of the input, and where they belong, to what is written."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from newsmoe.article import Article, InvalidItem
from newsmoe.stories.grouping import Member, centrality
from newsmoe.story import Day, Identifier, Stories, Story, StoryArticle
from newsmoe.text.dates import moment_of

MAX_OUTLET = 200  # characters


@dataclass(eq=False)
class Element:
    """One element of the input.

    Attributes:
        key: hash of its text, or of why it is no article.
        outlet: the source, else the host of the URL; empty where neither is known.
        mood: the verdict on its sentiment; None where there is no record of it.
        error: why it is no article, else None.
        member: its place among the stories; None where it has no text.
    """

    key: str
    id: Identifier
    headline: str | None
    url: str | None
    source: str | None
    outlet: str
    publication_date: str | None
    mood: str | None
    error: str | None
    member: Member | None = None

    @property
    def origin(self) -> str:
        """Where the element comes from."""
        return json.dumps([self.id, self.url, self.headline, self.source, self.publication_date])

    @property
    def identity(self) -> tuple[str, str]:
        """What tells the element from others."""
        return self.key, self.origin

    @property
    def day(self) -> str | None:
        """The day of publication, where it was published."""
        moment = moment_of(self.publication_date)
        return moment.date().isoformat() if moment else None


def element_of(item: Article | InvalidItem, mood: str | None) -> Element:
    """Return the element of an item, with no place among the stories."""
    if isinstance(item, InvalidItem):
        return Element(item.key, item.id, item.headline, item.url, None, "", None, None, item.message)
    outlet = (item.source or item.url_host.removeprefix("www."))[:MAX_OUTLET]
    date = item.publication_date
    return Element(item.key, item.id, item.headline, item.url, item.source, outlet, date, mood, None)


def stories_of(elements: Sequence[Element]) -> Stories:
    """Return the stories of elements whose members are assigned."""
    by_story: dict[str, list[Element]] = {}
    ids: dict[int, Identifier] = {}
    for element in elements:
        if element.member is not None:
            by_story.setdefault(element.member.story, []).append(element)
            ids[id(element.member)] = element.id
    stories = [_story(name, members) for name, members in by_story.items()]
    stories.sort(key=lambda story: (-story.articles, story.id))
    return Stories(stories=stories, articles=[_article(element, ids) for element in elements])


def _article(element: Element, ids: Mapping[int, Identifier]) -> StoryArticle:
    member = element.member
    return StoryArticle(
        id=element.id,
        headline=element.headline,
        url=element.url,
        source=element.source,
        publication_date=element.publication_date,
        story=member.story if member else None,
        copy_of=ids[id(member.original)] if member and member.original else None,
        error=element.error,
    )


def _story(name: str, elements: list[Element]) -> Story:
    pairs = [(element, element.member) for element in elements if element.member is not None]
    pairs.sort(key=lambda pair: pair[1].time_order)
    elements = [element for element, _ in pairs]
    outlets = Counter(element.outlet for element in elements if element.outlet)
    by_day: dict[str, list[Element]] = {}
    for element in elements:
        if day := element.day:
            by_day.setdefault(day, []).append(element)
    days = sorted(by_day)
    return Story(
        id=name,
        headline=_headline(pairs),
        articles=len(elements),
        copies=sum(member.original is not None for _, member in pairs),
        outlets=sorted(outlets, key=lambda outlet: (-outlets[outlet], outlet)),
        first=days[0] if days else None,
        last=days[-1] if days else None,
        mood=_moods(elements),
        days={day: Day(articles=len(by_day[day]), mood=_moods(by_day[day])) for day in days},
        members=[element.id for element in elements],
    )


def _moods(elements: Iterable[Element]) -> dict[str, int]:
    counts = Counter(element.mood for element in elements if element.mood)
    return {mood: counts[mood] for mood in sorted(counts)}


def _headline(pairs: Sequence[tuple[Element, Member]]) -> str:
    """Return the headline of the most central original that has one."""
    originals = [pair for pair in pairs if pair[1].original is None] or pairs
    ranked = np.argsort(-centrality([member for _, member in originals]), kind="stable")
    headlines = (originals[number][0].headline for number in ranked.tolist())
    return next((headline for headline in headlines if headline), "")
