"""Which of the places that a survey saw holds the articles: what looks most like articles, and no envelope of them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import log2

from newsmoe.ingest import other_languages
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.flattened import hold_several
from newsmoe.ingest.names import ALIASES, NOT_AN_ARTICLE, folded
from newsmoe.ingest.outlets import are_outlets
from newsmoe.ingest.places import ANY_KEY, ARRAY, LINES_OF_CELLS, Place, Steps
from newsmoe.ingest.surroundings import FEEDS
from newsmoe.ingest.survey import Node, Survey
from newsmoe.ingest.tables import tables_in

ENVELOPE_KEYS = (
    "articles", "items", "data", "results", "entries", "posts", "docs", "hits", "news", "stories", "records", "rows",
    "value", "values", "objects", "documents", "messages", "children", "edges", "nodes", "response", "feed", "channel",
    "list", "content", "@graph", "releases", *other_languages.ARTICLES,
)  # fmt: skip
"""Names that envelopes have for what they hold. `articles` always are the envelope's."""
USUAL_KEYS = ENVELOPE_KEYS[:4]
PARTS = frozenset({"children", "content", "value", "values", "nodes", "list", "response"})
"""Those of them that an article may have as well, for its comments or paragraphs."""
_ENVELOPES = frozenset(map(folded, ENVELOPE_KEYS))
RELATED = re.compile(rf"^more|^sections$|galler|embed|attach|breadcrumb|metatag|{NOT_AN_ARTICLE.pattern}")
"""Names of what an article may hold that looks like articles, and is not this article."""

HEADLINES = frozenset(map(folded, ALIASES["headline"]))
"""Names, folded, under which an object is a headline, and no article."""

BIAS = 2.0  # that such a name gives or takes
WHOLE = 2.0  # that a body gives to an object that may be an envelope
LONE = 2.5  # least score of an object that is in no array
COVERAGE = 0.5  # least number of articles in what an envelope holds, for each envelope
RIVAL = 0.7  # least score, compared with the articles that are read, of what is worth a message
SAME_SHAPE = 0.6  # least share of the keys that two arrays have in common, for both to be read


@dataclass
class Group:
    """Articles at one path, and those that are inside them."""

    steps: Steps
    node: Node
    inside: list["Group"] = field(default_factory=list)

    @property
    def weight(self) -> float:
        """How much the objects look like articles, with what the name says."""
        return self.node.mean + WHOLE * (2 * self.node.whole >= self.node.articles) + bias(self.steps)

    @property
    def rank(self) -> float:
        """What decides between groups of which none is inside the other: many articles count for more."""
        share = self.node.articles / max(1, self.node.objects)
        return self.weight * (1 + 0.1 * log2(self.node.articles)) * (0.5 + 0.5 * share)


@dataclass(frozen=True)
class Location:
    """The place of the articles, and what else looks like articles and is not read."""

    place: Place
    wrapper: Steps = ()  # of most articles
    unread: tuple[Steps, ...] = ()
    count: int | None = None  # of elements, where the survey has counted them
    stored: bool = False  # whether they are inside a text that is JSON

    @property
    def is_usual(self) -> bool:
        """Whether people expect the articles at this place."""
        paths = self.place.paths
        usual = {(), (ARRAY,), *((key, ARRAY) for key in USUAL_KEYS)}
        is_plain = self.place.layout == "objects" and not self.place.has_others and not self.stored
        return is_plain and not self.wrapper and {*paths} <= usual


def bias(steps: Sequence[str]) -> float:
    """Return what the last key of a path says for or against its being the articles' place."""
    key = next((step for step in reversed(steps) if step not in (ARRAY, ANY_KEY)), "").casefold()
    return BIAS if folded(key) in _ENVELOPES else -BIAS if RELATED.search(key) else 0.0


def locate(survey: Survey) -> Location:
    """Return where the articles are; the top level, or a usual array, where nothing looks like an article."""
    location = _locate(survey.root, survey.finder)
    place, node = location.place, survey.root
    (first, *_) = place.paths
    if place.layout == "objects" and any(hold_several(node.keys) for node in _elements(survey.root, place.paths)):
        return replace(location, place=replace(place, is_flattened=True))
    if not survey.is_whole or replace(place, around=()) != Place((first,)) or not first or first[-1] != ARRAY:
        return location
    for step in first[:-1]:
        if step in (ARRAY, ANY_KEY):
            return location
        node = node.children[step]
    return replace(location, count=node.values) if node.arrays == 1 and not node.objects else location


