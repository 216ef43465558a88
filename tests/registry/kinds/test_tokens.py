"""Where tokens are in an article, whatever its text: the offsets that entities have."""

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from newsmoe.article import Article
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.backbone.reading import HEADLINE
from newsmoe.registry.device import Device
from newsmoe.registry.kinds.tokens import article_tokens, by_window

TEXTS = st.lists(
    st.sampled_from(["Ada King", "U.S.", "S&P 500", "naïve", "İstanbul", "don't", "東京", "😀", "\n\n", ". ", "x" * 40])
    | st.text(max_size=8),
    max_size=30,
).map(" ".join)


@cache
def backbone() -> Backbone:
    return BackbonePool().backbone(Device())


@settings(deadline=None, max_examples=60)
@given(TEXTS, TEXTS)
def test_tokens_are_those_of_the_windows_and_lie_in_the_text(headline: str, content: str) -> None:
    article = Article(headline=headline, content=content, language="en")
    reading = backbone().read(article)
    tokens = article_tokens(article, reading, backbone().tokenizer)
    assert len(tokens.starts) == sum(map(len, reading.windows))
    for start, end, sentence in zip(tokens.starts, tokens.ends, tokens.sentences, strict=True):
        text = headline if sentence == HEADLINE else content
        assert 0 <= start < end <= len(text)
        if sentence != HEADLINE:
            assert text[start:end] in reading.sentences[sentence]
    words, ends = tokens.words, tokens.word_ends()
    assert (tokens.starts[words] < ends).all()
    lengths = [len(window) for window in reading.windows]
    assert [len(part) for part in by_window(tokens.shapes, lengths)] == lengths
