import math
from asyncio import CancelledError
from collections.abc import Callable, Mapping, Sequence
from threading import Event
from typing import Any
from weakref import ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmoe.article import Article
from newsmoe.orchestrator.dispatcher import Dispatcher, Outcome
from newsmoe.orchestrator.loaded import LoadedExperts
from newsmoe.output.run_report import ExpertStats
from newsmoe.prediction import Fields, InputStats, Labels, Prediction, Summary
from newsmoe.record import MAX_MESSAGE, ItemError
from newsmoe.registry.device import Device
from newsmoe.testing import FakeExpert
from tests.orchestrator.support import TASK, articles, dispatcher_of, echo, failing_on
from tests.support import LoadCounting, WithoutFingerprint, registry_of


class Narrow(FakeExpert):
    """Refuses any batch of more than `most` articles, as a card with little memory does."""

    def __init__(self, most: int, error: Exception) -> None:
        super().__init__("narrow", TASK, echo)
        self.most = most
        self.error = error

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        predictions = super().predict(articles)
        if len(articles) > self.most:
            raise self.error
        return predictions


class Miscounting(FakeExpert):
    """Returns `more` predictions than there are articles, in batches of at least `smallest`."""

    def __init__(self, more: int, smallest: int = 1) -> None:
        super().__init__("miscounting", TASK, echo)
        self.more = more
        self.smallest = smallest

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        predictions = super().predict(articles)
        if len(articles) < self.smallest:
            return predictions
        return (predictions + [Summary("too much")] * self.more)[: len(articles) + self.more]


class Unloadable(FakeExpert):
    """Fails in `load`, and counts the calls."""

    def __init__(self, error: BaseException) -> None:
        super().__init__("unloadable", TASK)
        self.error = error
        self.loads = 0

    def load(self, device: Device) -> None:
        self.loads += 1
        raise self.error


class Measured(FakeExpert):
    """Returns fixed lengths, by the number in the article's id."""

    def __init__(self, lengths: Sequence[int]) -> None:
        super().__init__("measured", TASK, echo)
        self.stated = lengths

    def lengths(self, articles: Sequence[Article]) -> list[int]:
        return [self.stated[int(article.id)] for article in articles]


def dispatch(
    expert: FakeExpert, count: int = 5, dispatcher: Dispatcher | None = None
) -> tuple[list[Outcome], ExpertStats]:
    stats = ExpertStats()
    outcomes = (dispatcher or dispatcher_of(expert)).run(expert.name, TASK, articles(count), stats)
    return outcomes, stats


def good(count: int) -> list[Outcome]:
    return [Fields({"id": number}) for number in range(count)]


@given(st.integers(0, 63))
@settings(max_examples=64)
def test_one_failing_article_in_64_costs_at_most_13_calls_and_no_other_prediction(poison: int) -> None:
    expert = FakeExpert("fake", TASK, failing_on(poison))
    outcomes, stats = dispatch(expert, 64)
    assert outcomes[poison] == ItemError(
        task=TASK, expert="fake", type="ValueError", message=f"cannot read {poison}", stage="predict"
    )
    assert outcomes[:poison] + outcomes[poison + 1 :] == good(64)[:poison] + good(64)[poison + 1 :]
    assert len(expert.batches) == stats.batches <= 2 * 6 + 1


@given(st.integers(0, 40).flatmap(lambda count: st.tuples(st.just(count), st.sets(st.integers(0, 40)))))
def test_each_article_fails_or_succeeds_by_itself(case: tuple[int, set[int]]) -> None:
    count, poisons = case
    outcomes, stats = dispatch(FakeExpert("fake", TASK, failing_on(*poisons)), count)
    failed = {place for place, outcome in enumerate(outcomes) if isinstance(outcome, ItemError)}
    assert failed == {poison for poison in poisons if poison < count}
    assert [outcome for outcome in outcomes if not isinstance(outcome, ItemError)] == [
        Fields({"id": number}) for number in range(count) if number not in failed
    ]
    assert (stats.items, stats.errors) == (count - len(failed), len(failed))


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory")])
def test_a_batch_that_does_not_fit_in_memory_is_halved_until_it_does(error: Exception) -> None:
    expert = Narrow(4, error)
    outcomes, stats = dispatch(expert, 32)
    assert outcomes == good(32)
    assert stats.errors == 0
    assert sorted(map(len, expert.batches), reverse=True) == [32, 16, 16, *[8] * 4, *[4] * 8]


