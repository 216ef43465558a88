import gzip
import io
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.article import Article, InvalidItem
from newsmoe.errors import InputError
from newsmoe.ingest.location import USUAL_KEYS
from newsmoe.ingest.source import open_source, read_elements
from newsmoe.settings.model import Settings
from tests.strategies import FEW, JSON

SHARED = Path(__file__).parents[2].parent / "shared"
TWO = '[{"id": 1, "headline": "One é"}, {"id": 2, "headline": "Two"}]'

WITH_ID = st.fixed_dictionaries(
    {"id": st.integers() | st.text("abc", min_size=1, max_size=3)},
    optional={"headline": JSON, "content": JSON, "url": JSON, "date": JSON, "authors": JSON},
)
MEMBERS = WITH_ID | JSON


def put(folder: Path, content: str | bytes, name: str = "news.json") -> str:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def read(folder: Path, content: str | bytes, name: str = "news.json") -> list[Article | InvalidItem]:
    with open_source(put(folder, content, name)) as source:
        items = list(source.articles())
        assert source.count == len(items)
        return items


def refusal(folder: Path, content: str | bytes, name: str = "news.json") -> str:
    path = put(folder, content, name)
    with pytest.raises(InputError) as error, open_source(path):
        pass
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value).removeprefix(f"{path}: ")


def ids(items: list[Article | InvalidItem]) -> list[int | str | None]:
    return [item.id for item in items]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("in")


def check_items(items: list[Article | InvalidItem], values: list[Any]) -> None:
    assert len(items) == len(values)
    for item, value in zip(items, values, strict=True):
        if isinstance(value, str):  # a text may be an article's
            assert item.id is None or isinstance(item, Article)
        elif not isinstance(value, dict):
            assert isinstance(item, InvalidItem)
        elif isinstance(value.get("id"), int | str) and not isinstance(value["id"], bool):
            assert (item.id, type(item.id)) == (value["id"], type(value["id"]))


@FEW
@given(st.lists(MEMBERS, max_size=5))
def test_each_element_of_an_array_gives_one_item(folder: Path, values: list[Any]) -> None:
    check_items(read(folder, json.dumps(values)), values)


@FEW
@given(st.lists(MEMBERS, min_size=2, max_size=5), st.sampled_from(USUAL_KEYS))
def test_each_element_that_an_object_holds_gives_one_item(folder: Path, values: list[Any], key: str) -> None:
    check_items(read(folder, json.dumps({"status": "ok", key: values})), values)


@FEW
@given(st.lists(WITH_ID, min_size=1, max_size=5))
def test_each_line_gives_one_item(folder: Path, values: list[Any]) -> None:
    document = "\n".join(map(json.dumps, values))
    check_items(read(folder, document, "news.jsonl"), values)


