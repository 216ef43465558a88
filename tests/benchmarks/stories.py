"""How well copies and stories are found, and how long that takes beyond the articles' vectors.

    python -m tests.benchmarks.stories copies ARTICLES.json [--sources 100] [--seed 0]
    python -m tests.benchmarks.stories events CLUSTERS.jsonl [--among ARTICLES.json --others 400]
    python -m tests.benchmarks.stories size [--articles 100000]

`copies` makes copies of some of the articles: abridged, reordered, padded, in British or American spelling, with
another headline and dateline, mostly several of these; it mixes them with all articles and prints precision, recall
and F1 of the pairs of copies, and which of the untouched articles are said to be copies. `events` compares stories
with the key `story` of each article, by B-cubed figures: all at once, in another order, and one by one in the order of
time. With `--among`, also all at once with other articles, of which few report the same event, and how many of these
are in a story with others nevertheless. `size` clusters made-up vectors and words in stories of 1 to 60 reports over a
year; some of the reports have copies.
"""

import argparse
import random
import re
import resource
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations
from statistics import mean
from time import perf_counter, process_time

import numpy as np

from newsmoe.article import Article
from newsmoe.ingest.source import open_source
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.device import Device
from newsmoe.stories.features import SKETCH, StoryFeatureReader, StoryFeatures, unit_or_zero
from newsmoe.stories.grouping import Member, assign
from newsmoe.text.sentences import split_sentences

_SPELLINGS = (
    "colour/color favour/favor honour/honor labour/labor behaviour/behavior neighbour/neighbor rumour/rumor"
    " harbour/harbor humour/humor favourite/favorite centre/center theatre/theater metre/meter organise/organize"
    " organised/organized organisation/organization organisations/organizations realise/realize realised/realized"
    " recognise/recognize recognised/recognized criticised/criticized analyse/analyze defence/defense offence/offense"
    " licence/license travelled/traveled cancelled/canceled labelled/labeled programme/program programmes/programs"
    " catalogue/catalog dialogue/dialog grey/gray cheque/check tyre/tire aluminium/aluminum sceptical/skeptical"
    " plough/plow storey/story fulfil/fulfill enrol/enroll"
)
SPELLINGS = dict(pair.split("/") for pair in _SPELLINGS.split())
NOTICES = (
    "Read more on our website and follow us for updates through the day.",
    "This is a developing story and will be updated as more details become available.",
    "Sign up for our newsletter to receive the day's most important stories in your inbox.",
    "Additional reporting by our correspondents in the region.",
    "The agency's reporters contributed to this article from several cities.",
)
PLACES = ("LONDON (Agency) -", "NEW YORK --", "By our staff reporter |", "Updated 14:30 GMT.", "SYDNEY, Monday -")
HEADS = ("What we know so far:", "Update:", "Report:", "In brief:", "")
OFTEN = {"abridge": 0.6, "reorder": 0.3, "pad": 0.4, "spell": 0.5, "head": 0.9, "dateline": 0.6}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    copies = commands.add_parser("copies")
    copies.add_argument("articles")
    copies.add_argument("--sources", type=int, default=100)
    copies.add_argument("--seed", type=int, default=0)
    copies.set_defaults(run=lambda options: measure_copies(options.articles, options.sources, options.seed))
    events = commands.add_parser("events")
    events.add_argument("articles")
    events.add_argument("--among")
    events.add_argument("--others", type=int, default=400)
    events.set_defaults(run=lambda options: measure_events(options.articles, options.among, options.others))
    size = commands.add_parser("size")
    size.add_argument("--articles", type=int, default=100_000)
    size.set_defaults(run=lambda options: measure_size(options.articles))
    options = parser.parse_args()
    options.run(options)


def read(path: str) -> list[Article]:
    with open_source(path) as source:
        return [item for item in source.articles() if isinstance(item, Article)]


def members_of(articles: Sequence[Article]) -> list[Member]:
    reader = StoryFeatureReader(BackbonePool().backbone(Device(batch_tokens=1)))
    return [
        Member(article.key, *reader.features([article]), origin=f"{number:06}")
        for number, article in enumerate(articles)
    ]