def test_an_article_that_alone_does_not_fit_in_memory_is_an_item_error() -> None:
    outcomes, _ = dispatch(FakeExpert("fake", TASK, failing_on(2, error=MemoryError())))
    assert outcomes[2] == ItemError(task=TASK, expert="fake", type="MemoryError", message="no message", stage="predict")
    assert outcomes[:2] + outcomes[3:] == good(5)[:2] + good(5)[3:]


def test_an_interrupt_in_predict_ends_the_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        dispatch(FakeExpert("fake", TASK, failing_on(3, error=KeyboardInterrupt())))


def test_an_interrupt_in_load_ends_the_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        dispatch(Unloadable(KeyboardInterrupt()))


def test_an_expert_that_cannot_be_loaded_fails_on_every_article_and_is_tried_once() -> None:
    expert = Unloadable(OSError("weights are missing"))
    dispatcher = dispatcher_of(expert)
    for _ in range(2):
        outcomes, stats = dispatch(expert, 3, dispatcher)
        error = ItemError(task=TASK, expert="unloadable", type="OSError", message="weights are missing", stage="load")
        assert outcomes == [error] * 3
        assert (stats.items, stats.errors, stats.batches) == (0, 3, 0)
    assert expert.loads == 1
    assert expert.batches == []


def test_where_half_a_batch_hangs_the_other_half_is_unaffected() -> None:
    end = Event()

    class Stuck(FakeExpert):
        hanging = False

        def load(self, device: Device) -> None:
            self.hanging = False

        def predict(self, articles: Sequence[Article]) -> list[Prediction]:
            if self.hanging or len(articles) > 2:
                raise RuntimeError("asked while a thread of it hangs" if self.hanging else "too many")
            if articles[0].id == 0:
                self.hanging = True
                end.wait()
            return super().predict(articles)

    registry = registry_of(Stuck("stuck", TASK, echo))
    dispatcher = Dispatcher(LoadedExperts(registry, Device(), None), 64, batch_seconds=0.2)
    outcomes = dispatcher.run("stuck", TASK, articles(4), ExpertStats())
    end.set()
    assert [getattr(outcome, "type", "answered") for outcome in outcomes] == [
        "BatchTimeoutError", "BatchTimeoutError", "answered", "answered",
    ]  # fmt: skip


def test_what_an_expert_loaded_before_it_failed_is_dropped() -> None:
    weights: list[ref[Weights]] = []

    class Half(FakeExpert):
        def load(self, device: Device) -> None:
            loaded = Weights()
            weights.append(ref(loaded))
            raise ValueError("one is missing")

    dispatcher = dispatcher_of(Half("half", TASK, echo))
    dispatcher.run("half", TASK, articles(2), ExpertStats())
    assert weights[0]() is None


class Weights:
    """Something that takes memory."""


def test_an_unregistered_name_is_an_error_of_its_articles() -> None:
    outcomes = dispatcher_of(FakeExpert("fake")).run("fakee", TASK, articles(2), ExpertStats())
    assert [(error.type, error.stage) for error in outcomes if isinstance(error, ItemError)] == [
        ("UnknownExpertError", "load")
    ] * 2


def test_an_expert_is_loaded_when_it_is_first_needed_and_once() -> None:
    expert = LoadCounting("fake", TASK)
    dispatcher = dispatcher_of(expert, device=Device("cpu", threads=3))
    assert expert.loads == []
    dispatch(expert, 2, dispatcher)
    dispatch(expert, 2, dispatcher)
    assert expert.loads == [Device("cpu", threads=3)]


@pytest.mark.parametrize("more", [-1, 1])
def test_an_expert_that_returns_the_wrong_number_of_predictions_breaks_its_contract(more: int) -> None:
    outcomes, _ = dispatch(Miscounting(more), 3)
    assert (
        outcomes
        == [
            ItemError(
                task=TASK,
                expert="miscounting",
                type="PredictionError",
                message=f"predict returned {1 + more} predictions for 1 articles",
                stage="predict",
            )
        ]
        * 3
    )


