"""The articles of all requests, computed together: what waits while a batch is computed forms the next one."""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from math import ceil
from threading import Condition, Thread
from time import perf_counter

from newsmoe.article import Article, InvalidItem, estimate_article_tokens
from newsmoe.orchestrator.session import Session
from newsmoe.output.run_report import RunStats
from newsmoe.record import Record
from newsmoe.serve.limits import Limits
from newsmoe.serve.problems import Problem, draining, internal_error

Item = Article | InvalidItem
Result = Record | Problem
OnBatch = Callable[[RunStats, int, float], None]
"""Is told of each batch: what was done, the number of articles, the seconds that they took."""

MAX_WAIT = 60  # seconds that a client is told to wait
SMOOTHING = 0.2  # weight of the last batch in the rate
LAST_BATCH = 5  # seconds that the batch being computed may take when nobody waits for it any more

_logger = logging.getLogger(__name__)


class Submission:
    """The items of a request, and their records as they come; belongs to the event loop that it was made in."""

    def __init__(self, session: Session, items: Sequence[Item]) -> None:
        self.session = session
        self.waiting = deque((item, _tokens(item)) for item in items)
        self.count = len(items)
        self.loop = asyncio.get_running_loop()
        self.results: asyncio.Queue[Result] = asyncio.Queue()

    @property
    def tokens(self) -> int:
        """Tokens that wait."""
        return sum(tokens for _, tokens in self.waiting)

    async def records(self) -> AsyncIterator[Record]:
        """Yield the record of each item, in order.

        Raises:
            Problem: the batch of an item failed as a whole, also without the other items.
        """
        for _ in range(self.count):
            result = await self.results.get()
            if isinstance(result, Problem):
                raise result
            yield result


Batch = list[tuple[Submission, Item, int]]
"""Items of one or several submissions of one session, with their tokens."""


class Reservation:
    """Tokens of a request that is being read, as if they waited already."""

    def __init__(self, queue: "BatchQueue") -> None:
        self.queue = queue
        self.tokens = 0

    def grow(self, tokens: int) -> None:
        """Count so many tokens.

        Raises:
            Problem: too much else is waiting by now.
        """
        self.queue.require_room(beside=self)
        self.tokens = tokens


