"""What a client is told of a request that cannot be done: JSON of one shape."""

from collections.abc import Mapping

from starlette.responses import JSONResponse

MAX_MESSAGE = 1_000  # characters


class Problem(Exception):  # noqa: N818  # after "problem details for HTTP APIs" (RFC 9457)
    """A request that is answered with an error: an HTTP status, a type for programs, a message for people."""

    def __init__(self, status: int, type: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        message = message.encode(errors="replace").decode()[:MAX_MESSAGE]  # an article's lone surrogates among it
        super().__init__(message)
        self.status, self.type, self.message, self.headers = status, type, message, dict(headers or {})

    def as_json(self) -> dict[str, dict[str, str]]:
        """Return the body of the response."""
        return {"error": {"type": self.type, "message": self.message}}

    def response(self) -> JSONResponse:
        """Return the response."""
        return JSONResponse(self.as_json(), self.status, self.headers)


def draining() -> Problem:
    """Return what is told while the service ends."""
    return Problem(503, "Draining", "the service is ending", {"Retry-After": "5"})


def internal_error() -> Problem:
    """Return what is told of a bug: no more than that it is one, for its message may quote an article or a path."""
    return Problem(500, "InternalError", "this is a bug of ours; the server's log says where")
