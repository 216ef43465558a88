"""A service in a thread of the test, asked over a real socket."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from threading import Event, Thread
from typing import Any, NamedTuple

from newsmoe.article import Article
from newsmoe.orchestrator.session import RunStore, Session
from newsmoe.prediction import Prediction
from newsmoe.serve.access import Access
from newsmoe.serve.app import make_app
from newsmoe.serve.limits import Limits
from newsmoe.serve.reports import RecordsFolder
from newsmoe.serve.server import Server, listen
from newsmoe.serve.service import Service
from newsmoe.settings.model import Settings
from newsmoe.testing import FakeExpert
from tests.support import registry_of

SECONDS = 20


class Response(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> tuple[str, str]:
        """Type and message of a problem; the body must have its shape."""
        assert self.json.keys() == {"error"}
        assert self.json["error"].keys() == {"type", "message"}
        return self.json["error"]["type"], self.json["error"]["message"]


class Client(NamedTuple):
    """Asks a service."""

    service: Service
    server: Server
    port: int

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, **more: str
    ) -> Response:
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, data, {**(headers or {}), **more})
            response = connection.getresponse()
            return Response(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def analyze(self, body: Any, query: str = "", **headers: str) -> Response:
        return self.ask("POST", f"/v1/analyze{query}", body, headers)


class HeldExpert(FakeExpert):
    """Predicts, but not while it is held; a batch has `entered` it before it waits."""

    def __init__(self, name: str = "held", task: str = "length") -> None:
        super().__init__(name, task)
        self.fingerprint = name
        self.entered, self.released = Event(), Event()
        self.released.set()

    def hold(self) -> None:
        self.entered.clear()
        self.released.clear()
        self.batches.clear()

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        self.entered.set()
        assert self.released.wait(SECONDS)
        return super().predict(articles)


def session_of(*experts: Any, journal: RunStore | None = None, **settings: Any) -> Session:
    """Return a session of these experts, one for each task."""
    tasks = tuple(dict.fromkeys(expert.task for expert in experts))
    return Session(
        Settings(**{"tasks": tasks, "gate": "rules", **settings}), registry=registry_of(*experts), journal=journal
    )


@contextmanager
def serving(
    session: Session, limits: Limits | None = None, access: Access | None = None, folder: RecordsFolder | None = None
) -> Iterator[Client]:
    """Serve until the block ends."""
    service = Service(session, limits)
    with listen("127.0.0.1", 0) as connection:
        server = Server(make_app(service, access or Access(), folder), service)
        thread = Thread(target=server.run, args=([connection],), daemon=True)
        thread.start()
        try:
            wait_until(lambda: service.ready and server.started)
            yield Client(service, server, connection.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(SECONDS)
            assert not thread.is_alive()


def wait_until(condition: Any) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def articles(count: int) -> list[dict[str, Any]]:
    return [{"id": number, "headline": f"Headline {number}", "content": f"Text {number}."} for number in range(count)]
