"""A first look through a JSON document: where in it are the objects that look most like articles."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from newsmoe.ingest.evidence import is_address
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.groups import group_in, keys_of_articles
from newsmoe.ingest.json_buffer import Buffer
from newsmoe.ingest.likeness import likeness_of
from newsmoe.ingest.places import ANY_KEY, ARRAY, Steps
from newsmoe.ingest.stored import object_in, stored_value
from newsmoe.ingest.surroundings import Surroundings, of_object

SAMPLED = 20  # elements of an array that are looked at; of the later ones some
NAMED = 200  # keys of an object that are told apart; an object with more is keyed by ids
MAX_DEPTH = 30
MAX_COLUMNS, MAX_NAME = 200, 60  # of a row of names
NAMES = ("label", "name", "Name", "id")
"""Keys of the name in an object about a column."""
MIN_TEXT, TITLE_WORDS = 150, 4  # characters of a text, and words of the title that it stands under


@dataclass
class Node:
    """What was seen at one path."""

    objects: int = 0
    arrays: int = 0
    values: int = 0  # in the arrays, or the objects, here
    scalars: int = 0  # of these
    stored: int = 0  # objects and arrays here that stood in a text as JSON
    articles: int = 0
    texts: int = 0  # articles with a content
    whole: int = 0  # articles with a body
    headed: int = 0  # articles with a headline of their own
    score: float = 0.0  # of the articles
    contents: int = 0  # objects with any words for a content
    collections: int = 0  # objects that hold texts under their URLs or titles
    others: int = 0  # objects that say that they are no articles
    holders: int = 0  # objects that hold a list of articles
    groups: int = 0  # of these, those that are no articles
    apart: int = 0  # articles that hold no such list, and those beside the list of a group
    keys: Counter[str] = field(default_factory=Counter)
    hosts: set[str] = field(default_factory=set)  # of the articles' URLs
    wrappers: Counter[tuple[str, ...]] = field(default_factory=Counter)
    content_paths: set[tuple[str, ...]] = field(default_factory=set)
    names: tuple[str, ...] = ()  # of the first row of names here
    around: Surroundings = field(default_factory=dict)  # what a long object says of the articles in it
    children: dict[str, "Node"] = field(default_factory=dict)

    def child(self, step: str) -> "Node":
        """Return the node for a step from here."""
        return self.children.setdefault(step, Node())

    def absorb(self, other: "Node") -> None:
        """Add what was seen at another path."""
        for name, count in vars(other).items():
            if isinstance(count, int | float):
                setattr(self, name, getattr(self, name) + count)
        self.keys.update(other.keys)
        self.wrappers.update(other.wrappers)
        self.content_paths |= other.content_paths
        self.hosts |= other.hosts
        self.names = self.names or other.names
        for step, child in other.children.items():
            self.child(step).absorb(child)

    @property
    def mean(self) -> float:
        """The score of an article here."""
        return self.score / self.articles if self.articles else 0.0

    @property
    def seen(self) -> str:
        """What was seen, for a message."""
        return "objects" if self.objects else "arrays" if self.arrays else "no objects"

    def paths(self, steps: Steps = ()) -> Iterator[tuple[Steps, "Node"]]:
        """Yield the paths to all arrays, and what is in them."""
        if self.arrays:
            yield (*steps, ARRAY), self.children.get(ARRAY, Node())
        for step, child in self.children.items():
            yield from child.paths((*steps, step))


class Survey:
    """Collects what is where in a document."""

    def __init__(self, finder: FieldFinder) -> None:
        self.finder = finder
        self.root = Node()
        self.documents = 0  # looked at, if there are several one after the other
        self.is_whole = False  # a single document, read to its end

    def read(self, buffer: Buffer, node: Node | None = None, depth: int = 0) -> None:
        """Look through the value that starts here; of a long one only a part is in memory at a time."""
        node = node or self.root
        opening = buffer.peek()
        if opening not in ("[", "{") or depth > MAX_DEPTH:
            value = buffer.value()
            inner = stored_value(value) if isinstance(value, str) else value
            node.stored += inner is not value
            self.add(inner, node, depth)
            return
        is_small, value = buffer.small_value()
        if is_small:
            self.add(value, node, depth)
        else:
            self._read_long(buffer, node, depth)

    def add(self, value: Any, node: Node, depth: int = 0) -> None:
        """Look through a decoded value."""
        if depth > MAX_DEPTH:
            return
        if isinstance(value, dict):
            self._add_object(value, node)
            for number, (key, inner) in enumerate(value.items()):
                self._add_inner(inner, node, key if number < NAMED else ANY_KEY, number, depth)
            self._add_texts(value, node, depth)
        elif isinstance(value, list):
            node.arrays += 1
            node.names = node.names or _names(value)
            for number, inner in enumerate(value):
                self._add_inner(inner, node, ARRAY, number, depth)

    def _add_inner(self, value: Any, node: Node, step: str, number: int, depth: int) -> None:
        node.values += 1
        if isinstance(value, dict | list):
            child = node.child(step)
            if is_sampled(number) or step not in (ARRAY, ANY_KEY):
                self.add(value, child, depth + 1)
        else:
            self._add_scalar(value, node, step, number, depth)

    def _add_scalar(self, value: Any, node: Node, step: str, number: int, depth: int) -> None:
        node.scalars += 1
        if step == ARRAY and is_sampled(number):
            self._add_stored(object_in(value), node, step, depth)

    def _add_texts(self, value: Mapping[str, Any], node: Node, depth: int) -> None:
        """Look at what stands as JSON in the texts of an object, unless a headline shows that they are an article's."""
        texts = [(key, text) for key, text in value.items() if isinstance(text, str) and text[:1] in ("{", "[")]
        if texts and not any(self.finder.shape(value).headlines):
            for key, text in texts[:NAMED]:
                self._add_stored(stored_value(text), node, key, depth)

    def _add_stored(self, value: Any, node: Node, step: str, depth: int) -> None:
        if isinstance(value, dict | list):
            node.child(step).stored += 1
            self.add(value, node.child(step), depth + 1)

    def _add_object(self, value: Mapping[str, Any], node: Node) -> None:
        node.objects += 1
        node.keys.update(islice(value, MAX_COLUMNS))
        likeness = likeness_of(value, self.finder)
        if likeness.is_article:
            node.articles += 1
            node.texts += likeness.has_text
            node.whole += likeness.is_whole
            node.headed += likeness.has_headline
            node.score += likeness.score
            node.wrappers[likeness.wrapper] += 1
            node.content_paths.add(likeness.content_path)
            if likeness.host:
                node.hosts.add(likeness.host)
        is_holder = bool(keys_of_articles(value))
        group = group_in(value) if is_holder else None
        node.holders += is_holder
        node.groups += group is not None
        node.apart += group.has_lead if group else likeness.is_article and not is_holder
        node.contents += likeness.has_content
        node.collections += _holds_texts(value)
        node.others += likeness.is_other

    def _read_long(self, buffer: Buffer, node: Node, depth: int) -> None:
        if depth > MAX_DEPTH:
            buffer.skip()
        elif buffer.peek() == "[":
            self._read_array(buffer, node, depth)
        else:
            self._read_object(buffer, node, depth)

    def _read_array(self, buffer: Buffer, node: Node, depth: int) -> None:
        node.arrays += 1
        for number, _ in enumerate(buffer.items()):
            self.read_inner(buffer, node, ARRAY, number, depth)

    def _read_object(self, buffer: Buffer, node: Node, depth: int) -> None:
        """Look at an object member by member; it may be an article with something long in it."""
        members: dict[str, Any] = {}
        for number, key in enumerate(buffer.members()):
            value = self.read_inner(buffer, node, key if number < NAMED else ANY_KEY, number, depth)
            if number < MAX_COLUMNS:
                members[key] = value
        node.around = of_object(members)
        self._add_object(members, node)
        self._add_texts(members, node, depth)

    def read_inner(self, buffer: Buffer, node: Node, step: str, number: int, depth: int = 0) -> Any:
        """Look at a value inside another, and return it if it is no long array or object."""
        node.values += 1
        if buffer.peek() not in ("[", "{"):
            value = buffer.value()
            self._add_scalar(value, node, step, number, depth)
            return value
        child = node.child(step)
        if not is_sampled(number) and step in (ARRAY, ANY_KEY):
            buffer.skip()
            return None
        is_small, value = buffer.small_value()
        if is_small:
            self.add(value, child, depth + 1)
            return value
        self._read_long(buffer, child, depth + 1)
        return None


def is_sampled(number: int) -> bool:
    """Tell whether a value is looked at, by its place among its neighbours."""
    return number < SAMPLED or number & (number - 1) == 0


def _holds_texts(value: Mapping[str, Any]) -> bool:
    """Tell whether each member of an object is a long text under a URL or a title."""
    are_texts = all(isinstance(text, str) and len(text) >= MIN_TEXT for text in value.values())
    if len(value) < 2 or not are_texts:
        return False
    return all(map(is_address, value)) or all(len(name.split()) >= TITLE_WORDS for name in value)


def _names(values: list[Any]) -> tuple[str, ...]:
    """Return the values of an array, or the names in its objects, if they may be the names of columns."""
    values = [
        next((value[key] for key in NAMES if value.get(key)), None) if isinstance(value, dict) else value
        for value in values[: MAX_COLUMNS + 1]
    ]
    if 1 < len(values) <= MAX_COLUMNS and all(isinstance(name, str) and 0 < len(name) <= MAX_NAME for name in values):
        return tuple(values)
    return ()
