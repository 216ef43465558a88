"""What a client of the service gets."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsmoe.article import Article
from newsmoe.jobs.files import analyze_files
from newsmoe.jobs.schemas import json_schemas
from newsmoe.prediction import Fields, Prediction
from newsmoe.serve.access import Access
from newsmoe.serve.limits import Limits
from newsmoe.serve.reports import RecordsFolder
from newsmoe.settings.model import Settings
from newsmoe.testing import FakeExpert
from tests.serve.support import Client, HeldExpert, articles, serving, session_of, wait_until
from tests.support import RECORD_KEYS, registry_of

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><title>Bridge opens</title><description>The bridge opened on Monday.</description></item></channel></rss>"""


@pytest.fixture(scope="module")
def client() -> Client:
    with serving(session_of(FakeExpert(task="length"))) as client:
        yield client


@pytest.mark.parametrize("count", [0, 1, 3])
def test_records_are_what_the_command_line_writes(client: Client, count: int, tmp_path: Path) -> None:
    path = tmp_path / "articles.json"
    path.write_text(json.dumps(articles(count)))
    chosen = Settings(tasks=("length",), gate="rules", journal="none")
    analyze_files(path, tmp_path / "records.json", chosen, registry=registry_of(FakeExpert(task="length")))
    response = client.analyze(articles(count))
    assert response.status == 200
    assert response.body == (tmp_path / "records.json").read_bytes()


def test_a_single_article_gives_a_list_of_one(client: Client) -> None:
    records = client.analyze({"title": "A", "body": "Some text."}).json
    assert [list(record) for record in records] == [RECORD_KEYS]
    assert records[0]["analyses"] == {"length": {"characters": 10}}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"response": {"docs": [{"title": "A", "text": "First."}, {"title": "B", "text": "Second."}]}}', ""),
        (b'{"headline": "A", "content": "First."}\n{"headline": "B", "content": "Second."}\n', "application/x-ndjson"),
        (b"headline,content\nA,First.\nB,Second.\n", "text/csv; charset=utf-8"),
        ("headline\tcontent\nA\tFirst.\nB\tSecond.\n".encode("utf-16"), "text/tab-separated-values"),
        (b"headline,content\nA,First.\nB,Second.\n", "application/x-www-form-urlencoded"),
    ],
    ids=["nested", "lines", "csv", "tsv in utf-16", "told by its content"],
)
def test_a_body_may_have_any_shape_that_files_have(client: Client, body: bytes, content_type: str) -> None:
    records = client.analyze(body, **{"Content-Type": content_type}).json
    assert [record["headline"] for record in records] == ["A", "B"]
    assert [record["analyses"]["length"]["characters"] for record in records] == [6, 7]


def test_a_feed_is_read(client: Client) -> None:
    records = client.analyze(FEED.encode(), **{"Content-Type": "application/rss+xml"}).json
    assert [record["headline"] for record in records] == ["Bridge opens"]


def test_what_was_guessed_is_said(client: Client) -> None:
    text = "The council met on Monday and decided on the new tram line. " * 8
    response = client.analyze({"headline": "Trams", "blurb of mine": text})
    assert "'blurb of mine', which is not a common name" in response.headers["newsmoe-notices"]
    assert response.json[0]["analyses"]["length"]["characters"] > 400


def test_an_element_that_is_no_article_has_a_record_with_an_error(client: Client) -> None:
    records = client.analyze([{"headline": "A", "content": "First."}, 7, {"headline": "B", "content": "Second."}]).json
    assert [record["status"] for record in records] == ["ok", "failed", "ok"]


def test_the_articles_are_where_the_request_says(client: Client) -> None:
    body = {"old": [{"title": "A", "text": "First."}], "new": [{"title": "B", "text": "Second."}]}
    assert [record["headline"] for record in client.analyze(body, "?items=new").json] == ["B"]


def test_records_come_as_lines(client: Client) -> None:
    response = client.analyze(articles(3), Accept="application/x-ndjson")
    assert response.headers["content-type"] == "application/x-ndjson"
    assert [json.loads(line)["id"] for line in response.body.splitlines()] == [0, 1, 2]


def test_lines_come_while_others_are_computed() -> None:
    expert = HeldExpert()
    with serving(session_of(expert), Limits(batch_tokens=1)) as client:
        expert.hold()
        with socket.create_connection(("127.0.0.1", client.port)) as connection:
            body = json.dumps(articles(2)).encode()
            head = f"Host: localhost\r\nAccept: application/x-ndjson\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(b"POST /v1/analyze HTTP/1.1\r\n" + head.encode() + body)
            assert b"200 OK" in connection.recv(65536)
            assert expert.entered.wait(20)
            expert.entered.clear()
            expert.released.set()
            assert b'"id":0' in connection.recv(65536)