@pytest.mark.parametrize("name", ["news.json", "news.jsonl", "news.ndjson", "news.jsonlines", "news"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_json_lines_are_understood_whatever_the_name(tmp_path: Path, name: str, line_end: str) -> None:
    items = read(tmp_path, line_end.join(['{"headline": "One"}', '{"headline": "Two"}', ""]), name)
    assert [item.headline for item in items] == ["One", "Two"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-with-mark", "utf-16-be-with-mark"])
@pytest.mark.parametrize("zipped", [False, True])
def test_encodings_are_recognised(tmp_path: Path, encoding: str, zipped: bool) -> None:
    codec = encoding.removesuffix("-with-mark")
    content = ("\ufeff" + TWO).encode(codec) if codec != encoding else TWO.encode(encoding)
    items = read(tmp_path, gzip.compress(content) if zipped else content)
    assert [item.headline for item in items] == ["One é", "Two"]


@pytest.mark.parametrize("name", ["news.json.gz", "news.json", "news"])
def test_gzip_is_recognised_whatever_the_name(tmp_path: Path, name: str) -> None:
    assert ids(read(tmp_path, gzip.compress(TWO.encode(), mtime=0), name)) == [1, 2]


def test_gzip_of_several_members_is_read_to_the_end(tmp_path: Path) -> None:
    half = len(TWO) // 2
    content = gzip.compress(TWO[:half].encode()) + gzip.compress(TWO[half:].encode())
    assert ids(read(tmp_path, content)) == [1, 2]


def test_a_plain_file_may_be_named_gz(tmp_path: Path) -> None:
    assert ids(read(tmp_path, TWO, "news.json.gz")) == [1, 2]


def test_bytes_that_are_no_utf8_are_windows_1252(tmp_path: Path) -> None:
    """A byte that Windows-1252 lacks too becomes one replacement character."""
    (item,) = read(tmp_path, b'[{"headline": "caf\xe9 \x93bar\x94 \x81 caf\xc3\xa9"}]')
    assert item.headline == "café “bar” \ufffd café"


@pytest.mark.parametrize("content", ["[]", " [ ] \n", '{"articles": []}', '{"status": "ok", "results": []}'])
def test_an_empty_list_has_no_items(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content) == []


def test_an_array_of_numbers_gives_an_error_for_each(tmp_path: Path) -> None:
    items = read(tmp_path, "[1, 2.5, -3]")
    assert len(items) == 3
    assert all(isinstance(item, InvalidItem) and "a number" in item.message for item in items)


def test_a_single_object_is_one_article(tmp_path: Path) -> None:
    (item,) = read(tmp_path, '{"id": 7, "headline": "One"}')
    assert isinstance(item, Article)
    assert item.id == 7


def test_equal_ids_and_equal_articles_are_all_kept(tmp_path: Path) -> None:
    items = read(tmp_path, json.dumps([{"id": 1, "headline": "a"}] * 3 + [{"headline": "b"}] * 2))
    assert ids(items)[:3] == [1, 1, 1]
    assert len(items) == 5
    assert items[3] == items[4]


def test_a_derived_id_does_not_depend_on_the_place(tmp_path: Path) -> None:
    elements = [{"headline": name, "content": "Roofs."} for name in ("a", "b", "c")]
    forward = ids(read(tmp_path, json.dumps(elements)))
    backward = ids(read(tmp_path, "\n".join(map(json.dumps, elements[::-1])), "news.jsonl"))
    assert forward == backward[::-1]
    assert len(set(forward)) == 3


@pytest.mark.parametrize("bad", ["oops", '{"id": 2, "headline": "b', '{"id": 2', '{"id": 2, "headline":', "}"])
@pytest.mark.parametrize("place", [1, 2])
def test_a_broken_line_affects_no_other_line(tmp_path: Path, bad: str, place: int) -> None:
    lines = ['{"id": 0, "headline": "a"}', '{"id": 1, "headline": "b"}']
    lines.insert(place, bad)
    items = read(tmp_path, "\n".join(lines))
    assert len(items) == 3
    broken = items.pop(place)
    assert isinstance(broken, InvalidItem)
    assert broken.type == "UndecodableElement"
    assert "not valid JSON" in broken.message
    assert ids(items) == [0, 1]


def test_a_broken_first_line_affects_no_other_line_where_the_suffix_means_lines(tmp_path: Path) -> None:
    items = read(tmp_path, '{"id": 1, "head\n{"id": 2, "headline": "b"}', "news.jsonl")
    assert ids(items) == [None, 2]


@pytest.mark.parametrize(
    ("key", "levels"),
    [("other", 20_000), *((key, 700) for key in ("headline", "authors", "date", "id")), ("date", 5_000)],
)
def test_deep_nesting_affects_no_other_article(tmp_path: Path, key: str, levels: int) -> None:
    deep = '{"$date": ' * levels + "1" + "}" * levels
    items = read(tmp_path, f'[{{"id": 1, "headline": "a"}}, {{"{key}": {deep}}}, {{"id": 3, "text": "c"}}]')
    assert [item.id for item in (items[0], items[2])] == [1, 3]
    assert len(items) == 3


def test_an_integer_of_5000_digits_is_missing(tmp_path: Path) -> None:
    item, plain = read(tmp_path, f'[{{"id": {"7" * 5000}, "headline": "a"}}, {{"headline": "a"}}]')
    assert item.id == plain.id


def test_nan_is_a_missing_value(tmp_path: Path) -> None:
    (item,) = read(tmp_path, '[{"headline": NaN, "title": "a", "author": NaN, "score": NaN}]')
    assert isinstance(item, Article)
    assert (item.headline, item.author, item.extra["score"]) == ("a", None, None)


def test_lone_surrogates_become_replacement_characters(tmp_path: Path) -> None:
    (item,) = read(tmp_path, r'[{"headline": "a\ud800b \ud83d\ude00"}]')
    assert item.headline == "a\ufffdb 😀"


def test_content_longer_than_many_chunks_is_read_whole(tmp_path: Path) -> None:
    (item,) = read(tmp_path, json.dumps([{"headline": "a", "content": "word " * 99_000}]))
    assert isinstance(item, Article)
    assert item.words == 99_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "not valid JSON: the file is empty (line 1, column 1)"),
        (" \n", "not valid JSON: the file is empty (line 2, column 1)"),
        ("hello", "not valid JSON: found 'h' where"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff", "not valid JSON: found"),
        (bytes(range(256)) * 20, "not valid JSON: found"),
        (b"\x00" * 100, "not valid JSON: found"),
        ("<html></html>", "not valid JSON: found '<' where"),
        ("5", "not valid JSON: found '5' where"),
        (TWO[:-1], "not valid JSON: found the end of the file where ',' or ']' should stand"),
        (TWO[:-5], "not valid JSON: Unterminated string starting at (line 1, column "),
        ('[{"a": 1},\n{"a": x}]', "not valid JSON: Expecting value (line 2, column 7)"),
        ('{"articles": [{"headline": "a"},\n', "not valid JSON: the file ends where a value should"),
        ('{"articles": [{"headline": "a"}\n', "not valid JSON: found the end of the file where"),
        (f"{TWO}[7]", "not valid JSON: more text after the end of the JSON document"),
        (gzip.compress(b"", mtime=0), "not valid JSON: the file is empty"),
        (gzip.compress(TWO.encode() * 500, mtime=0)[:-20], "the compressed file is damaged: "),
        (gzip.compress(TWO.encode(), mtime=0)[:-4], "the compressed file is damaged: "),
        (gzip.compress(TWO.encode(), mtime=0)[:5], "the compressed file is damaged: "),
        (b"\x1f\x8b", "the compressed file is damaged: "),
        (b"\x1f\x8bnothing of the kind", "the compressed file is damaged: "),
        (gzip.compress(TWO.encode(), mtime=0)[:20] + b"\x00" * 20, "the compressed file is damaged: "),
        (gzip.compress(TWO.encode(), mtime=0)[:10] + b"\xff" * 30, "the compressed file is damaged: "),
        (gzip.compress(TWO.encode(), mtime=0) + b"more", "the compressed file is damaged: "),
    ],
)
def test_a_file_that_is_no_json_is_refused(tmp_path: Path, content: str | bytes, message: str) -> None:
    assert refusal(tmp_path, content).startswith(message)


def test_the_refusal_names_a_place_far_behind_the_first_chunk(tmp_path: Path) -> None:
    lines = [f'{{"id": {number}, "headline": "{"x" * 200}"}},' for number in range(3000)]
    content = "[\n" + "\n".join(lines) + '\n{"id": 0, "headline" "x"}]'
    assert refusal(tmp_path, content).endswith("(line 3002, column 22)")


@pytest.mark.parametrize("name", ["news.jsonl", "news.ndjson.gz"])
def test_lines_that_are_all_broken_are_refused(tmp_path: Path, name: str) -> None:
    message = refusal(tmp_path, "hello\nworld\n", name)
    assert "not valid JSON" in message
    assert "expected a JSON array of articles, or JSON Lines" in message


@pytest.mark.parametrize(
    ("content", "keys"),
    [
        ('{"status": "error", "code": "apiKeyInvalid"}', "'status', 'code'"),
        ('{"articles": null, "total": 0}', "'articles', 'total'"),
        ('{"response": {"docs": []}}', "'response'"),
        ("{}", "none"),
    ],
)
def test_an_object_without_articles_is_refused_by_its_keys(tmp_path: Path, content: str, keys: str) -> None:
    message = refusal(tmp_path, content)
    assert f"an object with no articles in it (keys: {keys})" in message
    assert "there are " in message


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "nowhere.json"
    with pytest.raises(InputError) as error, open_source(str(path)):
        pass
    assert str(error.value) == f"{path}: cannot be read: No such file or directory"


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: Is a directory"), open_source(str(tmp_path)):
        pass


def test_the_users_field_names_are_used(tmp_path: Path) -> None:
    path = put(tmp_path, '[{"kicker": "Storm", "headline": "x"}]')
    with open_source(path, Settings(fields={"headline": ["kicker"]})) as source:
        assert [item.headline for item in source.articles()] == ["Storm"]


def test_the_users_field_names_make_a_lone_object_an_article(tmp_path: Path) -> None:
    path = put(tmp_path, '{"kicker": "Storm"}')
    with open_source(path, Settings(fields={"headline": ["kicker"]})) as source:
        assert source.count == 1


def test_a_source_can_be_read_again(tmp_path: Path) -> None:
    with open_source(put(tmp_path, TWO)) as source:
        assert list(source.articles()) == list(source.articles())


def test_a_source_has_a_name_a_path_and_a_count(tmp_path: Path) -> None:
    path = put(tmp_path, TWO)
    with open_source(path) as source:
        assert (source.name, source.path, source.count) == (path, Path(path), 2)


def stdin(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content), encoding="ascii"))


