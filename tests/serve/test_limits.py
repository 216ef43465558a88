"""What the service refuses, and what it drops."""

import json
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from http.client import HTTPConnection

import pytest

from newsmoe.serve import server
from newsmoe.serve.batches import LAST_BATCH
from newsmoe.serve.limits import Limits
from newsmoe.serve.recent import RecentPredictions
from newsmoe.serve.server import UNREAD
from newsmoe.testing import FakeExpert
from tests.serve.support import SECONDS, Client, HeldExpert, articles, serving, session_of, wait_until
from tests.support import LogCapture


def connected(client: Client, head: str, body: bytes = b"") -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", client.port), timeout=20)
    connection.sendall(f"POST /v1/analyze HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode() + body)
    return connection


def posted(client: Client, body: object) -> socket.socket:
    data = json.dumps(body).encode()
    return connected(client, f"Content-Length: {len(data)}", data)


def test_too_large_a_body_is_refused_before_it_is_read() -> None:
    with serving(session_of(FakeExpert(task="length")), Limits(body_bytes=1000)) as client:
        with connected(client, "Content-Length: 1001") as connection:
            assert connection.recv(65536).startswith(b"HTTP/1.1 413")
        with connected(client, "Transfer-Encoding: chunked", b"3e9\r\n" + b" " * 1001 + b"\r\n") as connection:
            assert connection.recv(65536).startswith(b"HTTP/1.1 413")
        assert client.analyze(b" " * 900 + b"[]").status == 200


def test_too_many_articles_are_refused() -> None:
    with serving(session_of(FakeExpert(task="length")), Limits(articles=3)) as client:
        assert client.analyze(articles(3)).status == 200
        response = client.analyze(articles(4))
    assert response.status == 413
    assert response.problem == (
        "TooManyArticles", "a request may have 3 articles, this one has 4; send them in parts"
    )  # fmt: skip


def test_a_slow_body_times_out() -> None:
    with (
        serving(session_of(FakeExpert(task="length")), Limits(body_seconds=0.2)) as client,
        connected(client, "Content-Length: 100", b"[") as connection,
    ):
        assert connection.recv(65536).startswith(b"HTTP/1.1 408")
        wait_until(lambda: client.service.queue.tokens == 0)
        assert client.analyze([]).status == 200


@pytest.mark.parametrize("head", [b"", b"GET /healthz HTTP/1.1\r\nHost: local"])
def test_a_head_that_does_not_come_is_not_waited_for(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_SECONDS", 0.05)
    with serving(session_of(FakeExpert(task="length"))) as client:
        with socket.create_connection(("127.0.0.1", client.port), timeout=SECONDS) as connection:
            connection.sendall(head)
            assert connection.recv(65536) == b""
        monkeypatch.setattr(server, "HEAD_SECONDS", SECONDS)
        with closing(HTTPConnection("127.0.0.1", client.port, timeout=SECONDS)) as asking:
            for _ in range(2):
                asking.request("GET", "/healthz")
                assert asking.getresponse().read() == b'{"status":"ok"}'


def test_connections_over_the_limit_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    with serving(session_of(FakeExpert(task="length"))) as client:
        idle = [socket.create_connection(("127.0.0.1", client.port), timeout=SECONDS) for _ in range(2)]
        wait_until(lambda: len(client.server.server_state.connections) == 2)
        with pytest.raises(OSError):
            client.ask("GET", "/healthz")
        for connection in idle:
            connection.close()
        wait_until(lambda: not client.server.server_state.connections)
        assert client.ask("GET", "/healthz").status == 200


def test_what_is_over_the_queue_is_refused_at_once() -> None:
    expert = HeldExpert()
    with serving(session_of(expert), Limits(queue_tokens=10)) as client, ThreadPoolExecutor(1) as threads:
        expert.hold()
        waiting = threads.submit(client.analyze, articles(20))
        assert expert.entered.wait(20)
        response = client.analyze(articles(1))
        assert client.ask("POST", "/v1/route", articles(1)).status == 503
        assert client.ask("GET", "/readyz").status == 200
        expert.released.set()
        assert len(waiting.result().json) == 20
        assert client.analyze(articles(1)).status == 200
    assert response.status == 503
    assert response.problem[0] == "Overloaded"
    assert int(response.headers["retry-after"]) >= 1


def test_a_list_of_many_leaves_room_for_others() -> None:
    expert = HeldExpert()
    with (
        serving(session_of(expert), Limits(queue_tokens=40, batch_tokens=1)) as client,
        ThreadPoolExecutor(3) as threads,
    ):
        expert.hold()
        many = threads.submit(client.analyze, articles(40))
        assert expert.entered.wait(20)
        single = threads.submit(client.analyze, [{"id": "single", "headline": "Single", "content": "Text."}])
        wait_until(lambda: len(client.service.queue._submissions) == 2)
        more = threads.submit(client.analyze, [{**article, "id": f"more {article['id']}"} for article in articles(40)])
        wait_until(lambda: len(client.service.queue._submissions) == 3)
        assert client.analyze(articles(1)).status == 503
        expert.released.set()
        assert [request.result().status for request in (many, single, more)] == [200] * 3


def test_a_client_that_hangs_up_is_dropped_from_the_queue() -> None:
    expert = HeldExpert()
    with serving(session_of(expert), Limits(batch_tokens=1)) as client:
        expert.hold()
        connection = posted(client, articles(5))
        assert expert.entered.wait(20)
        before = client.service.queue.tokens
        connection.close()
        wait_until(lambda: client.service.queue.tokens < before)
        expert.released.set()
        assert client.analyze([{"id": "later", "headline": "Later", "content": "Text."}]).status == 200
        assert client.service.queue.tokens == 0
    assert expert.batches == [[0], ["later"]]


def test_a_client_that_hangs_up_on_lines_is_no_matter_for_the_log(log: LogCapture) -> None:
    expert, body = HeldExpert(), json.dumps(articles(900)).encode()
    with serving(session_of(expert)) as client:
        for _ in range(5):
            expert.hold()
            connection = connected(client, f"Accept: application/x-ndjson\r\nContent-Length: {len(body)}", body)
            assert expert.entered.wait(SECONDS)
            expert.released.set()
            connection.close()
            assert client.analyze(articles(1)).status == 200
    assert "asyncio" not in {record.name for record in log.records}


def test_what_still_waits_when_the_service_must_end_is_told_to_try_again() -> None:
    expert = HeldExpert()
    limits = Limits(batch_tokens=1, drain_seconds=0)
    with serving(session_of(expert), limits) as client, ThreadPoolExecutor(3) as threads:
        expert.hold()
        first = threads.submit(client.analyze, articles(1))
        assert expert.entered.wait(SECONDS)
        later = [{**article, "id": f"later {article['id']}"} for article in articles(2)]
        whole = threads.submit(client.analyze, later)
        lines = threads.submit(client.analyze, later, Accept="application/x-ndjson")
        wait_until(lambda: len(client.service.queue._submissions) == 2)
        data = json.dumps(articles(1)).encode()
        with connected(client, f"Content-Length: {len(data)}", data[:9]) as arriving:
            wait_until(lambda: len(client.service.queue._reservations) == 1)
            client.server.handle_exit(signal.SIGTERM, None)
            assert whole.result().problem == ("Draining", "the service is ending")
            arriving.sendall(data[9:])
            answer = arriving.recv(65536)
        expert.released.set()
        assert first.result().status == 200
    assert (whole.result().status, whole.result().headers["retry-after"]) == (503, "5")
    assert lines.result().json == {"error": {"type": "Draining", "message": "the service is ending"}}
    assert answer.startswith(b"HTTP/1.1 503")
    assert expert.batches == [[0]]


def test_it_ends_before_systemd_would_kill_it() -> None:
    assert Limits().drain_seconds + UNREAD + LAST_BATCH < 90


def test_what_waits_while_a_batch_is_computed_is_the_next_batch() -> None:
    expert = HeldExpert()
    with serving(session_of(expert)) as client, ThreadPoolExecutor(8) as threads:
        expert.hold()
        first = threads.submit(client.analyze, articles(1))
        assert expert.entered.wait(20)
        others = [threads.submit(client.analyze, [article]) for article in articles(6)[1:]]
        wait_until(lambda: len(client.service.queue._submissions) == 5)
        expert.released.set()
        assert [len(request.result().json) for request in (first, *others)] == [1] * 6
    assert [len(batch) for batch in expert.batches] == [1, 5]


def test_a_single_article_need_not_wait_for_a_list_of_many() -> None:
    expert = HeldExpert()
    with serving(session_of(expert), Limits(batch_tokens=30)) as client, ThreadPoolExecutor(2) as threads:
        expert.hold()
        many = threads.submit(client.analyze, articles(40))
        assert expert.entered.wait(20)
        single = threads.submit(client.analyze, [{"id": "single", "headline": "Single", "content": "Text."}])
        wait_until(lambda: len(client.service.queue._submissions) == 2)
        expert.released.set()
        single.result()
        assert [record["id"] for record in many.result().json] == list(range(40))
    assert "single" in expert.batches[1]


def test_a_text_that_comes_again_in_time_is_read_once() -> None:
    expert = HeldExpert()
    session = session_of(expert, journal=RecentPredictions())
    with serving(session) as client, ThreadPoolExecutor(4) as threads:
        expert.hold()
        same = [{"id": number, "headline": "The same", "content": "Text."} for number in range(4)]
        requests = [threads.submit(client.analyze, [article]) for article in same]
        assert expert.entered.wait(20)
        expert.released.set()
        records = [request.result().json[0] for request in requests]
    assert [record["id"] for record in records] == [0, 1, 2, 3]
    assert sum(map(len, expert.batches)) == 1


def test_an_article_over_the_budget_of_a_batch_is_one_by_itself() -> None:
    expert = HeldExpert()
    with serving(session_of(expert), Limits(batch_tokens=50)) as client:
        expert.batches.clear()
        body = articles(3)
        body[1]["content"] = "Long text. " * 100
        started = time.monotonic()
        assert [record["status"] for record in client.analyze(body).json] == ["ok"] * 3
        assert time.monotonic() - started < 20
    assert expert.batches == [[0], [1], [2]]
