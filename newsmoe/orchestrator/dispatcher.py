"""Pairs of article and expert in, answers or errors out: loading, batches, and keeping failures apart."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from threading import Thread
from time import perf_counter

from newsmoe.article import Article
from newsmoe.errors import NewsmoeError, PredictionError
from newsmoe.journal.store import PredictionStore
from newsmoe.orchestrator.stats import ExpertStats
from newsmoe.prediction import InputStats, Prediction
from newsmoe.record import ItemError, Stage
from newsmoe.registry.batching import cut_batches
from newsmoe.registry.device import Device
from newsmoe.registry.expert import Expert, lengths_of, memory_of
from newsmoe.registry.memory import is_out_of_memory, used_memory
from newsmoe.registry.registry import Registry

Outcome = Prediction | ItemError
LONGEST_MESSAGE = 500  # characters; a message may carry the whole text of an article


class BatchTimeoutError(PredictionError):
    """A batch that took longer than it may."""


@dataclass(frozen=True)
class _Broken:
    """An expert that cannot be asked, and why; the error itself would keep what was loaded in memory."""

    failure: ItemError

    def outcomes(self, task: str, count: int) -> list[Outcome]:
        """Return the error of so many articles."""
        return [self.failure.model_copy(update={"task": task})] * count


class Dispatcher:
    """Runs experts on articles."""

    def __init__(
        self,
        registry: Registry,
        device: Device,
        batch_tokens: int,
        batch_articles: int,
        max_memory: int | None = None,
        batch_seconds: float | None = None,
        store: PredictionStore | None = None,
        on_batch: Callable[[], None] = lambda: None,
    ) -> None:
        self.registry = registry
        self.device = device
        self.batch_tokens = batch_tokens
        self.batch_articles = batch_articles
        self.max_memory = max_memory
        self.batch_seconds = batch_seconds
        self.store = store
        self.on_batch = on_batch
        self._cache_keys: dict[str, str] = {}
        self._loaded: dict[str, Expert | _Broken] = {}  # the longest idle first

    def run(self, name: str, task: str, articles: Sequence[Article], figures: ExpertStats) -> list[Outcome]:
        """Have the expert `name` answer for each article; return its answers, or errors, in order.

        What is remembered is not asked again, nor is the same text twice; then the expert need not be loaded.
        """
        cache_key = self._identity(name)
        if not (self.store and cache_key):
            return self._ask(name, task, articles, figures, cache_key)
        outcomes: dict[str, Outcome] = dict(self.store.predictions(cache_key, [one.key for one in articles]))
        new: dict[str, Article] = {}
        for article in articles:
            if article.key not in outcomes:
                new.setdefault(article.key, article)
        if new:
            asked = self._ask(name, task, list(new.values()), figures, cache_key)
        else:  # no batch, for many windows perhaps
            self.on_batch()
            asked = []
        outcomes |= zip(new, asked, strict=True)
        found = [outcomes[article.key] for article in articles]
        again = sum(not isinstance(outcome, ItemError) for outcome in found)
        again -= sum(not isinstance(outcome, ItemError) for outcome in asked)
        figures.items += again
        figures.reused += again
        figures.errors += len(found) - len(asked) - again
        return found

    def retry_broken(self) -> None:
        """Have experts that failed to load tried again when they are next asked."""
        self._loaded = {name: one for name, one in self._loaded.items() if not isinstance(one, _Broken)}

    def _identity(self, name: str) -> str:
        """Return all that decides what an expert answers, or "" where its answers cannot be remembered."""
        if name not in self._cache_keys:
            info = self.registry.experts.get(name) if self.store else None
            fingerprint = info.fingerprint() if info else ""
            cache_key = f"{name} {fingerprint} {self.device.kind} {version('newsmoe')}"
            self._cache_keys[name] = fingerprint and cache_key
        return self._cache_keys[name]

    def _ask(
        self, name: str, task: str, articles: Sequence[Article], figures: ExpertStats, cache_key: str
    ) -> list[Outcome]:
        lengths = self._lengths(self._expert(name, figures), articles)
        outcomes: dict[int, Outcome] = {}
        for batch in cut_batches(lengths, self.batch_tokens, self.batch_articles):
            predictions = self._predictions_of(
                name, task, [articles[index] for index in batch], figures, cache_key
            )
            outcomes.update(zip(batch, predictions, strict=True))
        return [outcomes[index] for index in range(len(articles))]

    def _expert(self, name: str, figures: ExpertStats) -> Expert | _Broken:
        """Return the loaded expert; one that fails to load is tried again by `retry_broken` only."""
        expert = self._loaded.pop(name, None)
        if expert is None:
            started = perf_counter()
            try:
                expert = self.registry.build(name)
                self._load(expert)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # noqa: BLE001  # its failure is its articles' error
                expert = _Broken(_item_error("", name, error, "load"))
            figures.load_seconds += perf_counter() - started
        self._loaded[name] = expert
        return expert

    def _load(self, expert: Expert) -> None:
        """Load an expert, after others were let go for it where memory is short."""
        if self.max_memory is not None:
            needed = memory_of(expert)
            while used_memory(self.device) + needed > self.max_memory and self._evict():
                pass
        while True:
            try:
                return expert.load(self.device)
            except (MemoryError, RuntimeError, NewsmoeError) as error:
                if not (is_out_of_memory(error) and self._evict()):
                    raise

    def _evict(self) -> bool:
        """Unload the expert that was longest idle, if there is one that can be."""
        for name, expert in self._loaded.items():
            if (unload := getattr(expert, "unload", None)) is not None:
                del self._loaded[name]
                unload()
                return True
        return False

    def _predictions_of(
        self, name: str, task: str, articles: Sequence[Article], figures: ExpertStats, cache_key: str
    ) -> list[Outcome]:
        """Have an expert answer a batch, and remember what it said."""
        self.on_batch()
        started, loading = perf_counter(), figures.load_seconds
        predictions = self._predict(name, task, articles, figures)
        _count(predictions, perf_counter() - started - (figures.load_seconds - loading), figures)
        if self.store and cache_key:
            kept = zip((article.key for article in articles), predictions, strict=True)
            self.store.keep(cache_key, {key: one for key, one in kept if not isinstance(one, ItemError)})
        return predictions

    def _lengths(self, expert: Expert | _Broken, articles: Sequence[Article]) -> list[int]:
        """Return the lengths that the expert states, or 1 each where it fails: `predict` will tell why."""
        if isinstance(expert, _Broken):
            return [1] * len(articles)
        try:
            lengths = lengths_of(expert, list(articles))
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001  # only the order of work depends on it
            lengths = []
        sound = len(lengths) == len(articles) and all(isinstance(length, int) for length in lengths)
        return lengths if sound else [1] * len(articles)

    def _predict(
        self, name: str, task: str, articles: Sequence[Article], figures: ExpertStats
    ) -> list[Outcome]:
        """Predict a batch; halve one that fails, down to the articles that it fails on."""
        expert = self._expert(name, figures)  # another one, where a batch was given up
        if isinstance(expert, _Broken):
            return expert.outcomes(task, len(articles))
        figures.batches += 1
        try:
            return [_checked(task, expert, prediction) for prediction in self._predictions(expert, articles)]
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001  # the item boundary: SystemExit and the like too
            if len(articles) == 1 or isinstance(error, BatchTimeoutError):
                return [_item_error(task, expert.name, error, "predict")] * len(articles)
        half = len(articles) // 2
        return [
            outcome
            for part in (articles[:half], articles[half:])
            for outcome in self._predict(name, task, part, figures)
        ]

    def _predictions(self, expert: Expert, articles: Sequence[Article]) -> list[Prediction]:
        given = list(articles)  # its own: what it does to the list is no concern of ours
        predictions = expert.predict(given) if self.batch_seconds is None else self._in_time(expert, given)
        if len(predictions) != len(articles):
            raise PredictionError(f"returned {len(predictions)} predictions for {len(articles)} articles")
        return predictions

    def _in_time(self, expert: Expert, articles: Sequence[Article]) -> list[Prediction]:
        """Predict in a thread that can be left behind; the expert in it is given up too, and built anew.

        A plug-in may give the same expert again, which is then asked while a thread of it hangs: a batch that
        hangs is to cost itself alone.
        """
        predictions: list[list[Prediction]] = []
        errors: list[BaseException] = []

        def predict() -> None:
            try:
                predictions.append(expert.predict(articles))
            except BaseException as error:  # noqa: BLE001  # raised again where it belongs
                errors.append(error)

        thread = Thread(target=predict, daemon=True)
        thread.start()
        thread.join(self.batch_seconds)
        if errors:
            raise errors[0]
        if not predictions:
            self._loaded.pop(expert.name, None)
            raise BatchTimeoutError(f"the batch took longer than {self.batch_seconds:g} s and was given up")
        return predictions[0]


def _count(outcomes: Sequence[Outcome], seconds: float, figures: ExpertStats) -> None:
    answered = [outcome for outcome in outcomes if not isinstance(outcome, ItemError)]
    figures.seconds += seconds
    figures.items += len(answered)
    figures.errors += len(outcomes) - len(answered)
    figures.tokens += sum(outcome.input_stats.tokens for outcome in answered if outcome.input_stats)


def _checked(task: str, expert: Expert, prediction: Prediction) -> Outcome:
    if not isinstance(prediction, Prediction):
        raise PredictionError(f"returned {type(prediction).__name__}, expected Summary, Labels or Fields")
    try:
        prediction = prediction.to_json_safe()
    except (TypeError, ValueError) as error:  # a failure to serialize is a ValueError
        problem: str | None = f"the answer cannot be written as JSON: {error}"
    else:
        problem = prediction.validation_error()
    if not isinstance(prediction.input_stats, InputStats | None):
        problem = f"the answer's use is a {type(prediction.input_stats).__name__}, not an InputStats"
    return _item_error(task, expert.name, PredictionError(problem), "predict") if problem else prediction


def _item_error(task: str, expert: str, error: BaseException, stage: Stage) -> ItemError:
    try:
        message = " ".join(str(error).encode(errors="replace").decode().split())
    except Exception:  # noqa: BLE001  # other people's exceptions may fail to tell what they are
        message = ""
    message = message or "no message"
    return ItemError(
        task=task, expert=expert, type=type(error).__name__, message=message[:LONGEST_MESSAGE], stage=stage
    )