def measure_copies(path: str, sources: int, seed: int) -> None:
    articles = read(path)
    chance = random.Random(seed)
    made: list[tuple[int, str, Article]] = []
    for number in chance.sample(range(len(articles)), sources):
        for _ in range(chance.randint(1, 3)):
            changes = [name for name, share in OFTEN.items() if chance.random() < share]
            other = chance.choice(articles)
            made.append((number, "+".join(changes) or "none", changed(articles[number], other, changes, chance)))
    groups = [*range(len(articles)), *(number for number, _, _ in made)]
    members = members_of([*articles, *(article for _, _, article in made)])
    assign(members)
    roots = [id(member.original or member) for member in members]
    predicted, true = pairs_of(roots), pairs_of(groups)
    untouched = {pair for pair in predicted if max(pair) < len(articles)}
    predicted -= untouched
    hits = len(predicted & true)
    precision, recall = hits / max(1, len(predicted)), hits / max(1, len(true))
    print(f"{len(articles)} articles, {len(made)} copies of {sources} of them, {len(true)} pairs of copies")
    print(f"precision {precision:.3f}, recall {recall:.3f}, F1 {2 * hits / (len(predicted) + len(true)):.3f}")
    lost = Counter(made[max(pair) - len(articles)][1] for pair in true - predicted)
    print(f"pairs that were missed, by the changes: {dict(lost.most_common(5))}")
    print(f"pairs of untouched articles that are said to be copies: {len(untouched)}")
    for left, right in sorted(untouched):
        similarity = members[left].features.similarity(members[right].features)
        print(f"  {articles[left].id} {articles[right].id}: {similarity:.2f}")


