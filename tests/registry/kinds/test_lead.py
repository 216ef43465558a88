import pytest

from newsmoe import Article, Device, Expert, Prediction, Summary
from newsmoe.article import estimate_tokens
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.cards import Card
from newsmoe.registry.kinds import build
from newsmoe.registry.kinds.lengths import candidates, joined
from newsmoe.text.sentences import split_sentences


def lead(**settings: int) -> Expert:
    card = Card(name="mine", task="summarization", kind="lead", description="d", settings=settings)
    expert = build(card, BackbonePool())
    expert.load(Device())
    return expert


def prediction(article: Article, **settings: int) -> Summary:
    (summary,) = lead(**settings).predict([article])
    assert isinstance(summary, Summary)
    return summary


STORM = "A storm hit the coast. Mr. Smith lost 3.5 tonnes of hay. Nobody was hurt. Rain is forecast."


@pytest.mark.parametrize(
    ("sentences", "text"),
    [(1, "A storm hit the coast."), (2, "A storm hit the coast. Mr. Smith lost 3.5 tonnes of hay."), (9, STORM)],
)
def test_the_summary_is_the_first_sentences(sentences: int, text: str) -> None:
    assert prediction(Article(content=STORM), sentences=sentences, min_tokens=1).text == text


def test_the_summary_goes_on_while_it_is_too_short() -> None:
    assert prediction(Article(content=STORM), sentences=1, min_tokens=estimate_tokens(STORM)).text == STORM


def test_the_summary_of_an_article_of_the_sample_is_its_first_finished_sentences(sample: list[Article]) -> None:
    for article in sample:
        text = prediction(article).text
        sentences = split_sentences(article.content, "en")
        finished = joined(sentences, candidates(sentences))
        assert finished.startswith(text + " ")
        assert 40 <= estimate_tokens(text) <= 250


def test_a_heading_is_no_part_of_it() -> None:
    article = Article(content="Weather report\n\nA storm hit the coast. Nobody was hurt.")
    assert prediction(article, sentences=1, min_tokens=1).text == "A storm hit the coast."


def test_a_repeated_sentence_is_taken_once() -> None:
    content = "A storm hit. A storm hit. Nobody was hurt."
    assert prediction(Article(content=content), sentences=2, min_tokens=1).text == "A storm hit. Nobody was hurt."


def test_the_headline_is_no_part_of_it() -> None:
    assert prediction(Article(headline="Storm", content="It rained.")).text == "It rained."


def test_a_text_without_punctuation_still_has_a_summary() -> None:
    words = " ".join(f"word{number}" for number in range(2000))
    summary = prediction(Article(content=words))
    assert summary.validation_error() is None
    assert words.startswith(summary.text)
    assert len(summary.text) <= 1200


def test_a_text_in_another_script_has_a_summary() -> None:
    article = Article(content="新闻很短。今天下雨。没有人受伤。明天晴。", language="zh")
    assert prediction(article, sentences=2, min_tokens=1).text == "新闻很短。 今天下雨。"


def test_an_article_without_a_sentence_has_none_and_says_so() -> None:
    for content in ("", "!!! ..."):
        assert prediction(Article(content=content)).validation_error() == "the summary is empty"


def test_input_stats_show_what_was_read_and_that_the_scraper_had_cut() -> None:
    summary = prediction(Article(content=STORM, truncated=True), sentences=1, min_tokens=1)
    assert summary.input_stats is not None
    assert (summary.input_stats.tokens, summary.input_stats.windows) == (0, 1), "no model reads"
    assert summary.input_stats.truncated
    whole = prediction(Article(content=STORM)).input_stats
    assert whole is not None
    assert not whole.truncated


def test_predictions_come_in_order_and_cost_the_same() -> None:
    articles = [Article(content=f"Item {number}." * number) for number in (3, 1, 2)]
    expert = lead(sentences=1, min_tokens=1)
    predictions: list[Prediction] = expert.predict(articles)
    assert [prediction.fields()["summary"][:7] for prediction in predictions] == ["Item 3.", "Item 1.", "Item 2."]
    assert expert.lengths(articles) == [1, 1, 1]  # type: ignore[attr-defined]
    assert expert.predict([]) == []


def test_the_last_sentence_taken_is_a_whole_one() -> None:
    first = "The committee met, " + "and it talked about the matter again, " * 25 + "and it went home."
    later = " ".join(
        f"On day {day} the council and all its members, who had waited for the vote since the first of the "
        f"hearings, heard one more witness speak of the tram."
        for day in range(100)
    )
    for shift in range(0, 160, 8):
        content = f"{first} The secretary said {'a' * shift} and no more, and then he left. {later}"
        assert prediction(Article(content=content, language="en")).text.endswith(".")