@pytest.mark.parametrize(
    "content",
    [
        TWO.encode(),
        gzip.compress(TWO.encode(), mtime=0),
        TWO.encode("utf-16"),
        '{"id": 1, "text": "One é"}\n{"id": 2, "text": "Two"}\n'.encode(),
    ],
)
def test_standard_input_is_read_like_a_file(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    stdin(monkeypatch, content)
    with open_source("-") as source:
        assert source.count == 2
        assert ids(list(source.articles())) == [1, 2]
        assert ids(list(source.articles())) == [1, 2]


def test_the_copy_of_standard_input_is_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, TWO.encode())
    with open_source("-") as source:
        copy = source.path
        assert copy.is_file()
    assert not copy.parent.exists()


@pytest.mark.parametrize("content", [b"", b"hello", gzip.compress(TWO.encode(), mtime=0)[:-9]])
def test_messages_call_standard_input_by_its_name(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    stdin(monkeypatch, content)
    with pytest.raises(InputError, match="^standard input: "), open_source("-"):
        pass


@pytest.mark.skipif(not Path("/dev/fd").is_dir(), reason="the system has no /dev/fd")
@pytest.mark.parametrize("content", [TWO.encode(), gzip.compress(TWO.encode(), mtime=0)])
def test_a_pipe_is_read_once_and_its_articles_twice(content: bytes) -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(read_end), os.fdopen(write_end, "wb") as file:
        file.write(content)
        file.close()
        with open_source(f"/dev/fd/{read_end}") as source:
            assert (source.name, source.count) == (f"/dev/fd/{read_end}", 2)
            assert ids(list(source.articles())) == [1, 2]


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("news.sock")
        with pytest.raises(InputError, match="^news.sock: cannot be read"), open_source("news.sock"):
            pass


def test_elements_are_read_as_they_stand(tmp_path: Path) -> None:
    path = put(tmp_path, '{"articles": [{"headline": "<b>x</b>\r\n\r"}, 5, null]}')
    assert list(read_elements("x", Path(path))) == [{"headline": "<b>x</b>\r\n\r"}, 5, None]


def test_elements_before_a_broken_place_are_read(tmp_path: Path) -> None:
    elements = read_elements("my input", Path(put(tmp_path, "[1, 2, oops]")))
    assert (next(elements), next(elements)) == (1, 2)
    with pytest.raises(InputError, match=r"^my input: not valid JSON: .*\(line 1, column 8\)$"):
        next(elements)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared data lie beside the author's checkout only")
def test_a_real_dump_of_newspaper3k_is_read() -> None:
    path = SHARED / "data" / "articles" / "newspaper3k-100.jsonl"
    raw = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    with open_source(str(path)) as source:
        items = list(source.articles())
    assert len(items) == len(raw) == 100
    for item, element in zip(items, raw, strict=True):
        assert isinstance(item, Article)
        assert bool(item.publication_date) == bool(element.get("publish_date"))
        assert bool(item.author) == bool(element.get("authors"))
        assert (item.url, item.language) == (element.get("url") or "", "en")
        assert item.extra.get("meta_data") == element.get("meta_data")


@pytest.mark.parametrize("element", ["5", "true", "null", '"text"', '{"id": 7}', '{"headline": {"a": 1}}'])
def test_a_lone_element_that_an_object_holds_gives_one_item(tmp_path: Path, element: str) -> None:
    (item,) = read(tmp_path, f'{{"status": "ok", "articles": [{element}]}}')
    assert isinstance(item, InvalidItem)


def test_an_empty_list_does_not_hide_the_articles(tmp_path: Path) -> None:
    assert len(read(tmp_path, f'{{"data": [], "articles": {TWO}}}')) == 2


@pytest.mark.parametrize("value", ["[1]", "[]", '[{"x": 1}]'])
def test_an_object_among_lines_may_hold_a_list_of_its_own(tmp_path: Path, value: str) -> None:
    items = read(tmp_path, f'{{"headline": "a", "data": {value}}}\n{{"headline": "b"}}\n')
    assert [item.headline for item in items] == ["a", "b"]


def test_a_comma_after_a_line_adds_no_element(tmp_path: Path) -> None:
    items = read(tmp_path, '{"id": 1, "text": "a"},\n{"id": 2, "text": "b"},\n')
    assert ids(items) == [1, 2]


@pytest.mark.parametrize("value", ["[]", "[1]", '[{"x": 1}]'])
def test_a_lone_article_may_hold_a_list_of_its_own(tmp_path: Path, value: str) -> None:
    items = read(tmp_path, f'{{"headline": "a", "text": "b", "data": {value}}}')
    assert [item.headline for item in items] == ["a"]


# files that change


@pytest.mark.parametrize(
    ("content", "replaced"), [(TWO[:-20] + "]", False), (TWO + "\n", False), (TWO, True), ("[]", False)]
)
def test_a_file_that_was_changed_or_replaced_is_an_error(tmp_path: Path, content: str, replaced: bool) -> None:
    path = put(tmp_path, TWO)
    with open_source(path) as source:
        put(tmp_path, content, "new.json" if replaced else "news.json")
        if replaced:
            (tmp_path / "new.json").replace(path)
        with pytest.raises(InputError, match=r"news\.json: was changed while it was read; run the same"):
            list(source.articles())


def test_lines_appended_during_a_run_are_left_for_the_next_run(tmp_path: Path) -> None:
    path = put(tmp_path, '{"headline": "One"}\n', "news.jsonl")
    with open_source(path) as source:
        with open(path, "a") as file:
            file.write('{"headline": "Two"}\n')
        assert (source.count, len(list(source.articles()))) == (1, 1)


def test_a_file_that_is_cut_off_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    lines = [json.dumps({"headline": f"Storm {number}", "content": "x" * 1000}) for number in range(1000)]
    path = put(tmp_path, "\n".join(lines), "news.jsonl")
    with open_source(path) as source, pytest.raises(InputError, match="was changed while it was read"):
        for _ in source.articles():
            os.truncate(path, 10)


def test_json_text_sequences_are_read(tmp_path: Path) -> None:
    items = read(tmp_path, '\x1e{"id": 1, "headline": "a"}\n\x1e{"id": 2, "headline": "b"}\n')
    assert ids(items) == [1, 2]


def test_texts_in_a_list_are_contents_and_that_is_said(tmp_path: Path) -> None:
    texts = ["The ferry was late again on Monday.", "The mayor opens a bridge across the bay."]
    path = put(tmp_path, json.dumps([*texts, "Ferries", "https://paper.example/ferry", 7]))
    with open_source(path) as source:
        items = list(source.articles())
        assert source.notices() == [f"{path}: 2 of 5 elements are texts and nothing else; they were read as contents"]
    assert [item.content for item in items if isinstance(item, Article)] == texts
    assert [type(item) for item in items[2:]] == [InvalidItem] * 3