@pytest.mark.parametrize(
    ("body", "query", "headers", "status", "kind", "message"),
    [
        (b"", "", {}, 400, "InputError", "the body: not valid JSON: the file is empty"),
        (b"{", "", {}, 400, "InputError", "the body: not valid JSON: "),
        (b'{"a": [1, 2]}', "", {}, 404, "NoArticles", "the body: an object with no articles in it"),
        (b"\x1f\x8b\x08\0", "", {}, 415, "UnsupportedFormat", "a packed or binary body is not read"),
        (
            b"--x",
            "",
            {"Content-Type": "Multipart/Form-Data; boundary=x"},
            415,
            "UnsupportedFormat",
            "a form is not read",
        ),
        (b"PK\x03\x04", "", {"Content-Type": "text/csv"}, 415, "UnsupportedFormat", "a packed or binary"),
        (b'{"a":{"\\ud800x":[{"z":1}]}}', "", {}, 404, "NoArticles", "the body: an object with no articles in it"),
        (b"[]", "?tasks=weather", {}, 400, "UnknownTask", "tasks: no expert predicts 'weather'; available: length"),
        (b"[]", "?task=length", {}, 400, "UnknownParameter", "no parameter 'task'; did you mean 'tasks'?"),
        (b"[]", "?gate=/etc/passwd", {}, 400, "NotAllowed", "gate: '/etc/passwd' is not allowed"),
        (b"[]", "?gate=all", {}, 400, "NotAllowed", "gate: 'all' is not allowed; this service has auto, rules"),
        (b'{"a": []}', "?items=docs", {}, 404, "NoArticles", "the body: no articles at 'docs'"),
        (b"[]", "", {"Content-Type": "text/csv; charset=klingon"}, 400, "InputError", "there is no encoding 'klingon'"),
        (
            b"a,b\n1,2\n",
            "",
            {"Content-Type": "text/csv"},
            400,
            "InputError",
            "delete rows above the header, or name yours headline and content",
        ),
        (bytes(range(128, 255)), "", {"Content-Type": "text/csv"}, 400, "InputError", "such as charset=windows-1251"),
        (b"no news", "", {}, 400, "InputError", "say what it is with the header Content-Type, or name the columns"),
        (b'{"a": []}', "?items=docs", {}, 404, "NoArticles", "no articles at 'docs' (?items=)"),
    ],
)
def test_a_wrong_request_is_told_what_is_wrong(
    client: Client, body: bytes, query: str, headers: dict[str, str], status: int, kind: str, message: str
) -> None:
    response = client.analyze(body, query, **headers)
    assert (response.status, response.problem[0]) == (status, kind)
    assert message in response.problem[1]


def test_unknown_paths_and_methods_are_problems_too(client: Client) -> None:
    assert (response := client.ask("GET", "/v2")).status == 404
    assert response.problem == ("NotFound", "there is no such path; see /docs")
    assert (response := client.ask("GET", "/v1/analyze")).status == 405
    assert response.problem[0] == "MethodNotAllowed"
    assert response.headers["allow"] == "POST"


