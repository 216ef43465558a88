"""The service over HTTP, as an ASGI application."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from time import perf_counter
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from newsmoe.errors import NewsmoeError, NoArticlesError, nearest
from newsmoe.jobs.schemas import json_schemas
from newsmoe.orchestrator.routing import as_json as route_as_json
from newsmoe.orchestrator.session import Session
from newsmoe.output.table import as_json
from newsmoe.serve.access import Access
from newsmoe.serve.batches import Reservation, Submission
from newsmoe.serve.bodies import Body, for_client, read, receive
from newsmoe.serve.experts import described_experts
from newsmoe.serve.openapi import document
from newsmoe.serve.pages import api_page, start_page
from newsmoe.serve.problems import Problem, draining, internal_error
from newsmoe.serve.reports import RecordsFolder, report_of
from newsmoe.serve.service import Service
from newsmoe.text.cleaning import one_line

T = TypeVar("T")
Handler = Callable[[Request], Awaitable[Response]]

LINES = "application/x-ndjson"
PARAMETERS = ("tasks", "gate", "items")  # of what is read
READERS = 2  # bodies that are read at a time
MAX_NOTICES = 8  # headers
MAX_NOTICE = 500  # characters
HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}

_logger = logging.getLogger(__name__)


def make_app(service: Service, access: Access, folder: RecordsFolder | None = None) -> Starlette:
    """Return the application; `folder` has records that others have written."""
    api = _Api(service, access, folder)
    routes = [
        api.at("/", api.start_page, is_open=True),
        api.at("/docs", api.docs, is_open=True),
        api.at("/openapi.json", api.openapi, is_open=True),
        api.at("/healthz", api.health, is_open=True),
        api.at("/readyz", api.readiness, is_open=True),
        api.at("/metrics", api.metrics),
        api.at("/v1/analyze", api.analyze, "POST"),
        api.at("/v1/route", api.route, "POST"),
        api.at("/v1/report", api.report, "POST"),
        api.at("/v1/experts", api.experts),
        api.at("/v1/schema", api.schema),
        api.at("/v1/records", api.records),
        api.at("/v1/records/{name:path}", api.records_page),
    ]

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        service.start()
        yield
        await to_thread.run_sync(service.queue.close)

    return Starlette(routes=routes, lifespan=lifespan, exception_handlers={HTTPException: _not_found})


class _Api:
    """What the service does for each path."""

    def __init__(self, service: Service, access: Access, folder: RecordsFolder | None) -> None:
        self.service, self.access, self.folder = service, access, folder
        self.readers, self.viewers = CapacityLimiter(READERS), CapacityLimiter(READERS)

    def at(self, path: str, handler: Handler, method: str = "GET", *, is_open: bool = False) -> Route:
        """Return the route of a handler, whose errors become responses; whoever asks must have access or it is open."""

        async def endpoint(request: Request) -> Response:
            started = perf_counter()
            try:
                if not is_open:
                    self.access.check(request.headers)
                response = await handler(request)
            except Exception as error:  # noqa: BLE001  # the boundary of a request
                response = _problem_of(error).response()
            for name, value in HEADERS.items():
                response.headers.setdefault(name, value)
            self.service.metrics.count_request(path, response.status_code, perf_counter() - started)
            return response

        return Route(path, endpoint, methods=[method])

    async def analyze(self, request: Request) -> Response:
        """Analyze the articles of a body."""
        with self._admitted() as reserved:
            session, body = await self._read(request, reserved)
            submission = self.service.queue.submit(session, body.items)
        headers = _notices(body.notices)
        if LINES in request.headers.get("accept", ""):
            cancel = partial(self.service.queue.cancel, submission)
            return _Lines(self._lines(request, submission), cancel, media_type=LINES, headers=headers)
        async with self._watched(request, submission):
            records = [as_json(record, indent=2) async for record in submission.records()]
        text = "[\n" + ",\n".join(records) + "\n]\n" if records else "[]\n"  # as `newsmoe analyze` writes it
        return Response(text, media_type="application/json", headers=headers)

    async def route(self, request: Request) -> Response:
        """Tell which experts would read the articles of a body."""
        with self._admitted() as reserved:
            session, body = await self._read(request, reserved)
            routed = await to_thread.run_sync(lambda: list(session.route(body.items)))
        return JSONResponse([route_as_json(*pair) for pair in routed], headers=_notices(body.notices))

    async def report(self, request: Request) -> Response:
        """Return the page of the records of a body."""
        with self._admitted() as reserved:
            body = await self._received(request, reserved)
            return HTMLResponse(await self._in_thread(lambda: report_of(body)))

    async def experts(self, request: Request) -> Response:
        """Describe the experts."""
        return JSONResponse(await self._in_thread(lambda: described_experts(self.service.session.registry)))

    async def schema(self, request: Request) -> Response:
        """Return the schemas of what goes in and what comes out."""
        return JSONResponse(json_schemas())

    async def records(self, request: Request) -> Response:
        """List the files of records."""
        folder = self.folder
        return JSONResponse(await to_thread.run_sync(folder.files, limiter=self.viewers) if folder else [])

    async def records_page(self, request: Request) -> Response:
        """Return the page of a file of records."""
        folder, name = self.folder, request.path_params["name"]
        page = await to_thread.run_sync(folder.page, name, limiter=self.viewers) if folder else None
        if page is None:
            raise Problem(404, "NotFound", "there is no such file of records")
        return HTMLResponse(page)

    async def start_page(self, request: Request) -> Response:
        """Return the page on which people try the service."""
        tasks = self.service.session.gate.tasks
        html, policy = start_page(tasks, has_records=self.folder is not None, needs_token=bool(self.access.token))
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    async def docs(self, request: Request) -> Response:
        """Return the page that describes the service."""
        html, policy = api_page(document(self.service), request.headers.get("host", "localhost"))
        return HTMLResponse(html, headers={"Content-Security-Policy": policy})

    async def openapi(self, request: Request) -> Response:
        """Return the description of the service for programs."""
        return JSONResponse(document(self.service))

    async def health(self, request: Request) -> Response:
        """Tell that the process is there."""
        return JSONResponse({"status": "ok"})

    async def readiness(self, request: Request) -> Response:
        """Tell whether articles are analyzed now."""
        self._require_ready()
        return JSONResponse({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """Return the metrics."""
        return Response(self.service.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    def _require_ready(self) -> None:
        if self.service.draining:
            raise draining()
        if not self.service.ready:
            raise Problem(503, "Starting", "the experts are being loaded", {"Retry-After": "1"})

    @contextmanager
    def _admitted(self) -> Iterator[Reservation]:
        """Count a request that is being read into what is waiting."""
        if self.service.draining:
            self._require_ready()
        with self.service.queue.reservation() as reservation:
            yield reservation

    async def _received(self, request: Request, reservation: Reservation) -> bytes:
        limits = self.service.limits
        try:
            async with asyncio.timeout(limits.body_seconds):
                return await receive(request, limits, reservation)
        except TimeoutError:
            raise Problem(
                408, "TooSlow", f"the body did not arrive in {limits.body_seconds:g} s", {"Connection": "close"}
            ) from None

    async def _read(self, request: Request, reservation: Reservation) -> tuple[Session, Body]:
        """Return the session that a request is for, and its articles."""
        body = await self._received(request, reservation)
        query, kind = request.query_params, request.headers.get("content-type", "")
        for name in sorted(query.keys() - set(PARAMETERS)):
            raise Problem(400, "UnknownParameter", f"there is no parameter {name[:40]!r}; {nearest(name, PARAMETERS)}")

        def work() -> tuple[Session, Body]:
            session = self.service.variant(query.get("tasks"), query.get("gate"))
            return session, read(body, kind, query.get("items"), session.settings, self.service.limits)

        return await self._in_thread(work)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=self.readers)

    @asynccontextmanager
    async def _watched(self, request: Request, submission: Submission) -> AsyncIterator[None]:
        """Drop what is waiting of a submission when its client hangs up, or the block ends."""

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            self.service.queue.cancel(submission)
            submission.results.put_nowait(Problem(400, "ClientGone", "the client hung up"))

        watcher = asyncio.create_task(watch())
        try:
            yield
        finally:
            watcher.cancel()
            self.service.queue.cancel(submission)

    async def _lines(self, request: Request, submission: Submission) -> AsyncIterator[str]:
        """Yield records as they come, a line each; a problem is the last line."""
        async with self._watched(request, submission):
            try:
                async for record in submission.records():
                    yield as_json(record) + "\n"
                    await asyncio.sleep(0)  # else a whole batch is written before it is seen that nobody reads it
            except Problem as problem:
                yield json.dumps(problem.as_json()) + "\n"


class _Lines(StreamingResponse):
    """A response in lines; however it ends, and if it never begins, `cancel` is called."""

    def __init__(self, lines: AsyncIterator[str], cancel: Callable[[], None], **options: Any) -> None:
        super().__init__(lines, **options)
        self._cancel = cancel

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the lines."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._cancel()


def _problem_of(error: Exception) -> Problem:
    match error:
        case Problem():
            return error
        case NoArticlesError():
            return Problem(404, "NoArticles", for_client(str(error)))
        case NewsmoeError():
            return Problem(400, type(error).__name__, for_client(str(error)))
        case ClientDisconnect():
            return Problem(400, "ClientGone", "the client hung up")
    _logger.error("a request failed: %s", type(error).__name__, exc_info=error)
    return internal_error()


def _not_found(request: Request, error: Exception) -> Response:
    """Return the response where there is no such path, or it has no such method."""
    status, headers = (error.status_code, error.headers) if isinstance(error, HTTPException) else (404, None)
    if status == 405:
        return Problem(405, "MethodNotAllowed", "this path has another method; see /docs", headers).response()
    return Problem(404, "NotFound", "there is no such path; see /docs").response()


def _notices(notices: list[str]) -> dict[str, str]:
    """Return a header with what was guessed or left out of a body."""
    lines = [
        one_line(for_client(notice))[:MAX_NOTICE].encode("ascii", "backslashreplace").decode() for notice in notices
    ]
    return {"Newsmoe-Notices": " | ".join(lines[:MAX_NOTICES])} if lines else {}
