"""From the body of a request to articles."""

import io
from typing import NamedTuple

from starlette.requests import Request

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import ConfigError, InputError
from newsmoe.ingest.files import PACKED_STARTS
from newsmoe.ingest.source import open_stream
from newsmoe.serve.batches import Reservation
from newsmoe.serve.limits import Limits
from newsmoe.serve.problems import Problem
from newsmoe.settings.model import Settings

BODY = "the body"  # in messages
BYTES_PER_TOKEN = 5  # of JSON with an article in English
FORMATS = {
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/rss+xml": "feed",
    "application/atom+xml": "feed",
    "application/x-ndjson": "jsonl",
    "application/jsonl": "jsonl",
}
"""Content types that say what a body is; with any other its beginning does."""

FORM = "multipart/form-data"

BINARY = (*PACKED_STARTS, b"PK\x03\x04", b"PAR1")
"""How a body begins that would have to be unpacked, into who knows how much."""

CLIENT_REMEDIES = {
    "--encoding windows-1251": "charset=windows-1251",
    "--encoding": "the header Content-Type",
    "--input-format": "the header Content-Type",
    "--items": "?items=",
    "under [fields] in newsmoe.toml": "headline and content",
}
"""What a client can do in the place of options and settings that messages name."""


class Body(NamedTuple):
    """What a body holds, and what was guessed or left out of it."""

    items: list[Article | InvalidItem]
    notices: list[str]


async def receive(request: Request, limits: Limits, reservation: Reservation) -> bytes:
    """Return the body of a request; `reservation` grows as it arrives."""
    too_large = Problem(413, "TooLarge", f"a request may have {limits.body_bytes:,} bytes; send the articles in parts")
    if int(request.headers.get("content-length", 0)) > limits.body_bytes:
        raise too_large
    parts, size = [], 0
    async for part in request.stream():
        parts.append(part)
        size += len(part)
        if size > limits.body_bytes:
            raise too_large
        reservation.grow(size // BYTES_PER_TOKEN)
    return b"".join(parts)


def read(body: bytes, content_type: str, items: str | None, settings: Settings, limits: Limits) -> Body:
    """Return the articles in a body, as `newsmoe analyze` would read them from a file.

    Raises:
        Problem: it holds too many, is no text, or a form.
        InputError: it cannot be read as articles.
    """
    if body.startswith(BINARY):
        raise Problem(415, "UnsupportedFormat", "a packed or binary body is not read; send JSON, CSV or other text")
    if content_type.lower().startswith(FORM):
        message = "a form is not read; send the file itself as the body, as 'curl --data-binary @FILE' does"
        raise Problem(415, "UnsupportedFormat", message)
    stated = {"input_format": _format_of_type(content_type), "encoding": _charset(content_type), "items": items}
    settings = settings.model_copy(update={name: value for name, value in stated.items() if value})
    with open_stream(BODY, io.BytesIO(body), settings) as source:
        if source.count > limits.articles:
            message = (
                f"a request may have {limits.articles:,} articles, this one has {source.count:,}; send them in parts"
            )
            raise Problem(413, "TooManyArticles", message)
        return Body(list(source.articles()), source.notices())


def for_client(message: str) -> str:
    """Return a message about a body with what a client can do about it."""
    for remedy, clients in CLIENT_REMEDIES.items():
        message = message.replace(remedy, clients)
    return message


def _format_of_type(content_type: str) -> str | None:
    """Return the format that a content type says; None where it says none."""
    return FORMATS.get(content_type.partition(";")[0].strip().lower())


def _charset(content_type: str) -> str | None:
    """Return the encoding that a content type names."""
    parameters = content_type.split(";")[1:]
    values = dict(parameter.strip().lower().partition("=")[::2] for parameter in parameters)
    charset = values.get("charset", "").strip("\"' ")
    try:
        Settings(encoding=charset or None)
    except ConfigError:
        raise InputError(f"{BODY}: there is no encoding {charset[:40]!r}; name another charset, or none") from None
    return charset or None
