"""Articles to experts, and predictions or errors back: stored predictions, batches, failures kept apart."""

from collections.abc import Callable, Sequence
from contextvars import copy_context
from threading import Thread
from time import perf_counter

from newsmoe.article import Article
from newsmoe.errors import ConfigError, PredictionError
from newsmoe.journal.store import PredictionStore
from newsmoe.orchestrator.loaded import LoadedExperts, LoadFailure
from newsmoe.orchestrator.progress import Advance, stepwise
from newsmoe.output.run_report import ExpertStats
from newsmoe.prediction import Prediction, checked_list, checked_prediction, count_problem, scores_of
from newsmoe.record import ItemError
from newsmoe.registry.batching import cut_batches
from newsmoe.registry.cache_key import cache_key
from newsmoe.registry.expert import Expert, lengths_of
from newsmoe.registry.labels import allowed_labels, labels_problem

Outcome = Prediction | ItemError


class BatchTimeoutError(PredictionError):
    """A batch that took too long."""


class Dispatcher:
    """Runs experts on articles.

    A batch that takes longer than `batch_seconds` is abandoned. `on_batch` is called before each batch; what
    it raises ends the run. Predictions are looked up in `store`, and stored there.
    """

    def __init__(
        self,
        experts: LoadedExperts,
        batch_articles: int,
        batch_seconds: float | None = None,
        store: PredictionStore | None = None,
        on_batch: Callable[[], None] = lambda: None,
    ) -> None:
        self.experts = experts
        self.batch_articles = batch_articles
        self.batch_seconds = batch_seconds
        self.store = store
        self.on_batch = on_batch
        self._cache_keys: dict[str, str] = {}
        self._labels: dict[str, frozenset[str]] = {}  # that experts may predict; none: any
        self._trusted: set[str] = set()  # experts that have predicted such labels

    def run(
        self,
        name: str,
        task: str,
        articles: Sequence[Article],
        stats: ExpertStats,
        advance: Advance = lambda articles: None,
    ) -> list[Outcome]:
        """Return the expert's prediction for each article, or an error, in order.

        What is stored is not predicted again, nor is the same text twice; then the expert need not be loaded.
        """
        cache_key = self._cache_key(name)
        if not (self.store and cache_key):
            return self._predict_all(name, task, articles, stats, cache_key, advance)
        outcomes: dict[str, Outcome] = dict(self.store.predictions(cache_key, [article.key for article in articles]))
        new: dict[str, Article] = {}
        for article in articles:
            if article.key not in outcomes:
                new.setdefault(article.key, article)
        advance(len(articles) - len(new))
        if new:
            fresh = self._predict_all(name, task, list(new.values()), stats, cache_key, advance)
        else:  # no batch, for many windows perhaps
            self.on_batch()
            fresh = []
        outcomes |= zip(new, fresh, strict=True)
        in_order = [outcomes[article.key] for article in articles]
        reused = _count_predictions(in_order) - _count_predictions(fresh)
        stats.items += reused
        stats.reused += reused
        stats.errors += len(in_order) - len(fresh) - reused
        return in_order

    def _cache_key(self, name: str) -> str:
        """Return what decides an expert's predictions; "" where they cannot be stored."""
        if name not in self._cache_keys:
            info = self.experts.registry.experts.get(name) if self.store else None
            fingerprint = info.fingerprint() if info else ""
            self._cache_keys[name] = cache_key(name, fingerprint, self.experts.device.kind)
        return self._cache_keys[name]

    def _predict_all(
        self, name: str, task: str, articles: Sequence[Article], stats: ExpertStats, cache_key: str, advance: Advance
    ) -> list[Outcome]:
        lengths = self._lengths(self.experts.get(name, stats), articles)
        outcomes: dict[int, Outcome] = {}
        for batch in cut_batches(lengths, max_items=self.batch_articles):
            chosen = [articles[index] for index in batch]
            self.on_batch()
            with stepwise(len(chosen), advance):
                fresh = self._timed(name, task, chosen, stats)
            fresh = self._with_allowed_labels(name, task, fresh)
            outcomes.update(zip(batch, fresh, strict=True))
            if self.store and cache_key:
                pairs = zip(chosen, fresh, strict=True)
                predictions = {item.key: each for item, each in pairs if not isinstance(each, ItemError)}
                self.store.keep(cache_key, predictions)
        return [outcomes[index] for index in range(len(articles))]

    def _with_allowed_labels(self, name: str, task: str, outcomes: list[Outcome]) -> list[Outcome]:
        """Return the outcomes, with an error for each prediction whose labels are not those of the task.

        Where an expert has never predicted any that are, that ends the run.
        """
        registry = self.experts.registry
        if name not in self._labels:
            self._labels[name] = allowed_labels(registry, name)
        if not self._labels[name]:
            return outcomes
        problems = {
            place: labels_problem(registry, name, scores_of(outcome))
            for place, outcome in enumerate(outcomes)
            if not isinstance(outcome, ItemError)
        }
        if None in problems.values():
            self._trusted.add(name)
        elif problems and name not in self._trusted:
            raise ConfigError(next(filter(None, problems.values())))
        errors = {
            place: ItemError.of(task, name, PredictionError(problem), "predict")
            for place, problem in problems.items()
            if problem
        }
        return [errors.get(place, outcome) for place, outcome in enumerate(outcomes)]

    def _timed(self, name: str, task: str, articles: Sequence[Article], stats: ExpertStats) -> list[Outcome]:
        """Predict a batch, and count it; an expert that is loaded meanwhile is counted apart."""
        started, loading = perf_counter(), stats.load_seconds
        try:
            outcomes = self._predict(name, task, articles, stats)
        except PredictionError as error:
            outcomes = [ItemError.of(task, name, error, "predict")] * len(articles)
        stats.seconds += perf_counter() - started - (stats.load_seconds - loading)
        predictions = [outcome for outcome in outcomes if not isinstance(outcome, ItemError)]
        stats.items += len(predictions)
        stats.errors += len(outcomes) - len(predictions)
        stats.tokens += sum(each.input_stats.tokens for each in predictions if each.input_stats)
        return outcomes

    def _lengths(self, expert: Expert | LoadFailure, articles: Sequence[Article]) -> list[int]:
        """Return the lengths that the expert states, or 1 each where it fails: `predict` will tell why."""
        unknown = [1] * len(articles)
        if isinstance(expert, LoadFailure):
            return unknown
        try:
            lengths = lengths_of(expert, list(articles))
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001  # only the order of work depends on it
            return unknown
        sound = len(lengths) == len(articles) and all(isinstance(length, int) for length in lengths)
        return lengths if sound else unknown

    def _predict(self, name: str, task: str, articles: Sequence[Article], stats: ExpertStats) -> list[Outcome]:
        """Predict a batch; halve one that fails, down to the articles that it fails on.

        Raises:
            PredictionError: the expert returns a wrong number of predictions, though it fails on no article.
        """
        expert = self.experts.get(name, stats)  # another one, where a batch was abandoned
        if isinstance(expert, LoadFailure):
            return [expert.of_task(task)] * len(articles)
        stats.batches += 1
        miscount = None
        try:
            predictions = self._predictions(expert, articles)
            if miscount := count_problem(predictions, articles):
                raise PredictionError(miscount)
            return [_outcome(task, expert.name, prediction) for prediction in predictions]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # the item boundary: SystemExit and the like too
            if len(articles) == 1 or isinstance(error, BatchTimeoutError):
                return [ItemError.of(task, expert.name, error, "predict")] * len(articles)
        half = len(articles) // 2
        halves = articles[:half], articles[half:]
        outcomes = [outcome for part in halves for outcome in self._predict(name, task, part, stats)]
        if miscount and _count_predictions(outcomes) == len(outcomes):
            raise PredictionError(miscount)  # the fault is in none of the articles
        return outcomes

    def _predictions(self, expert: Expert, articles: Sequence[Article]) -> Sequence[Prediction]:
        batch = list(articles)  # a copy: what the expert does to the list is no concern of ours
        return checked_list(expert.predict(batch) if self.batch_seconds is None else self._in_time(expert, batch))

    def _in_time(self, expert: Expert, articles: Sequence[Article]) -> list[Prediction]:
        """Predict in a thread that can be abandoned, and the expert with it, which is then built anew.

        A plug-in may give the same expert again, which then runs while a thread of it hangs: a batch that
        hangs must cost itself alone.
        """
        results: list[list[Prediction]] = []
        errors: list[BaseException] = []

        def predict() -> None:
            try:
                results.append(expert.predict(articles))
            except BaseException as error:  # noqa: BLE001  # raised again where it belongs
                errors.append(error)

        thread = Thread(target=copy_context().run, args=(predict,), daemon=True)
        thread.start()
        thread.join(self.batch_seconds)
        if errors:
            raise errors[0]
        if not results:
            self.experts.drop(expert.name)
            raise BatchTimeoutError(f"the batch took longer than {self.batch_seconds:g} s and was abandoned")
        return results[0]


def _outcome(task: str, expert: str, prediction: Prediction) -> Outcome:
    try:
        return checked_prediction(prediction)
    except PredictionError as error:
        if not isinstance(prediction, Prediction):
            raise
        return ItemError.of(task, expert, error, "predict")


def _count_predictions(outcomes: Sequence[Outcome]) -> int:
    return sum(not isinstance(outcome, ItemError) for outcome in outcomes)
