from collections import defaultdict
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from newsmoe import Article
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.reading import (
    HEADLINE,
    LEAD_SENTENCES,
    MAX_CHARACTERS,
    WINDOW_TOKENS,
    Reading,
    Span,
    Window,
    read_article,
)

SENTENCES = st.lists(
    st.text(st.characters(codec="utf-8"), max_size=60)
    | st.sampled_from(["A storm hit the coast.", "Antidisestablishmentarianism!", "新闻新闻。", "word " * 90]),
    max_size=8,
).map(" ".join)


@pytest.fixture(scope="module")
def tokenizer(quick_backbone: Backbone) -> Tokenizer:
    """The real tokenizer, without its own limits."""
    return quick_backbone.tokenizer


def ids_of(window: Window) -> list[int]:
    return list(memoryview(window.ids).cast("i"))


def ids_by_sentence(reading: Reading) -> dict[int, list[int]]:
    """Put the pieces of each sentence together again."""
    ids: defaultdict[int, list[int]] = defaultdict(list)
    for window in reading.windows:
        for span in window.spans:
            ids[span.sentence] += ids_of(window)[span.start : span.end]
    return dict(ids)


@given(SENTENCES, SENTENCES, st.integers(1, 60))
def test_every_token_of_every_sentence_is_in_exactly_one_span(
    tokenizer: Tokenizer, headline: str, content: str, most: int
) -> None:
    reading = read_article(Article(headline=headline, content=content), tokenizer, most)
    texts = {HEADLINE: headline, **dict(enumerate(reading.sentences))}
    expected = {number: tokenizer.encode(text, add_special_tokens=False).ids for number, text in texts.items()}
    assert ids_by_sentence(reading) == {number: ids for number, ids in expected.items() if ids}
    assert list(reading.lengths) == [len(expected[number]) for number in range(len(reading.sentences))]


@given(SENTENCES, SENTENCES, st.integers(1, 60))
def test_spans_tile_windows_that_are_no_longer_than_allowed(
    tokenizer: Tokenizer, headline: str, content: str, most: int
) -> None:
    reading = read_article(Article(headline=headline, content=content), tokenizer, most)
    for window in reading.windows:
        assert 1 <= len(window) <= most
        assert len(window) == len(ids_of(window))
        borders = [0, *(span.end for span in window.spans)]
        assert [span.start for span in window.spans] == borders[:-1]
        assert borders[-1] == len(window)
        assert all(span.start < span.end for span in window.spans)
    order = [span.sentence for window in reading.windows for span in window.spans]
    assert order == sorted(order)


@given(SENTENCES, st.integers(1, 60))
def test_a_sentence_is_only_split_where_it_is_longer_than_a_window(
    tokenizer: Tokenizer, content: str, most: int
) -> None:
    reading = read_article(Article(content=content), tokenizer, most)
    pieces: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for place, window in enumerate(reading.windows):
        for span in window.spans:
            pieces[span.sentence].append((place, span.end - span.start))
    for number, parts in pieces.items():
        sizes = [size for _, size in parts]
        assert sum(sizes) == reading.lengths[number]
        assert len(sizes) == 1 or reading.lengths[number] > most
        assert all(size == most for size in sizes[1:-1])
        places = [place for place, _ in parts]
        assert places == list(range(places[0], places[0] + len(places)))


@given(SENTENCES, st.integers(1, 60))
def test_a_window_is_only_closed_where_the_next_sentence_does_not_fit(
    tokenizer: Tokenizer, content: str, most: int
) -> None:
    reading = read_article(Article(content=content), tokenizer, most)
    windows = reading.windows
    for window, following in zip(windows, windows[1:], strict=False):
        assert len(window) + reading.lengths[following.spans[0].sentence] > most


@given(headline=st.text(max_size=60), content=SENTENCES, most=st.integers(16, 40), other=st.integers(16, 510))
def test_what_was_read_can_be_cut_into_other_windows(
    tokenizer: Tokenizer, headline: str, content: str, most: int, other: int
) -> None:
    article = Article(headline=headline, content=content)
    assert read_article(article, tokenizer, most).cut(other) == read_article(article, tokenizer, other)


