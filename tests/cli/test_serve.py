"""`newsmoe serve` as a process: how it starts, ends, and is killed."""

import json
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from tests.cli.support import COUNTED, COUNTING, MAIN, PlugIn, calls, counting, newsmoe, with_plug_ins
from tests.serve.support import SECONDS, articles, wait_until


class Process:
    """A service that others ask over its port."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process, self.log = process, log
        self.port = 0

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> tuple[int, bytes]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=SECONDS)
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def queued_tokens(self) -> float:
        _, metrics = self.ask("GET", "/metrics")
        (tokens,) = re.findall(r"^newsmoe_queue_tokens (\S+)$", metrics.decode(), re.M)
        return float(tokens)

    def end(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def has_started(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        if match := re.search(r"serving on http://[\d.]+:(\d+)", self.log.read_text()):
            self.port = int(match[1])
        return bool(match) and "ready" in self.log.read_text()


@contextmanager
def process(environment: dict[str, str], *arguments: str) -> Iterator[Process]:
    log = Path("serve.log")
    with log.open("w") as file:
        started = Process(
            subprocess.Popen(
                [*MAIN, "serve", "--port", "0", *arguments], stderr=file, stdout=file, text=True, env=environment
            ),
            log,
        )
        try:
            wait_until(started.has_started)
            yield started
        finally:
            started.process.kill()
            started.process.wait()


@pytest.mark.slow
def test_sigterm_finishes_what_was_begun_and_takes_on_nothing_else(workdir: Path, plug_in: PlugIn) -> None:
    with process(counting(plug_in, 0.3), *COUNTED) as service, ThreadPoolExecutor(4) as threads:
        begun = [threads.submit(service.ask, "POST", "/v1/analyze", [article]) for article in articles(3)]
        wait_until(lambda: len(calls(workdir)) > 1)
        service.process.send_signal(signal.SIGTERM)
        wait_until(lambda: service.ask("GET", "/readyz")[0] == 503)
        status, body = service.ask("POST", "/v1/analyze", articles(1))
        assert (status, json.loads(body)["error"]["type"]) == (503, "Draining")
        assert service.ask("GET", "/healthz")[0] == 200
        assert [request.result()[0] for request in begun] == [200, 200, 200]
        assert service.process.wait(SECONDS) == 143
        assert "newsmoe: terminated" in service.log.read_text()
        with pytest.raises(ConnectionRefusedError):
            service.ask("GET", "/healthz")


@pytest.mark.slow
def test_what_still_waits_when_it_must_end_is_refused(workdir: Path, plug_in: PlugIn) -> None:
    wait = 'pathlib.Path("begun").touch()\n        while not pathlib.Path("go").exists():\n            time.sleep(0.01)'
    code = COUNTING.replace(
        "time.sleep(SECONDS)", f"if articles[0].id == 'long':\n            return []\n        {wait}"
    )
    environment = with_plug_ins(plug_in(code, counting="Counting"))
    with process(environment, *COUNTED, "--drain-seconds", "0") as service, ThreadPoolExecutor(2) as threads:
        first = threads.submit(service.ask, "POST", "/v1/analyze", articles(1))
        wait_until(Path("begun").exists)
        begun = service.queued_tokens()
        second = threads.submit(service.ask, "POST", "/v1/analyze", articles(1))
        wait_until(lambda: service.queued_tokens() > begun)
        service.process.send_signal(signal.SIGTERM)
        status, body = second.result()
        assert (status, json.loads(body)["error"]["type"]) == (503, "Draining")
        Path("go").touch()
        assert first.result()[0] == 200
        assert service.process.wait(SECONDS) == 143
        log = service.log.read_text()
    assert "requests refused that would take longer: 1" in log
    assert "Traceback" not in log


@pytest.mark.slow
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_second_signal_ends_it_at_once(workdir: Path, plug_in: PlugIn, sent: signal.Signals, code: int) -> None:
    seconds = "0 if articles[0].id == 'long' else 30"
    environment = with_plug_ins(plug_in(COUNTING.replace("SECONDS", seconds), counting="Counting"))
    with process(environment, *COUNTED) as service, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(service.ask, "POST", "/v1/analyze", articles(1))
        time.sleep(0.5)
        started = time.monotonic()
        service.process.send_signal(sent)
        time.sleep(0.2)
        assert service.end(sent) == code
        assert time.monotonic() - started < 10
        wait_until(waiting.done)
        log = service.log.read_text()
    assert re.search(
        r"^ending: \d+ tokens are waiting to be read first, for 60 s at most; a second signal ends at once$", log, re.M
    )
    assert "Traceback" not in log


@pytest.mark.slow
def test_killed_in_the_middle_it_has_lost_nothing_that_was_computed(workdir: Path, plug_in: PlugIn) -> None:
    environment = counting(plug_in, 0.2)
    journal = ("--journal", "journal.sqlite")
    pile = articles(200)
    with process(environment, *COUNTED, *journal) as service, ThreadPoolExecutor(32) as threads:
        requests = [threads.submit(service.ask, "POST", "/v1/analyze", [article]) for article in pile]
        wait_until(lambda: len(calls(workdir)) > 60)
        service.process.kill()
        answered = {
            number
            for number, request in enumerate(requests)
            if request.exception() is None and request.result()[0] == 200
        }
    before = calls(workdir)
    assert newsmoe("journal", "verify", *journal).exit_code == 0
    with process(environment, *COUNTED, *journal) as service:
        status, body = service.ask("POST", "/v1/analyze", pile)
        assert service.end(signal.SIGTERM) == 143
    assert [record["status"] for record in json.loads(body)] == ["ok"] * 200
    again = set(calls(workdir)[len(before) :]) & {str(number) for number in answered}
    assert answered
    assert again == set()


def test_other_machines_are_let_in_with_a_token_only(workdir: Path) -> None:
    result = newsmoe("serve", "--host", "0.0.0.0", "--port", "0")
    assert result.exit_code == 1
    assert "lets other machines in; set a token with --token-file or NEWSMOE_TOKEN" in result.stderr


@pytest.mark.parametrize("token", ["", "short", "with a space in it", "ümläut-ümläut-ümläut", "two\nlines-of-a-token"])
def test_a_token_must_be_one(workdir: Path, token: str) -> None:
    Path("token").write_text(token)
    result = newsmoe("serve", "--token-file", "token")
    assert result.exit_code == 1
    assert "token: a token has at least 16 letters, digits or signs" in result.stderr


def test_a_token_that_cannot_be_read_is_named(workdir: Path) -> None:
    result = newsmoe("serve", "--token-file", "nowhere")
    assert result.exit_code == 1
    assert "nowhere: the token cannot be read: No such file" in result.stderr


@pytest.mark.slow
def test_the_token_may_be_in_the_environment(workdir: Path, plug_in: PlugIn) -> None:
    token = "0123456789abcdef"
    environment = {**counting(plug_in), "NEWSMOE_TOKEN": token}
    with process(environment, *COUNTED, "--host", "0.0.0.0") as service:
        assert service.ask("GET", "/v1/experts")[0] == 401
        assert service.ask("GET", "/v1/experts", Authorization=f"Bearer {token}")[0] == 200


def test_a_port_that_is_taken_is_named(workdir: Path) -> None:
    from newsmoe.serve.server import listen

    with listen("127.0.0.1", 0) as taken:
        result = newsmoe("serve", "--port", str(taken.getsockname()[1]))
    assert result.exit_code == 1
    assert "cannot listen: Address already in use" in result.stderr
    assert "try another --port" in result.stderr


def test_a_folder_of_records_must_exist(workdir: Path) -> None:
    result = newsmoe("serve", "--records", "nowhere")
    assert result.exit_code == 1
    assert "nowhere: no such folder of records; check --records" in result.stderr


def test_other_commands_pass_over_the_token(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMOE_TOKEN", "0123456789abcdef")
    assert newsmoe("config", "show").exit_code == 0