class BatchQueue:
    """Submissions that wait, and a thread that computes them, one batch after the other.

    All submissions have their turn in a batch, so that a single article need not wait for a list of many.
    """

    def __init__(self, limits: Limits, on_batch: OnBatch, before_batch: Callable[[], None]) -> None:
        self.limits = limits
        self.on_batch = on_batch
        self.before_batch = before_batch
        self._reservations: set[Reservation] = set()
        self._submissions: deque[Submission] = deque()
        self._tokens = 0  # waiting and being computed
        self._rate = 0.0  # tokens in a second
        self._changed = Condition()
        self._closed = self._refuses = False
        self._thread = Thread(target=self._work, name="newsmoe-batches", daemon=True)

    def start(self) -> None:
        """Start to compute."""
        self._thread.start()

    def close(self) -> None:
        """End when the batch that is being computed is done, or takes too long."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread.ident is not None:
            self._thread.join(LAST_BATCH)

    @property
    def tokens(self) -> int:
        """Tokens that wait, are being read, or are being computed."""
        return self._tokens + sum(reservation.tokens for reservation in self._reservations)

    @contextmanager
    def reservation(self) -> Iterator[Reservation]:
        """Count the tokens of a request until it is submitted.

        Raises:
            Problem: too much is waiting.
        """
        self.require_room()
        reservation = Reservation(self)
        self._reservations.add(reservation)
        try:
            yield reservation
        finally:
            self._reservations.discard(reservation)

    def require_room(self, beside: Reservation | None = None) -> None:
        """Raise a `Problem` where too much else is waiting.

        A request counts for half of the room at most: one long list leaves room for others.
        """
        with self._changed:
            sizes = [submission.tokens for submission in self._submissions]
        sizes += [reservation.tokens for reservation in self._reservations if reservation is not beside]
        excess = sum(max(0, tokens - self.limits.queue_tokens // 2) for tokens in sizes)
        if self.tokens - (beside.tokens if beside else 0) - excess >= self.limits.queue_tokens:
            seconds = min(MAX_WAIT, max(1, ceil(self.tokens / self._rate))) if self._rate else 1
            raise Problem(
                503, "Overloaded", f"too much is waiting; try again in {seconds} s", {"Retry-After": str(seconds)}
            )

    def submit(self, session: Session, items: Sequence[Item]) -> Submission:
        """Have items analyzed by a session.

        Raises:
            Problem: nothing is computed any more but what has begun.
        """
        submission = Submission(session, items)
        if submission.waiting:
            with self._changed:
                if self._refuses:
                    raise draining()
                self._tokens += submission.tokens
                self._submissions.append(submission)
                self._changed.notify()
        return submission

    def cancel(self, submission: Submission) -> None:
        """Drop what is still waiting of a submission."""
        with self._changed:
            if submission in self._submissions:
                self._submissions.remove(submission)
                self._tokens -= submission.tokens

    def refuse(self) -> int:
        """Refuse all that is waiting, and from now on what comes; return how many submissions were waiting.

        To be called in their event loop.
        """
        with self._changed:
            self._refuses = True
            refused, self._submissions = self._submissions, deque()
            self._tokens -= sum(submission.tokens for submission in refused)
        for submission in refused:
            submission.results.put_nowait(draining())
        return len(refused)

    def _work(self) -> None:
        while batch := self._next():
            self.before_batch()
            started = perf_counter()
            tokens = sum(size for _, _, size in batch)
            results, stats = _results(batch[0][0].session, [item for _, item, _ in batch])
            seconds = perf_counter() - started
            rate = tokens / max(seconds, 1e-6)
            self._rate = SMOOTHING * rate + (1 - SMOOTHING) * self._rate if self._rate else rate
            with self._changed:
                self._tokens -= tokens
            with suppress(RuntimeError):  # the loop is closed where the server was told to end at once
                submissions = [submission for submission, _, _ in batch]
                batch[0][0].loop.call_soon_threadsafe(_deliver, list(zip(submissions, results, strict=True)))
            self.on_batch(stats, len(batch), seconds)

    def _next(self) -> Batch:
        """Wait for submissions, and take items of those of one session, in turn; none when the queue is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._submissions or self._closed)
            if self._closed:
                return []
            session = self._submissions[0].session
            turns = deque(submission for submission in self._submissions if submission.session is session)
            others = [submission for submission in self._submissions if submission.session is not session]
            batch: Batch = []
            left = self.limits.batch_tokens
            while turns and len(batch) < session.settings.window_articles:
                if batch and turns[0].waiting[0][1] > left:
                    break
                submission = turns.popleft()
                item, tokens = submission.waiting.popleft()
                batch.append((submission, item, tokens))
                left -= tokens
                if submission.waiting:
                    turns.append(submission)
            self._submissions = deque([*others, *turns])
            return batch


def _tokens(item: Item) -> int:
    return estimate_article_tokens(item) if isinstance(item, Article) else 1


def _results(session: Session, items: Sequence[Item]) -> tuple[list[Result], RunStats]:
    """Return a record for each item; where a batch fails as a whole, it is halved down to the item that it fails on."""
    stats = RunStats()
    try:
        return list(session.analyze(items, stats)), stats
    except BaseException as error:  # noqa: BLE001  # of a gate, say; the thread must go on
        if len(items) == 1:
            _logger.error("an article could not be analyzed: %s", type(error).__name__, exc_info=error)
            return [internal_error()], RunStats()
    half = len(items) // 2
    (first, stats), (second, more) = _results(session, items[:half]), _results(session, items[half:])
    stats.add(more)
    return [*first, *second], stats


def _deliver(results: Sequence[tuple[Submission, Result]]) -> None:
    for submission, result in results:
        submission.results.put_nowait(result)