def _locate(root: Node, finder: FieldFinder) -> Location:
    if table := next(tables_in(root, finder), None):
        return Location(table)
    if root.arrays > 1 and not root.objects and finder.has_text(root.names):
        return Location(LINES_OF_CELLS)
    groups = _groups(root, ())
    groups = [group for group in groups if not _is_feed(group)] or groups
    if not groups:
        return Location(_without_articles(root))
    best = max(groups, key=lambda group: group.rank)
    read = [group for group in groups if group is best or _is_alike(group, best)]
    steps, is_grouped = _cut_at_groups([group.steps for group in read], root)
    paths = _collapsed(steps, root)
    rivals = [group for group in groups if group not in read and _is_rival(group.node, best.node)]
    others = [group.steps for group in (*rivals, *_inside(read)) if group.node.texts]
    unread = [path for path in others if not (is_grouped and any(path[: len(at)] == at for at in steps))]
    wrapper = best.node.wrappers.most_common(1)[0][0] if best.steps in steps else ()
    has_others = any(group.node.others for group in read)
    place = Place() if paths == ((ARRAY,),) else Place(paths, has_others=has_others)
    if has_others and place == Place():
        place = Place(((ARRAY,),), has_others=True)
    nodes = [node for steps in paths for node in _nodes_along(root, steps)]
    stored = any(node.stored for node in nodes)
    if outlets := _outlets(root, paths):
        place = replace(place, paths=paths, outlets=outlets)
    if len(paths) == 1 and (around := {name: value for node in nodes for name, value in node.around.items()}):
        place = replace(place, paths=paths, around=tuple(around.items()))
    place = replace(place, paths=paths, is_grouped=True) if is_grouped else place
    return Location(place, wrapper, tuple(unread), stored=stored)


def _cut_at_groups(paths: list[Steps], root: Node) -> tuple[list[Steps], bool]:
    """Return the paths, up to a list with groups of articles beside plain ones; tell whether there is such a list."""
    beginnings = {steps[:end] for steps in paths for end in range(len(steps) + 1) if steps[end - 1 : end] == (ARRAY,)}
    if root.objects > 1:
        beginnings.add(())  # JSON Lines
    lists = [at for at in beginnings if any(_has_groups(node, at in paths) for node in _nodes_at(root, at))]
    cut = {steps: next((at for at in sorted(lists, key=len) if steps[: len(at)] == at), steps) for steps in paths}
    return [*dict.fromkeys(cut.values())], bool(lists)


def _has_groups(node: Node, is_read: bool) -> bool:
    """Tell whether there are groups of articles at a node and others; if it `is_read`, also articles with a list."""
    return node.groups > 0 and node.apart > 0 and (is_read or node.groups == node.holders)


def _outlets(root: Node, paths: tuple[Steps, ...]) -> tuple[str, ...]:
    """Return the keys on the way to articles that are the names of their outlets."""
    keys = {(steps[:index], step) for steps in paths for index, step in enumerate(steps) if step != ARRAY}
    for before in dict.fromkeys(before for before, _ in keys):
        steps = {step for prefix, step in keys if prefix == before}
        beside = [node.children for node in _nodes_at(root, before)]
        names = {
            key: child
            for children in beside
            for key, child in children.items()
            if steps & {key, ANY_KEY} and folded(key) not in _ENVELOPES
        }
        if names and are_outlets({key: _hosts(child) for key, child in names.items()}):
            return tuple(names)
    return ()


def _hosts(node: Node) -> set[str]:
    """Return the hosts of the articles at and below a node."""
    return node.hosts.union(*map(_hosts, node.children.values()))


def _elements(root: Node, paths: tuple[Steps, ...]) -> Iterator[Node]:
    """Yield the nodes of the elements at some places, of which the top level may be an array."""
    for steps in paths:
        yield from (node.children.get(ARRAY, node) if not steps else node for node in _nodes_at(root, steps))


def _nodes_along(node: Node, steps: Steps) -> Iterator[Node]:
    """Yield the nodes on the way to a place."""
    for number in range(len(steps) + 1):
        yield from _nodes_at(node, steps[:number])


def _nodes_at(node: Node, steps: Steps) -> list[Node]:
    """Return the nodes at a place; several where it leads through any key."""
    nodes = [node]
    for step in steps:
        children = [inner.children for inner in nodes]
        nodes = [child for some in children for key, child in some.items() if step in (ANY_KEY, key)]
    return nodes


