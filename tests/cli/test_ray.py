"""`newsmoe analyze --engine ray`, on a real Ray on this machine."""

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest

from tests.cli.support import (
    COUNTED,
    COUNTING,
    MAIN,
    PlugIn,
    articles,
    calls,
    counting,
    different,
    newsmoe,
    process,
    with_plug_ins,
)

RAY = ("--engine", "ray", "--workers", "2")

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed")


def write(pile: list[dict[str, object]]) -> None:
    Path("a.json").write_text(json.dumps(pile))


def started(environment: dict[str, str], *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*MAIN, "analyze", "a.json", *COUNTED, *RAY, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for_calls(here: Path, count: int, run: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 90
    while len(calls(here)) < count:
        assert run.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


def processes_of(run: "subprocess.Popen[bytes]", name: str) -> Iterator[psutil.Process]:
    """Yield the processes that Ray has started for an actor's class, as they call themselves."""
    for child in psutil.Process(run.pid).children(recursive=True):
        if child.name().startswith(name):
            yield child


@pytest.mark.slow
@needs_ray
def test_records_are_the_same_on_any_number_of_workers(workdir: Path, plug_in: PlugIn) -> None:
    environment = {**counting(plug_in), "NEWSMOE_WINDOW_ARTICLES": "3"}
    write([*different(20), {"id": "bad", "headline": "poison", "content": "The poison spread."}, 7])
    local = process("analyze", "a.json", *COUNTED, "-o", "local.json", "--no-journal", env=environment)
    cluster = process("analyze", "a.json", *COUNTED, "-o", "ray.json", "--no-journal", *RAY, env=environment)
    assert (local.returncode, cluster.returncode) == (4, 4), cluster.stderr
    assert Path("ray.json").read_bytes() == Path("local.json").read_bytes()
    report = json.loads(Path("ray.run.json").read_text())
    assert sum(report["workers"].values()) == 22
    assert len(report["workers"]) == 2
    assert report["experts"]["counting"]["items"] == 20
    assert report["statuses"] == {"ok": 20, "failed": 2}


@pytest.mark.slow
@needs_ray
def test_a_worker_that_is_killed_loses_and_doubles_nothing(workdir: Path, plug_in: PlugIn) -> None:
    environment = {**counting(plug_in, 0.4), "NEWSMOE_WINDOW_ARTICLES": "2"}
    write(different(24))
    run = started(environment)
    for count in (2, 8, 14):
        wait_for_calls(workdir, count, run)
        next(processes_of(run, "ray::Worker")).kill()
    assert run.wait(90) == 0
    records = json.loads(Path("analyzed_a.json").read_text())
    assert [record["id"] for record in records] == list(range(24))
    assert all(record["status"] == "ok" for record in records)
    again = Counter(calls(workdir))
    assert sum(again.values()) - 24 <= 3 * 2 * 2  # of each kill the windows that the worker had in hand


@pytest.mark.slow
@needs_ray
def test_a_run_that_is_killed_goes_on_where_it_was(workdir: Path, plug_in: PlugIn) -> None:
    environment = {**counting(plug_in, 0.2), "NEWSMOE_WINDOW_ARTICLES": "2"}
    write(different(20))
    run = started(environment)
    wait_for_calls(workdir, 8, run)
    run.kill()
    run.wait()
    time.sleep(2)  # Ray ends what the driver has left behind
    before = calls(workdir)
    result = process("analyze", "a.json", *COUNTED, *RAY, env=environment)
    assert result.returncode == 0, result.stderr
    again = set(calls(workdir)[len(before) :]) & set(before)
    assert len(again) <= 2 * 2  # the batch that each worker was at
    assert len(set(calls(workdir))) == 20


@pytest.mark.slow
@needs_ray
def test_a_placed_expert_serves_all_workers_and_outlives_a_replica(workdir: Path, plug_in: PlugIn) -> None:
    environment = {**counting(plug_in, 0.2), "NEWSMOE_WINDOW_ARTICLES": "2"}
    Path("newsmoe.toml").write_text("[placement]\ncounting = { replicas = 2, cpus = 0.5 }\n")
    write([*different(24), {"id": "bad", "headline": "poison", "content": "The poison spread."}])
    run = started(environment, "--workers", "1", "--no-journal")
    wait_for_calls(workdir, 6, run)
    next(processes_of(run, "ray::Replica")).kill()
    assert run.wait(90) == 4
    records = json.loads(Path("analyzed_a.json").read_text())
    assert [record["status"] for record in records] == ["ok"] * 24 + ["failed"]
    assert records[24]["errors"][0]["type"] == "ValueError"


@pytest.mark.slow
@needs_ray
def test_a_warning_of_workers_is_shown_once(workdir: Path, plug_in: PlugIn) -> None:
    code = COUNTING.replace("time.sleep(SECONDS)", "__import__('logging').getLogger('newsmoe.x').warning('beware')")
    environment = {**with_plug_ins(plug_in(code, counting="Counting")), "NEWSMOE_WINDOW_ARTICLES": "2"}
    write(different(12))
    result = process("analyze", "a.json", *COUNTED, *RAY, "--no-journal", env=environment)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("beware") == 1
    assert "dashboard" not in result.stderr


@pytest.mark.slow
@needs_ray
def test_a_data_set_has_the_same_bytes_on_ray(workdir: Path) -> None:
    write([{**article, "source": f"Outlet {number % 3}"} for number, article in enumerate(different(20))])
    options = ("--no-journal", "--tasks", "summarization", "--format", "jsonl", "--partition-by", "source")
    environment = {**os.environ, "NEWSMOE_WINDOW_ARTICLES": "3"}
    assert process("analyze", "a.json", "-o", "local", *options, env=environment).returncode == 0
    cluster = process("analyze", "a.json", "-o", "ray", *options, *RAY, env=environment)
    assert cluster.returncode == 0, cluster.stderr
    local, ray = (
        {path.relative_to(folder): path.read_bytes() for path in Path(folder).rglob("*.json*")}
        for folder in ("local", "ray")
    )
    assert local == ray
    assert len(local) == 4


@pytest.mark.slow
@needs_ray
def test_sigterm_ends_it(workdir: Path, plug_in: PlugIn) -> None:
    write(different(100))
    run = started({**counting(plug_in, 0.3), "NEWSMOE_WINDOW_ARTICLES": "2"})
    wait_for_calls(workdir, 2, run)
    run.send_signal(signal.SIGTERM)
    assert run.wait(30) == 143
    assert not Path("analyzed_a.json").exists()


@pytest.mark.slow
@needs_ray
@pytest.mark.parametrize(
    ("option", "messages"),
    [
        (("--workers", "1000"), ("1,000 workers with 1 processor each: this Ray cluster has room for",)),
        (("--ray-address", "127.0.0.1:1"), ("127.0.0.1:1: there is no Ray to connect to: Connection refused",)),
    ],
    ids=["more workers than fit", "a cluster that is not there"],
)
def test_what_cannot_be_had_is_refused(workdir: Path, option: tuple[str, ...], messages: tuple[str, ...]) -> None:
    write(articles(1))
    result = process("analyze", "a.json", "--engine", "ray", *option)
    assert result.returncode == 1
    for message in messages:
        assert message in result.stderr


def test_options_of_ray_need_the_engine(workdir: Path) -> None:
    write(articles(1))
    result = newsmoe("analyze", "a.json", "--workers", "2")
    assert result.exit_code == 2
    assert "require --engine ray" in " ".join(result.stderr.replace("│", " ").split())