@pytest.mark.parametrize("more", [-1, 1])
@pytest.mark.parametrize("count", [2, 3, 9])
def test_an_expert_that_only_miscounts_in_batches_breaks_its_contract_too(more: int, count: int) -> None:
    outcomes, stats = dispatch(Miscounting(more, smallest=2), count)
    assert {(error.expert, error.type) for error in outcomes if isinstance(error, ItemError)} == {
        ("miscounting", "PredictionError")
    }
    assert {error.message for error in outcomes if isinstance(error, ItemError)} == {
        f"predict returned {2 + more} predictions for 2 articles"
    }
    assert (stats.items, stats.errors) == (0, count)


def test_an_expert_that_always_returns_one_prediction_fails_on_every_batch() -> None:
    class Single(FakeExpert):
        def predict(self, articles: Sequence[Article]) -> list[Prediction]:
            return super().predict(articles)[:1]

    outcomes, stats = dispatch(Single("single", TASK, echo), 64)
    assert {getattr(outcome, "expert", None) for outcome in outcomes} == {"single"}
    assert stats.batches <= 8


def test_an_expert_that_returns_nothing_for_an_article_fails_on_that_alone() -> None:
    class Skipping(FakeExpert):
        def predict(self, articles: Sequence[Article]) -> list[Prediction]:
            return super().predict([article for article in articles if article.id != 3])

    outcomes, _ = dispatch(Skipping("skipping", TASK, echo), 9)
    assert outcomes[:3] + outcomes[4:] == good(9)[:3] + good(9)[4:]
    assert isinstance(outcomes[3], ItemError)
    assert outcomes[3].message == "predict returned 0 predictions for 1 articles"