@pytest.mark.slow
@given(
    st.binary(max_size=200) | st.text(max_size=100).map(lambda text: json.dumps(text).encode()),
    st.sampled_from(
        ["", "application/json", "text/csv", "text/html", "application/rss+xml", "application/x-ndjson; charset=utf-16"]
    ),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_breaks_it(client: Client, body: bytes, content_type: str) -> None:
    response = client.analyze(body, **{"Content-Type": content_type})
    assert response.status in (200, 400, 404, 415)
    if response.status != 200:
        kind, message = response.problem
        assert "newsmoe-" not in message  # the name of a temporary file
        assert "Traceback" not in message


def test_a_request_may_have_other_tasks_and_another_gate() -> None:
    with serving(session_of(FakeExpert("a", "first"), FakeExpert("b", "second"), tasks=("first",))) as client:
        assert list(client.analyze(articles(1)).json[0]["analyses"]) == ["first"]
        assert list(client.analyze(articles(1), "?tasks=second,first&gate=rules").json[0]["analyses"]) == [
            "second",
            "first",
        ]
        (route,) = client.ask("POST", "/v1/route?tasks=second", articles(1)).json
        assert [entry["expert"] for entry in route["route"]] == ["b"]


def test_routes_are_told_without_a_prediction() -> None:
    expert = FakeExpert("a", "first")
    with serving(session_of(expert)) as client:
        expert.batches.clear()
        (route, invalid) = client.ask("POST", "/v1/route", [*articles(1), 5]).json
    assert [(entry["task"], entry["expert"], entry["weight"]) for entry in route["route"]] == [("first", "a", 1.0)]
    assert invalid["route"] == []
    assert expert.batches == []


def test_an_article_that_an_expert_fails_on_costs_its_own_record_only() -> None:
    def poisoned(article: Article) -> Prediction:
        if "poison" in article.headline:
            raise SystemExit("no")
        return Fields({"length": 1})

    with serving(session_of(FakeExpert("a", "first", poisoned))) as client, ThreadPoolExecutor(8) as threads:
        bodies = [{"headline": f"{'poison' if number == 5 else 'news'} {number}"} for number in range(16)]
        records = [response.json[0] for response in threads.map(client.analyze, bodies)]
    assert [record["headline"] for record in records if record["status"] != "ok"] == ["poison 5"]


def test_a_gate_that_fails_on_an_article_costs_its_request_only() -> None:
    session = session_of(FakeExpert("a", "first"))
    route = session.gate.route

    def failing(batch: list[Article]) -> object:
        if any("poison" in article.headline for article in batch):
            raise RuntimeError("the text of an article")
        return route(batch)

    session.gate.route = failing  # type: ignore[method-assign,assignment]
    with serving(session) as client, ThreadPoolExecutor(8) as threads:
        bodies = [{"headline": f"{'poison' if number == 5 else 'news'} {number}"} for number in range(16)]
        responses = list(threads.map(client.analyze, bodies))
        lines = client.analyze(bodies[5], Accept="application/x-ndjson").body.splitlines()
    assert [number for number, response in enumerate(responses) if response.status != 200] == [5]
    assert responses[5].problem == ("InternalError", "this is a bug of ours; the server's log says where")
    assert [json.loads(line)["error"]["type"] for line in lines] == ["InternalError"]


def test_a_gate_that_fails_on_everything_does_not_keep_requests_waiting() -> None:
    session = session_of(FakeExpert("a", "first"))

    def failing(batch: list[Article]) -> object:
        raise RuntimeError("no backbone")

    session.gate.route = failing  # type: ignore[method-assign,assignment]
    with serving(session) as client:
        assert client.analyze(articles(2)).status == 500
        assert client.service.queue.tokens == 0


def test_the_page_for_programs_says_what_a_body_may_be() -> None:
    with serving(session_of(FakeExpert(task="length"))) as client:
        paths = client.ask("GET", "/openapi.json").json["paths"]
        stated = list(paths["/v1/analyze"]["post"]["requestBody"]["content"])
        assert stated[:2] == ["application/json", "text/csv"]
        assert "Body: application/json, text/csv, " in client.ask("GET", "/docs").body.decode()
        response = client.analyze(b"headline\nStorm hits the coast\n", **{"Content-Type": "text/csv"})
    assert [record["headline"] for record in response.json] == ["Storm hits the coast"]


def test_the_token_is_needed_but_for_health_and_pages() -> None:
    with serving(session_of(FakeExpert(task="length")), access=Access("a-token-of-ours")) as client:
        for path in ("/healthz", "/readyz", "/", "/docs", "/openapi.json"):
            assert client.ask("GET", path).status == 200
        for path in ("/metrics", "/v1/experts", "/v1/schema", "/v1/records"):
            assert (response := client.ask("GET", path)).status == 401
            assert response.problem[0] == "Unauthorized"
            assert client.ask("GET", path, Authorization="Bearer a-token-of-ours").status == 200
        for wrong in ("Bearer a-token", "Basic a-token-of-ours", "a-token-of-ours", "Bearer \xe9"):
            assert client.analyze([], Authorization=wrong).status == 401
        assert client.analyze([], Authorization="bearer a-token-of-ours").status == 200
        assert client.ask("GET", "/metrics", Authorization="Bearer a-token-of-ours", Host="news.example").status == 200


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Host": "news.example"}, "ForeignHost"),
        ({"Host": "news.example:8000"}, "ForeignHost"),
        ({"Host": "[::1"}, "ForeignHost"),
        ({"Origin": "https://news.example"}, "ForeignOrigin"),
        ({"Origin": "null"}, "ForeignOrigin"),
        ({"Origin": "http://["}, "ForeignOrigin"),
        ({"Host": "localhost:1", "Origin": "http://localhost:2"}, "ForeignOrigin"),
    ],
)
def test_pages_of_other_sites_are_kept_out(client: Client, headers: dict[str, str], kind: str) -> None:
    response = client.analyze([], **headers)
    assert (response.status, response.problem[0]) == (403, kind)