def changed(article: Article, other: Article, changes: Iterable[str], chance: random.Random) -> Article:
    """Return a copy of an article with some changes; what is added comes from notices and another article."""
    sentences, headline = split_sentences(article.content, "en"), article.headline
    if "abridge" in changes:
        share = chance.uniform(0.35, 0.85)
        wanted = max(3, int(share * len(sentences)))
        if chance.random() < 0.5:
            sentences = sentences[:wanted]
        else:
            sentences = [
                sentences[number]
                for number in sorted(chance.sample(range(len(sentences)), min(wanted, len(sentences))))
            ]
    if "reorder" in changes:
        chance.shuffle(sentences)
    if "pad" in changes:
        extra = split_sentences(other.content, "en")
        start = chance.randrange(max(1, len(extra)))
        added = [*chance.sample(NOTICES, 2), *extra[start : start + max(1, len(sentences) // 3)]]
        sentences = [*added[:1], *sentences, *added[1:]] if chance.random() < 0.3 else [*sentences, *added]
    if "head" in changes:
        first = chance.choice(split_sentences(article.content, "en")[:3]).split()
        headline = f"{chance.choice(HEADS)} {' '.join(first[: chance.randint(5, 9)])}".strip()
    if "dateline" in changes:
        sentences[0] = f"{chance.choice(PLACES)} {sentences[0]}"
    content = "\n\n".join(" ".join(sentences[place : place + 3]) for place in range(0, len(sentences), 3))
    return replace(article, headline=headline, content=spelled(content) if "spell" in changes else content)


def spelled(text: str) -> str:
    """Return a text with its British spellings as American ones, and the other way round."""
    table = SPELLINGS | {american: british for british, american in SPELLINGS.items()}

    def respell(match: re.Match[str]) -> str:
        word = table.get(match[0].lower(), match[0])
        return word.capitalize() if match[0][0].isupper() else word

    return re.sub(r"[A-Za-z]+", respell, text)


def pairs_of(groups: Sequence[int]) -> set[tuple[int, int]]:
    numbers: dict[int, list[int]] = defaultdict(list)
    for number, group in enumerate(groups):
        numbers[group].append(number)
    return {pair for members in numbers.values() for pair in combinations(members, 2)}


def measure_events(path: str, among: str | None, count: int) -> None:
    articles = read(path)
    gold = [str(article.extra["story"]) for article in articles]
    members = members_of(articles)
    assign(members)
    at_once = [member.story for member in members]
    print(f"{len(articles)} articles, {len(set(gold))} events; {len(set(at_once))} stories")
    print(f"all at once:       {b_cubed(at_once, gold)}")
    shuffled = [Member(member.key, member.features, member.origin) for member in members]
    assign(random.Random(0).sample(shuffled, len(shuffled)))
    print(f"in another order:  {'the same' if [member.story for member in shuffled] == at_once else 'ANOTHER RESULT'}")
    for name, order in (
        ("one by one", sorted(range(len(members)), key=lambda number: members[number].time_order)),
        ("in any order", random.Random(1).sample(range(len(members)), len(members))),
    ):
        single = [Member(member.key, member.features, member.origin) for member in members]
        existing: list[Member] = []
        for number in order:
            assign([single[number]], existing)
            existing.append(single[number])
        print(f"{name + ':':<18} {b_cubed([member.story for member in single], gold)}")
    if among:
        measure_among(members, gold, read(among), count)


def measure_among(members: Sequence[Member], gold: Sequence[str], articles: Sequence[Article], count: int) -> None:
    others = members_of(random.Random(0).sample([article for article in articles if article.headline], count))
    mixed = [Member(member.key, member.features, member.origin) for member in (*members, *others)]
    assign(mixed)
    stories = [member.story for member in mixed]
    figures = b_cubed(stories, [*gold, *(f"other {number}" for number in range(count))], len(gold))
    print(f"{f'among {count}:':<18} {figures}")
    sizes = Counter(stories)
    joined = sum(sizes[story] > 1 for story in stories[len(gold) :])
    print(f"{joined} of the {count} others are in a story with another article")


def b_cubed(predicted: Sequence[str], gold: Sequence[str], first: int | None = None) -> str:
    """Return B-cubed precision, recall and F1 of the first articles, or of all."""
    pairs = list(zip(predicted, gold, strict=True))
    both, sizes, true = Counter(pairs), Counter(predicted), Counter(gold)
    precision = mean(both[pair] / sizes[pair[0]] for pair in pairs[:first])
    recall = mean(both[pair] / true[pair[1]] for pair in pairs[:first])
    return f"precision {precision:.3f}, recall {recall:.3f}, F1 {2 * precision * recall / (precision + recall):.3f}"


def measure_size(count: int) -> None:
    members = list(made_up(count))
    before = peak()
    started, worked = perf_counter(), process_time()
    assign(members)
    seconds, worked = perf_counter() - started, process_time() - worked
    stories = len({member.story for member in members})
    copies = sum(member.original is not None for member in members)
    print(f"{count} articles: {stories} stories, {copies} copies")
    print(f"{seconds:.0f} s, {worked:.0f} s of processor time")
    print(f"peak memory {peak():.0f} MB, of which {before:.0f} MB before it began")


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def made_up(count: int) -> Iterable[Member]:
    """Yield made-up articles: topics, stories in them, reports of these, and copies of some reports."""
    numbers = np.random.default_rng(0)
    width = 640
    topics = numbers.normal(size=(200, width))
    made = 0
    while made < count:
        story = (
            unit_or_zero(topics[numbers.integers(len(topics))]) * 0.6 + unit_or_zero(numbers.normal(size=width)) * 0.55
        )
        day = numbers.uniform(0, 365)
        for _ in range(min(60, int(numbers.pareto(1.2)) + 1)):
            report = unit_or_zero(story) + unit_or_zero(numbers.normal(size=width)) * 0.6
            words = np.unique(numbers.integers(0, 2**32, int(numbers.uniform(80, 900)), dtype=np.uint32))
            for copy in range(1 if numbers.random() < 0.9 else int(numbers.integers(2, 5))):
                share = words if not copy else np.sort(numbers.choice(words, int(len(words) * 0.8), replace=False))
                vector = unit_or_zero(report + unit_or_zero(numbers.normal(size=width)) * 0.2).astype(np.float16)
                features = StoryFeatures(
                    vector, share[:SKETCH], len(share), 700_000 + day + float(numbers.exponential(1))
                )
                if made == count:
                    return
                made += 1
                yield Member(f"{made:064}", features, str(made))


if __name__ == "__main__":
    main()
