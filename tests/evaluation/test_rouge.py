import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from newsmoe.evaluation.rouge import RougeCounts, baselines, greedy_oracle, rouge

WORDS = ("storm", "storms", "coast", "hit", "hits", "the", "a", "island", "islands", "sank", "boats")
sentences = st.lists(st.sampled_from(WORDS), min_size=1, max_size=8).map(" ".join)


@given(sentences, sentences)
def test_scores_are_those_of_rouge_score_with_stemming(reference: str, summary: str) -> None:
    expected = RougeScorer(["rouge1", "rouge2", "rougeL", "rougeLsum"], use_stemmer=True).score(reference, summary)
    assert list(rouge(reference, summary).values()) == [score.fmeasure for score in expected.values()]


@given(st.lists(sentences, min_size=1, max_size=5), sentences)
def test_a_selection_scores_as_its_sentences_do_together(texts: list[str], reference: str) -> None:
    counts = RougeCounts(texts, reference)
    for number, text in enumerate(texts):
        scores = rouge(reference, text)
        assert abs(counts.with_each([])[number] - (scores["ROUGE-1"] + scores["ROUGE-2"]) / 2) < 1e-9
        alone = counts.scores([number])
        assert alone.tolist() == pytest.approx([scores["ROUGE-1"], scores["ROUGE-2"]], abs=1e-9)
        if number:
            together = counts.scores([0, number])
            wanted = rouge(reference, f"{texts[0]} {text}")["ROUGE-1"]
            assert together[0] == pytest.approx(wanted, abs=1e-9)
            assert counts.with_each([0])[number] == pytest.approx(together.mean(), abs=1e-9)


@given(st.lists(sentences, min_size=1, max_size=6), sentences, st.integers(1, 4))
def test_the_oracle_is_never_worse_than_the_best_single_sentence(
    texts: list[str], reference: str, max_sentences: int
) -> None:
    counts = RougeCounts(texts, reference)
    chosen = greedy_oracle(counts, max_sentences)
    assert chosen == sorted(set(chosen))
    assert len(chosen) <= max_sentences
    if chosen:
        *others, last = chosen
        assert counts.with_each(others)[last] >= counts.with_each([]).max()


def test_nothing_in_common_leaves_the_oracle_empty() -> None:
    assert greedy_oracle(RougeCounts(["Rain fell.", "Snow fell."], "Peace"), 3) == []


def test_baselines_are_sentences_of_the_article() -> None:
    sentences = ["A storm hit.", "Boats sank.", "It rained.", "The mayor spoke of loss."]
    summaries = baselines(sentences, "The mayor spoke.")
    assert summaries["lead-3"] == "A storm hit.\nBoats sank.\nIt rained."
    assert summaries["oracle"] == "The mayor spoke of loss."


def test_the_delimiter_of_sentences_in_the_reference_is_a_line_break() -> None:
    scores = rouge("Boats sank.\nA storm hit.", "A storm hit.\nBoats sank.")
    assert scores["ROUGE-Lsum"] == 1.0
    assert scores["ROUGE-L"] < 1.0