@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "127.0.0.1:9", "[::1]:8000"])
def test_pages_of_its_own_are_let_in(client: Client, host: str) -> None:
    assert client.analyze([], Host=host, Origin=f"http://{host}").status == 200


def test_the_start_page_says_what_an_article_gets(client: Client) -> None:
    assert "Each gets length; nothing leaves this server." in client.ask("GET", "/").body.decode()
    experts = FakeExpert("gist", "summarization"), FakeExpert("mood", "sentiment"), FakeExpert("kind", "topic")
    with serving(session_of(*experts, gate="all")) as others:
        assert "Each gets a summary, a sentiment and a topic; nothing" in others.ask("GET", "/").body.decode()


def test_the_page_for_programs_has_the_host_that_the_client_names(client: Client) -> None:
    page = client.ask("GET", "/docs", Host="[::1]:9</code><script>").body.decode()
    assert "@news-data.json [::1]:9&lt;/code&gt;&lt;script&gt;/v1/analyze" in page


@pytest.mark.parametrize("query", ["?tasks=", "?tasks=,", "?tasks=length,"])
def test_no_task_stands_for_all_that_the_service_runs(client: Client, query: str) -> None:
    assert client.analyze(articles(1), query).json == client.analyze(articles(1)).json


def test_a_page_is_made_of_records(client: Client) -> None:
    records = client.analyze(articles(2)).body
    response = client.ask("POST", "/v1/report", records)
    assert response.headers["content-type"].startswith("text/html")
    assert b"Headline 1" in response.body
    lines = client.analyze(articles(2), Accept="application/x-ndjson").body
    assert client.ask("POST", "/v1/report", lines, {"Content-Type": "application/x-ndjson"}).status == 200
    response = client.ask("POST", "/v1/report", articles(2))
    assert response.status == 400
    assert response.problem[1].startswith("the body: is no list of records, as /v1/analyze returns them: ")


def test_records_of_a_folder_are_shown(tmp_path: Path, client: Client) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "analyzed_a.json").write_bytes(client.analyze(articles(2)).body)
    (tmp_path / "other.json").write_text("[]")
    (tmp_path / "link.json").symlink_to(tmp_path / "in" / "analyzed_a.json")
    with serving(session_of(FakeExpert(task="length")), folder=RecordsFolder(tmp_path)) as shown:
        assert [file["name"] for file in shown.ask("GET", "/v1/records").json] == ["in/analyzed_a.json"]
        assert b"Headline 1" in shown.ask("GET", "/v1/records/in/analyzed_a.json").body
        for name in ("other.json", "link.json", "../secret.json", "in/../in/analyzed_a.json", "%2e%2e/x"):
            assert shown.ask("GET", f"/v1/records/{name}").status == 404
    assert client.ask("GET", "/v1/records").json == []


def test_experts_and_schemas_are_told_without_paths(client: Client) -> None:
    assert [expert["name"] for expert in client.ask("GET", "/v1/experts").json] == ["fake"]
    assert client.ask("GET", "/v1/schema").json == json_schemas()


def test_metrics_count_requests_batches_and_records() -> None:
    with serving(session_of(FakeExpert(task="length"))) as client:
        client.analyze([*articles(2), 7])
        client.analyze(b"{")
        wait_until(lambda: b'newsmoe_items_total{status="failed"} 1.0' in client.ask("GET", "/metrics").body)
        text = client.ask("GET", "/metrics").body.decode()
    for line in (
        'newsmoe_requests_total{path="/v1/analyze",status="200"} 1.0',
        'newsmoe_requests_total{path="/v1/analyze",status="400"} 1.0',
        'newsmoe_items_total{status="ok"} 2.0',
        'newsmoe_expert_items_total{expert="fake"} 2.0',
        "newsmoe_batch_articles_sum 3.0",
        "newsmoe_queue_tokens 0.0",
    ):
        assert line in text.splitlines()


def test_nothing_is_cached_sniffed_or_named(client: Client) -> None:
    headers = client.analyze([]).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "server" not in headers
