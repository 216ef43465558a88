import numpy as np
import pytest

from newsmoe.article import Article
from newsmoe.datasets.sources import LabelledArticle, SummarizedArticle
from newsmoe.errors import InputError
from newsmoe.evaluation.measure import measure_labels, measure_summaries, single_expert_session
from newsmoe.evaluation.metrics import classifier_figures, label_quality, most_probable
from newsmoe.orchestrator.session import Session
from newsmoe.prediction import Labels, Prediction, Summary
from newsmoe.settings.model import Settings
from newsmoe.testing import FakeExpert
from tests.support import LogCapture, registry_of

LABELS = {"good", "bad", "ugly"}


def parrot(article: Article) -> Prediction:
    """Predict what the headline says: a label and its score, or a summary; `!` raises."""
    if article.headline == "!":
        raise ValueError("no")
    label, _, score = article.headline.rpartition(" ")
    if label not in LABELS:
        return Summary(article.headline)
    share = float(score)
    return Labels({label: share} | {other: (1 - share) / 2 for other in LABELS - {label}})


def session(task: str) -> Session:
    return single_expert_session("parrot", Settings(), registry_of(FakeExpert("parrot", task, parrot)))


def labelled(headline: str, *accepted: str, label: str = "") -> LabelledArticle:
    return LabelledArticle(Article(headline=headline), label or accepted[0], accepted)


def test_figures_are_as_counted_by_hand() -> None:
    examples = [
        labelled("good 0.9", "good"),
        labelled("good 0.6", "bad"),
        labelled("bad 0.7", "bad"),
        labelled("ugly 0.8", "bad"),
    ]
    evaluation = measure_labels(session("mood"), "mood", "four", examples)
    assert (evaluation.items, evaluation.answered, evaluation.predictions) == (4, 4, {"parrot": 4})
    assert evaluation.figures["accuracy"] == 0.5
    assert evaluation.figures["macro-F1"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert evaluation.figures["ECE"] == pytest.approx((0.1 + 0.6 + 0.3 + 0.8) / 4)
    assert evaluation.confusion["bad"] == {"bad": 1, "good": 1, "ugly": 1}
    assert evaluation.labels["bad"].recall == pytest.approx(1 / 3)
    assert (evaluation.labels["bad"].precision, evaluation.labels["bad"].support) == (1.0, 3)


def test_of_closed_labels_the_largest_counts() -> None:
    examples = [labelled("ugly 0.6", "bad"), labelled("good 0.9", "good"), labelled("bad 0.9", "bad")]
    evaluation = measure_labels(session("mood"), "mood", "three", examples, closed=True)
    assert evaluation.figures["accuracy"] == 1.0
    assert set(evaluation.confusion) == {"bad", "good"}


def test_scores_of_labels_that_a_wider_one_takes_in_are_summed() -> None:
    examples = [
        labelled("good 0.45", "bad", "ugly", label="not good"),
        labelled("good 0.6", "bad", "ugly", label="not good"),
        labelled("bad 0.9", "bad", "ugly", label="not good"),
    ]
    evaluation = measure_labels(session("mood"), "mood", "three", examples)
    assert evaluation.confusion == {"good": {"good": 0, "not good": 0}, "not good": {"good": 1, "not good": 2}}


def test_a_wider_label_is_merged_even_if_the_expert_fails_on_its_examples() -> None:
    examples = [labelled("good 0.4", "good"), labelled("!", "bad", "ugly", label="not good")]
    evaluation = measure_labels(session("mood"), "mood", "two", examples)
    assert evaluation.confusion == {"good": {"good": 0, "not good": 1}, "not good": {"good": 0, "not good": 0}}


def test_an_article_without_a_prediction_is_not_in_the_figures() -> None:
    evaluation = measure_labels(session("mood"), "mood", "two", [labelled("good 0.9", "good"), labelled("!", "good")])
    assert (evaluation.items, evaluation.answered, evaluation.figures["accuracy"]) == (2, 1, 1.0)


def test_where_nothing_is_predicted_no_label_is_right() -> None:
    nothing, truth = np.zeros((2, 2)), np.array([0, 1])
    assert classifier_figures(nothing, truth) == {"accuracy": 0.0, "macro-F1": 0.0, "ECE": 0.0}
    assert most_probable(nothing[None]).tolist() == [[-1, -1]]
    _, confusion = label_quality(most_probable(nothing), truth, ("good", "bad"))
    assert confusion == {"good": {"good": 0, "bad": 0}, "bad": {"good": 0, "bad": 0}}


def test_labels_that_are_never_predicted_are_reported(log: LogCapture) -> None:
    examples = [labelled("good 0.9", "praise"), labelled("bad 0.9", "blame")]
    with pytest.raises(
        InputError, match=r"no prediction has the label 'blame', 'praise'; predicted labels are bad, good"
    ):
        measure_labels(session("mood"), "mood", "two", examples)
    evaluation = measure_labels(session("mood"), "mood", "two", [examples[0], labelled("bad 0.9", "bad")])
    assert evaluation.figures["accuracy"] == 0.5
    assert "no prediction has the label 'praise'; predicted labels are" in log.text


def test_no_prediction_at_all_is_an_error_that_says_why() -> None:
    with pytest.raises(InputError, match="none: no scores predicted for any of 1 articles: no"):
        measure_labels(session("mood"), "mood", "none", [labelled("!", "good")])


def test_summaries_are_measured_beside_the_lead_and_the_oracle() -> None:
    text = "It rained. It snowed. It thundered. Forty boats sank in the harbour."
    examples = [
        SummarizedArticle(Article(headline="Forty boats sank. It rained.", content=text), "Forty boats sank."),
        SummarizedArticle(Article(headline="Nothing.", content=text), "Forty boats sank."),
    ]
    figures = measure_summaries(session("gist"), "gist", "two", examples).figures
    assert figures["ROUGE-1"] == pytest.approx((2 * 3 / 8 + 0) / 2)
    assert figures["lead-3: ROUGE-1"] == 0.0
    assert figures["oracle: ROUGE-1"] == pytest.approx(2 * 3 / 9)
    assert figures["lead-3: words"] == 6