UNSOUND: list[tuple[str, Any, str, str]] = [
    ("nothing", None, "PredictionError", "returned NoneType"),
    ("a string", "a summary", "PredictionError", "returned str, expected Summary, Labels, Fields or Entities"),
    ("a number", 0.7, "PredictionError", "returned float"),
    ("a NaN score", Labels({"a": math.nan, "b": 1.0}), "PredictionError", "score of label 'a' is nan"),
    ("an infinite score", Labels({"a": math.inf}), "PredictionError", "is inf, not a number from 0 to 1"),
    ("a negative score", Labels({"a": -0.5, "b": 1.5}), "PredictionError", "score of label 'a' is -0.5"),
    ("a score over 1", Labels({"a": 1.5}), "PredictionError", "is 1.5, not a number from 0 to 1"),
    ("too little in all", Labels({"a": 0.2, "b": 0.3}), "PredictionError", "sum to 0.5000, not to 1"),
    ("too much in all", Labels({"a": 0.9, "b": 0.9}), "PredictionError", "sum to 1.8000, not to 1"),
    ("a label without a score", Labels({"a": 1.0}, holding=("b",)), "PredictionError", "'b' holds, but has no score"),
    ("no labels", Labels({}), "PredictionError", "there are no label scores"),
    ("a score in words", Labels({"a": "high"}), "PredictionError", "high"),  # type: ignore[dict-item]
    ("an empty summary", Summary(""), "PredictionError", "the summary is empty"),
    ("a blank summary", Summary(" \n\t"), "PredictionError", "the summary is empty"),
    ("no summary", Summary(None), "PredictionError", "not text"),  # type: ignore[arg-type]
    ("a lone surrogate", Summary("caf\ud83d"), "PredictionError", "cannot be written as JSON"),
    ("a lone surrogate in a label", Labels({"\udc00": 1.0}), "PredictionError", "cannot be written as JSON"),
    ("no fields", Fields({}), "PredictionError", "there are no fields"),
    ("an object", Fields({"x": object()}), "PredictionError", "cannot be written as JSON"),
    ("bytes that are no text", Fields({"x": b"\xff"}), "PredictionError", "cannot be written as JSON"),
    ("a list for fields", Fields([1, 2]), "PredictionError", "not a mapping"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("prediction", "kind", "message"), [pytest.param(*case, id=name) for name, *case in UNSOUND])
def test_an_invalid_prediction_is_an_error_of_its_article_alone(prediction: Any, kind: str, message: str) -> None:
    expert = FakeExpert("fake", TASK, lambda article: prediction if article.id == 3 else echo(article))
    outcomes, stats = dispatch(expert, 8)
    error = outcomes[3]
    assert isinstance(error, ItemError)
    assert (error.task, error.expert, error.type, error.stage) == (TASK, "fake", kind, "predict")
    assert message in error.message
    assert outcomes[:3] + outcomes[4:] == good(8)[:3] + good(8)[4:]
    assert (stats.items, stats.errors) == (7, 1)


def test_a_prediction_that_contains_itself_is_an_error() -> None:
    endless: dict[str, Any] = {}
    endless["again"] = endless
    outcomes, _ = dispatch(FakeExpert("fake", TASK, lambda article: Fields(endless)), 1)
    assert isinstance(outcomes[0], ItemError)
    assert outcomes[0].type == "PredictionError"


@pytest.mark.parametrize("wrong", [None, 7, (Summary("x") for _ in range(3))])
def test_an_expert_that_returns_no_list_is_an_error_of_its_articles(wrong: Any) -> None:
    class Wrong(FakeExpert):
        def predict(self, articles: Sequence[Article]) -> list[Prediction]:
            return wrong  # type: ignore[no-any-return]

    outcomes, _ = dispatch(Wrong("fake", TASK), 3)
    message = f"predict returned {type(wrong).__name__}, expected a list"
    assert [(error.type, error.message, error.stage) for error in outcomes if isinstance(error, ItemError)] == [
        ("PredictionError", message, "predict")
    ] * 3


@pytest.mark.parametrize(
    ("raised", "shown"),
    [
        ("two\nlines\tand  spaces", "two lines and spaces"),
        ("", "no message"),
        ("half a pair \ud83d", "half a pair ?"),
        ("long " * 1000, ("long " * 1000)[:MAX_MESSAGE]),
    ],
)
def test_a_message_is_one_writable_line_of_bounded_length(raised: str, shown: str) -> None:
    outcomes, _ = dispatch(FakeExpert("fake", TASK, failing_on(0, error=ValueError(raised))), 1)
    assert isinstance(outcomes[0], ItemError)
    assert outcomes[0].message == shown
    outcomes[0].model_dump_json()


@given(st.lists(st.integers(0, 60), max_size=40), st.integers(1, 12), st.sets(st.integers(0, 39)))
def test_predictions_come_back_in_order_whatever_the_batches(
    lengths: list[int], batch_articles: int, poisons: set[int]
) -> None:
    expert = Measured(lengths)
    expert.predict_one = failing_on(*poisons)
    dispatcher = dispatcher_of(expert, batch_articles=batch_articles)
    outcomes, _ = dispatch(expert, len(lengths), dispatcher)
    for number, outcome in enumerate(outcomes):
        expected = f"cannot read {number}" if number in poisons else Fields({"id": number})
        assert (outcome.message if isinstance(outcome, ItemError) else outcome) == expected
    assert len(outcomes) == len(lengths)


@given(st.lists(st.integers(1, 60), max_size=40), st.integers(1, 12))
def test_no_batch_is_over_the_budget_of_articles(lengths: list[int], batch_articles: int) -> None:
    expert = Measured(lengths)
    dispatch(expert, len(lengths), dispatcher_of(expert, batch_articles=batch_articles))
    assert sorted(int(number) for batch in expert.batches for number in batch) == list(range(len(lengths)))
    assert all(len(batch) <= batch_articles for batch in expert.batches)


def test_articles_of_like_length_are_batched_together_the_longest_first() -> None:
    expert = Measured([5, 90, 6, 95, 7, 100])
    dispatch(expert, 6, dispatcher_of(expert, batch_articles=3))
    assert expert.batches == [[5, 3, 1], [4, 2, 0]]


def _raises(articles: Sequence[Article]) -> list[int]:
    raise ZeroDivisionError


@pytest.mark.parametrize("lengths", [_raises, lambda articles: [1], lambda articles: None])
def test_an_expert_whose_lengths_are_unusable_still_predicts(lengths: Callable[[Sequence[Article]], Any]) -> None:
    expert = FakeExpert("fake", TASK, echo)
    expert.lengths = lengths  # type: ignore[attr-defined]
    assert dispatch(expert, 4)[0] == good(4)


@pytest.mark.parametrize("length", ["12", None])
def test_an_expert_whose_lengths_are_not_numbers_still_predicts(length: Any) -> None:
    expert = FakeExpert("fake", TASK, echo)
    expert.lengths = lambda articles: [length] * len(articles)  # type: ignore[attr-defined]
    assert dispatch(expert, 4)[0] == good(4)


def test_an_error_without_a_usable_message_costs_one_article() -> None:
    class Speechless(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no words")

    outcomes, _ = dispatch(FakeExpert("fake", TASK, failing_on(1, error=Speechless())), 3)
    assert isinstance(outcomes[1], ItemError)
    assert outcomes[1].type == "Speechless"
    assert [outcomes[0], outcomes[2]] == [good(3)[0], good(3)[2]]


@pytest.mark.parametrize("use", [{"tokens": 3}, 3])
def test_invalid_input_stats_are_an_error_of_their_article_alone(use: Any) -> None:
    def prediction(article: Article) -> Prediction:
        return Summary("read", use) if article.id == 1 else echo(article)

    outcomes, _ = dispatch(FakeExpert("fake", TASK, prediction), 3)
    assert isinstance(outcomes[1], ItemError)
    assert [outcomes[0], outcomes[2]] == [good(3)[0], good(3)[2]]


def test_stats_show_what_was_read_and_how_long_it_took() -> None:
    expert = FakeExpert("fake", TASK, lambda article: Summary("read", InputStats(tokens=10)))
    dispatcher = dispatcher_of(expert, batch_articles=2)
    stats = ExpertStats()
    for _ in range(2):
        dispatcher.run("fake", TASK, articles(3), stats)
    assert (stats.items, stats.errors, stats.batches, stats.tokens) == (6, 0, 4, 60)
    assert stats.seconds > 0


def test_no_articles_give_no_predictions_and_no_call() -> None:
    expert = FakeExpert("fake", TASK)
    assert dispatch(expert, 0)[0] == []
    assert expert.batches == []


@pytest.mark.parametrize("error", [GeneratorExit(), CancelledError()])
def test_an_error_that_is_no_exception_costs_one_article(error: BaseException) -> None:
    expert = FakeExpert("a", TASK, failing_on(1, error=error))
    outcomes = dispatcher_of(expert).run("a", TASK, articles(3), ExpertStats())
    assert [isinstance(outcome, ItemError) for outcome in outcomes] == [False, True, False]


def test_an_expert_that_empties_its_list_of_articles_still_predicts_for_all() -> None:
    class Consuming(FakeExpert):
        def lengths(self, articles: list[Article]) -> list[int]:
            return [len(articles.pop().headline) for _ in range(len(articles))]

        def predict(self, articles: Any) -> list[Prediction]:
            predictions = [echo(article) for article in articles]
            articles.clear()
            return predictions

    expert = Consuming("a", TASK)
    outcomes = dispatcher_of(expert, batch_articles=2).run("a", TASK, articles(5), ExpertStats())
    assert outcomes == [Fields({"id": number}) for number in range(5)]


def test_an_expert_that_exits_costs_one_article() -> None:
    outcomes, _ = dispatch(FakeExpert("fake", TASK, failing_on(1, error=SystemExit(0))), 3)
    assert isinstance(outcomes[1], ItemError)
    assert outcomes[1].type == "SystemExit"
    assert [outcomes[0], outcomes[2]] == [good(3)[0], good(3)[2]]


class EmptyStore:
    """A store that holds nothing and stores nothing."""

    def predictions(self, expert: str, articles: Sequence[str]) -> dict[str, Prediction]:
        return {}

    def keep(self, expert: str, predictions: Mapping[str, Prediction]) -> None:
        pass


def test_an_expert_without_a_fingerprint_still_predicts() -> None:
    expert = WithoutFingerprint("shy", "fake")
    dispatcher = Dispatcher(LoadedExperts(registry_of(expert), Device(), None), 10, store=EmptyStore())
    (outcome,) = dispatcher.run("shy", "fake", [Article(content="x")], ExpertStats())
    assert outcome == Fields({"characters": 1})


class DictStore(dict[str, Prediction]):
    """A store that returns what it holds, whichever expert is named."""

    def predictions(self, expert: str, articles: Sequence[str]) -> dict[str, Prediction]:
        return {key: self[key] for key in articles if key in self}

    def keep(self, expert: str, predictions: Mapping[str, Prediction]) -> None:
        self.update(predictions)


@pytest.mark.parametrize("stored", [False, True])
def test_a_run_can_be_ended_before_a_batch_and_where_there_is_none(stored: bool) -> None:
    def end() -> None:
        raise KeyboardInterrupt

    article = Article(content="x")
    store = DictStore({article.key: Fields({"characters": 1})} if stored else {})
    dispatcher = Dispatcher(
        LoadedExperts(registry_of(FakeExpert("fake", TASK)), Device(), None), 10, store=store, on_batch=end
    )
    with pytest.raises(KeyboardInterrupt):
        dispatcher.run("fake", TASK, [article], ExpertStats())
