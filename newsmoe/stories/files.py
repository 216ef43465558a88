"""From files of articles to a file of stories."""

import logging
import os
from collections.abc import Callable, Container, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from glob import has_magic
from itertools import islice
from pathlib import Path

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import OutputError
from newsmoe.ingest.discovery import discover
from newsmoe.ingest.own_output import RECORDS, own_output
from newsmoe.ingest.remote import file_name, is_url
from newsmoe.ingest.source import open_input
from newsmoe.jobs.inputs import needs_all, readable_inputs, refuse_overwriting
from newsmoe.output.atomic import remove_leftovers
from newsmoe.output.formats import STDOUT, write_output
from newsmoe.output.lock import output_lock
from newsmoe.paths import ending_in_name, short_name, stem_of
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.device import Device
from newsmoe.settings.model import Settings
from newsmoe.stories.build import Element, element_of, stories_of
from newsmoe.stories.features import StoryFeatureReader
from newsmoe.stories.grouping import Member, assign
from newsmoe.stories.moods import Moods, articles_of, mood_key, read_moods, records_beside
from newsmoe.stories.state import load_state, remove_state, save_state, state_of
from newsmoe.story import Stories

BATCH = 64  # articles whose texts are in memory

Item = tuple[Article | InvalidItem, str | None]
"""An element of the input, and its mood."""

_logger = logging.getLogger(__name__)


@dataclass
class MadeStories:
    """What was made.

    Attributes:
        stories: all, also those of earlier runs.
        new: how many articles were added.
        unreadable: inputs that cannot be read, with the reason.
    """

    stories: Stories
    new: int
    unreadable: dict[str, str] = field(default_factory=dict)

    @property
    def failed(self) -> int:
        """How many elements are no articles."""
        return sum(article.error is not None for article in self.stories.articles)


def default_stories(name: str) -> Path:
    """Return where the stories of an input go: `stories_news_data.json` beside `news-data.json`.

    Those of a URL, and of what a pattern matches, go to the working directory.
    """
    if name == "-":
        return STDOUT
    path = ending_in_name(Path(file_name(name) if is_url(name) else name))
    if has_magic(name) and not path.exists():
        return Path("stories.json")
    return path.with_name(f"stories_{short_name(stem_of(path).replace('-', '_'))}.json")


def make_stories(
    inputs: Sequence[str],
    output: Path,
    settings: Settings,
    *,
    records: Sequence[Path] = (),
    append: bool = False,
    wait: bool = False,
    strict: bool = False,
    report: Callable[[str, int, int], None] = lambda what, done, of: None,
) -> MadeStories:
    """Find the stories of the articles in some files, and write them.

    With `append` the stories of earlier runs stay, and articles that are new join them or open others. Moods are
    read from `records`, else from what `newsmoe analyze` wrote beside the inputs. `report` is told what is going on,
    how many are done, and of how many.

    Raises:
        NewsmoeError: it could not be done; the output is as it was.
    """
    state = state_of(output)
    discovery = discover(inputs, [output, state])
    is_strict = needs_all(discovery, strict=strict)
    refuse_overwriting([*discovery.files, *map(str, records)], [output, state])
    with ExitStack() as stack:
        if output != STDOUT:
            stack.enter_context(output_lock(output, wait=wait))
            remove_leftovers(output)
        elements = _existing(output, state) if append else []
        old = len(elements)
        moods = read_moods(records or records_beside(discovery.files))
        unreadable = dict(discovery.unreadable)
        sources = list(
            readable_inputs(discovery.files, lambda name: _opened(name, settings, stack), unreadable, strict=is_strict)
        )
        elements += _new_elements(sources, moods, {element.identity for element in elements}, settings, report)
        members = [element.member for element in elements]
        assign(list(filter(None, members[old:])), list(filter(None, members[:old])))
        if append:
            save_state(state, elements, old)
        _warn_of_equal_ids(elements)
        stories = stories_of(elements)
        write_output(output, _as_json(stories))
        if not append and output != STDOUT:
            remove_state(state)  # of stories that are no more
    return MadeStories(stories, len(elements) - old, unreadable)


def _warn_of_equal_ids(elements: Sequence[Element]) -> None:
    if repeated := len(elements) - len({element.id for element in elements}):
        _logger.warning(
            "articles with an id that another one has: %s; `members` and `copy_of` name articles by their ids, so"
            " they do not say which of these is meant",
            f"{repeated:,}",
        )


def _existing(output: Path, state: Path) -> list[Element]:
    """Return the elements of earlier runs, which there must be where there is an output."""
    if output == STDOUT:
        raise OutputError("--append cannot add to standard output; name a file with -o")
    if output.exists() and not state.exists():
        raise OutputError(
            f"{output}: there is no state beside it ({state.name}) to add to; remove it, and run the command with"
            " --append from the first time on"
        )
    return load_state(state)


@dataclass(frozen=True)
class _Input:
    """An input that can be read: its items, how many there are, and what logs its notices when they were read."""

    items: Iterable[Item]
    count: int
    log_notices: Callable[[], object]


def _opened(name: str, settings: Settings, stack: ExitStack) -> _Input:
    """Return an input, which is open until `stack` ends."""
    if os.path.isfile(name) and own_output(Path(name)) == RECORDS:
        pairs = list(articles_of(Path(name)))
        _logger.info("%s: holds records; their headlines and summaries are compared instead of articles", name)
        return _Input(pairs, len(pairs), list)
    source = stack.enter_context(open_input(name, settings))
    return _Input(((item, None) for item in source.articles()), source.count, source.log_notices)


def _new_elements(
    inputs: Sequence[_Input],
    moods: Moods,
    existing: Container[tuple[str, str]],
    settings: Settings,
    report: Callable[[str, int, int], None],
) -> list[Element]:
    """Return the elements of the inputs that do not exist yet, with what is compared of them."""
    # a window at a time: with others beside it, a window's vector differs in its last digits
    device = Device(settings.device, settings.threads, batch_tokens=1).resolve()
    reader = StoryFeatureReader(BackbonePool().backbone(device))
    total, done = sum(source.count for source in inputs), 0
    elements: list[Element] = []
    for source in inputs:
        items = iter(source.items)
        while batch := list(islice(items, BATCH)):
            pairs = [(element_of(item, mood or moods.get(mood_key(item.id, item.url))), item) for item, mood in batch]
            pairs = [(element, item) for element, item in pairs if element.identity not in existing]
            _add_members(pairs, reader)
            elements += [element for element, _ in pairs]
            done += len(batch)
            if done < total:
                report("reading", done, total)
        source.log_notices()
    return elements


def _add_members(pairs: Sequence[tuple[Element, Article | InvalidItem]], reader: StoryFeatureReader) -> None:
    """Give the elements that have a text a place among the stories, which is not assigned yet."""
    with_text = [
        (element, item) for element, item in pairs if isinstance(item, Article) and (item.headline or item.content)
    ]
    for (element, _), features in zip(with_text, reader.features([item for _, item in with_text]), strict=True):
        element.member = Member(element.key, features, element.origin)


def _as_json(stories: Stories) -> str:
    """Return the output as JSON, with a line for each story and each article."""
    rows = [",".join(f"\n{row.model_dump_json()}" for row in rows) for rows in (stories.stories, stories.articles)]
    return f'{{\n"stories": [{rows[0]}\n],\n"articles": [{rows[1]}\n]\n}}\n'