def _groups(node: Node, steps: Steps) -> list[Group]:
    """Return the groups of articles at and below a node, of which none is inside another."""
    if ANY_KEY in node.children:  # an object with so many keys is keyed by ids
        keyed = Node()
        for step in [step for step in node.children if step != ARRAY]:
            keyed.absorb(node.children.pop(step))
        node.children[ANY_KEY] = keyed
    below = [group for step, child in node.children.items() for group in _groups(child, (*steps, step))]
    is_lone = node.objects == 1 and ARRAY not in steps and ANY_KEY not in steps
    is_headline = bool(steps) and folded(steps[-1]) in HEADLINES
    here = Group(steps, node, below)
    if not node.articles or is_headline or (is_lone and node.mean < LONE) or (below and _is_feed(here)):
        return below
    inner = [
        group
        for group in below
        if group.node.articles >= COVERAGE * node.articles
        and (is_lone or bias(group.steps[len(steps) :]) >= 0)  # else what an article quotes, or links to
        and not _are_parts(group, node, is_lone)
        and not _is_a_value(group, steps, node)
        and group.steps[len(steps) :] != node.wrappers.most_common(1)[0][0]  # else what is around it would be lost
        and _is_in_most(group, group.steps[len(steps) :], node, is_lone)
    ]
    best = max(inner, key=lambda group: (group.weight, group.node.articles), default=None)
    outer = node.mean + WHOLE * (2 * node.whole >= node.articles)
    is_one_of_several = best is not None and is_lone and () not in node.wrappers and best.node.articles > 1
    return below if best is not None and (best.weight > outer - is_one_of_several) else [here]


def _is_feed(group: Group) -> bool:
    """Tell whether a single object is a feed, beside or around its entries."""
    return group.node.objects == 1 and bool(group.steps) and folded(group.steps[-1]) in FEEDS


def _is_a_value(group: Group, outer: Steps, node: Node) -> bool:
    """Tell whether objects without headlines, one in each article, are the texts of these."""
    is_single = ARRAY not in group.steps[len(outer) :] and ANY_KEY not in group.steps[len(outer) :]
    return is_single and not group.node.headed and 2 * node.texts >= node.articles


def _is_in_most(group: Group, inner: Steps, outer: Node, is_lone: bool) -> bool:
    """Tell whether most of the objects that may be envelopes have what is inside some; a single object, all of them."""
    key = next((step for step in inner if step not in (ARRAY, ANY_KEY)), None)
    if is_lone or key is None:
        return True
    is_single = ARRAY not in inner and ANY_KEY not in inner
    return group.node.objects >= outer.articles if is_single else 2 * outer.keys[key] > outer.objects


def _are_parts(group: Group, outer: Node, is_lone: bool) -> bool:
    """Tell whether objects without headlines, such as comments, belong to the articles with headlines around them."""
    if 2 * outer.headed < outer.articles or 2 * group.node.headed >= group.node.articles:
        return False
    key = next((step for step in reversed(group.steps) if step not in (ARRAY, ANY_KEY)), "").casefold()
    return not is_lone or folded(key) not in _ENVELOPES or key in PARTS


def _inside(groups: Sequence[Group]) -> Iterator[Group]:
    """Yield what is inside articles and looks like articles with a body, but is not read as their content."""
    for group in groups:
        for inner in group.inside:
            keys = tuple(step for step in inner.steps[len(group.steps) :] if step != ARRAY)
            is_read = any(keys[: len(path)] == path[: len(keys)] for path in group.node.content_paths if path)
            if inner.node.whole and not is_read:
                yield inner


def _is_rival(node: Node, best: Node) -> bool:
    """Tell whether objects look nearly as much like articles; a single one with a teaser may be of the whole feed."""
    return node.mean > RIVAL * best.mean and (node.objects > 1 or node.whole > 0)


def _is_alike(group: Group, best: Group) -> bool:
    """Tell whether a group's objects have the keys of the best one's."""
    if bias(group.steps) < 0 <= bias(best.steps):
        return False
    first, second = (
        {key for key, count in node.keys.items() if 2 * count >= node.objects} for node in (group.node, best.node)
    )
    are_whole = all(node.whole == node.objects for node in (group.node, best.node))
    return len(first & second) >= (SAME_SHAPE if not are_whole else SAME_SHAPE / 2) * len(first | second)


def _collapsed(paths: list[Steps], root: Node) -> tuple[Steps, ...]:
    """Return the paths with `*` for a key where all arrays or objects beside it are read too."""
    for steps in paths:
        for index, step in enumerate(steps):
            before, after = steps[:index], steps[index + 1 :]
            siblings = [path for path in paths if path[:index] == before and path[index + 1 :] == after]
            beside = {key for node in _nodes_at(root, before) for key in node.children}
            if len(siblings) > 1 and step != ARRAY and len(siblings) == len(beside):
                others = [path for path in paths if path not in siblings]
                return (
                    _collapsed([*others, (*before, ANY_KEY, *after)], root) if others else ((*before, ANY_KEY, *after),)
                )
    return tuple(paths)


def _without_articles(root: Node) -> Place:
    """Return the usual array of an envelope, where nothing in it looks like an article."""
    arrays = [key for key in USUAL_KEYS if key in root.children and root.children[key].arrays]
    if root.objects != 1 or root.arrays or not arrays:
        return Place()
    key = next((key for key in arrays if root.children[key].values), arrays[0])
    return Place() if root.contents and key != USUAL_KEYS[0] else Place(((key, ARRAY),))
