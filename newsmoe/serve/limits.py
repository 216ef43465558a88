"""How much a service takes on."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How much a service takes on; beyond it a request is refused rather than left to wait.

    Attributes:
        body_bytes: of one request.
        body_seconds: in which a body must have arrived.
        articles: of one request.
        queue_tokens: that may wait, about 4.4 characters of English each; a request counts for half of it at most.
        batch_tokens: that are computed at a time, exceeded by a single article only.
        drain_seconds: in which what was begun is finished, once the service is told to end.
    """

    body_bytes: int = 16_000_000
    body_seconds: float = 30.0
    articles: int = 1_000
    queue_tokens: int = 200_000
    batch_tokens: int = 16_384
    drain_seconds: float = 60.0