def test_the_headline_comes_first(tokenizer: Tokenizer) -> None:
    reading = read_article(Article(headline="Storm", content="It rained. It blew."), tokenizer, 254)
    assert [span.sentence for span in reading.windows[0].spans] == [HEADLINE, 0, 1]
    assert reading.sentences == ("It rained.", "It blew.")


def test_an_article_without_text_has_no_window(tokenizer: Tokenizer) -> None:
    assert read_article(Article(), tokenizer, 254) == Reading((), (), (), truncated=False)


def test_an_article_is_read_up_to_a_bound_and_says_so(tokenizer: Tokenizer) -> None:
    sentence = "A storm hit the coast."
    whole = Article(content=(sentence + " ") * (MAX_CHARACTERS // (len(sentence) + 1)))
    longer = Article(content="x" * (MAX_CHARACTERS - len(whole.content) + 1) + whole.content)
    assert len(whole.content) <= MAX_CHARACTERS < len(longer.content)
    assert not read_article(whole, tokenizer, 254).truncated
    assert read_article(longer, tokenizer, 254).truncated


@pytest.mark.parametrize(
    ("policy", "read"),
    [("head", {0: [], 1: [0], 2: [0], 4: [0]}), ("head+tail", {0: [], 1: [0], 2: [0, 1], 4: [0, 3]})],
)
def test_a_policy_chooses_windows(policy: str, read: dict[int, list[int]]) -> None:
    for count, places in read.items():
        windows = tuple(Window(bytes([number] * 4), ()) for number in range(count))
        reading = Reading((), (), windows, truncated=False)
        extract = reading.extract(policy)  # type: ignore[arg-type]
        assert extract.windows == tuple(windows[place] for place in places)
        assert extract.whole is (len(places) == count)
        assert reading.extract("windows").windows == windows


def test_the_sample_is_read_in_windows_of_the_backbone(quick_backbone: Backbone, sample: list[Article]) -> None:
    for article in sample:
        reading = quick_backbone.read(article)
        tokens = sum(map(len, reading.windows))
        headline = len(quick_backbone.tokenizer.encode(article.headline, add_special_tokens=False).ids)
        assert tokens == sum(reading.lengths) + headline
        assert max(map(len, reading.windows)) <= WINDOW_TOKENS == 254
        assert len(reading.windows) <= 1 + tokens // 200


def test_headline_and_lead_are_read_sentence_by_sentence_and_the_first_count_most(quick_backbone: Backbone) -> None:
    sentences = [f"Then {count} houses were lost to the storm, and nobody was hurt." for count in range(8)]
    article = Article(headline="Storm hits", content=" ".join(sentences))
    extract = quick_backbone.read(article).extract("sentences")
    read = ["Storm hits", *sentences[:LEAD_SENTENCES]]
    ids = [quick_backbone.tokenizer.encode(text, add_special_tokens=False).ids for text in read]
    assert [ids_of(window) for window in extract.windows] == ids
    assert [window.spans for window in extract.windows] == [
        (Span(number, 0, len(tokens)),) for number, tokens in enumerate(ids, start=HEADLINE)
    ]
    assert extract.weights == (1.0, 1.0, 1 / 2, 1 / 3, 1 / 4)
    assert not extract.whole
    few = replace(article, content=" ".join(sentences[:LEAD_SENTENCES]))
    assert quick_backbone.read(few).extract("sentences").whole


def test_one_or_two_sentences_are_read_as_one_window(quick_backbone: Backbone) -> None:
    article = Article(headline="Storm hits", content="Ten houses were lost. Nobody was hurt.")
    reading = quick_backbone.read(article)
    assert reading.extract("sentences") == reading.extract("windows")


def test_a_headline_is_not_left_alone_by_a_sentence_without_end(tokenizer: Tokenizer) -> None:
    reading = read_article(Article(headline="Storm", content="rain " * 100), tokenizer, 20)
    assert [span.sentence for span in reading.windows[0].spans] == [HEADLINE, 0]
    assert [len(window) for window in reading.windows] == [20, 20, 20, 20, 20, 1]
