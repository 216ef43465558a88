import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.ingest import json_buffer
from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.json_buffer import JsonSyntaxError
from newsmoe.ingest.json_stream import LoneObject, elements, survey
from newsmoe.ingest.location import USUAL_KEYS, locate
from tests.strategies import FEW, JSON, OBJECTS, as_read, dumped

CHUNKS = st.integers(1, 40)
FORMATS = st.sampled_from([{}, {"indent": 2}, {"ensure_ascii": False}, {"separators": (",", ":")}])


@contextmanager
def chunks_of(size: int) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_buffer, "CHUNK", size)
        yield


FINDER = FieldFinder()


def parse(document: str, lines: bool) -> Iterator[Any]:
    place = locate(survey(io.StringIO(document), FINDER)).place
    return elements(io.StringIO(document), place, lines=lines)


def read(document: str, *, lines: bool = False) -> list[Any]:
    return list(parse(document, lines))


def outcome(document: str, *, lines: bool = False) -> tuple[list[Any], str]:
    parsed: list[Any] = []
    try:
        for element in parse(document, lines):
            parsed.append(element)
    except JsonSyntaxError as error:
        return parsed, str(error)
    return parsed, ""


def dumped_outcome(result: tuple[list[Any], str]) -> tuple[str, str]:
    parsed, error = result
    return json.dumps(parsed, default=lambda bad: bad.message), error


@FEW
@given(st.lists(JSON, max_size=5), CHUNKS, FORMATS)
def test_an_array_comes_out_in_order(values: list[Any], chunk: int, form: dict[str, Any]) -> None:
    document = json.dumps(values, **form)
    with chunks_of(chunk):
        assert dumped(read(document)) == dumped(as_read(document))


@FEW
@given(st.lists(JSON, max_size=5), st.sampled_from(USUAL_KEYS), CHUNKS, FORMATS)
def test_an_envelope_yields_its_elements(values: list[Any], key: str, chunk: int, form: dict[str, Any]) -> None:
    document = json.dumps({"status": "ok", "total": 2, key: values, "next": {"page": None}}, **form)
    with chunks_of(chunk):
        assert dumped(read(document)) == dumped(as_read(document)[key])


@FEW
@given(
    st.lists(OBJECTS, min_size=1, max_size=4),
    CHUNKS,
    st.sampled_from([{}, {"ensure_ascii": False}]),
    st.sampled_from(["\n", "\r\n", "\n\n", " \n\t"]),
)
def test_json_lines_come_out_in_order(values: list[Any], chunk: int, form: dict[str, Any], line_end: str) -> None:
    documents = [json.dumps(value, **form) for value in values]
    with chunks_of(chunk):
        parsed = read(line_end.join(documents) + line_end, lines=True)
    assert dumped(parsed) == dumped([as_read(document) for document in documents])


@FEW
@given(st.lists(OBJECTS, min_size=1, max_size=4), st.data(), CHUNKS)
def test_a_cut_off_array_gives_whole_elements_and_an_error(values: list[Any], data: st.DataObject, chunk: int) -> None:
    document = json.dumps(values)
    cut = document[: data.draw(st.integers(0, len(document) - 1))]
    with chunks_of(chunk):
        parsed, error = outcome(cut)
    assert error
    assert dumped(parsed) == dumped(as_read(document)[: len(parsed)])


@FEW
@given(
    st.lists(st.dictionaries(st.text("abc", min_size=1), JSON, max_size=3), min_size=2, max_size=5), st.data(), CHUNKS
)
def test_a_truncated_line_affects_no_other_line(values: list[Any], data: st.DataObject, chunk: int) -> None:
    documents = [json.dumps(value) for value in values]
    broken = data.draw(st.integers(0, len(values) - 1))
    keep = data.draw(st.integers(1, len(documents[broken]) - 1))
    lines = [*documents[:broken], documents[broken][:keep], *documents[broken + 1 :]]
    with chunks_of(chunk):
        parsed = read("\n".join(lines), lines=True)
    assert isinstance(parsed[broken], BadElement)
    others = [as_read(document) for document in documents]
    assert dumped(parsed[:broken] + parsed[broken + 1 :]) == dumped(others[:broken] + others[broken + 1 :])


@given(
    st.lists(OBJECTS, max_size=3),
    st.data(),
    CHUNKS,
    st.sampled_from(['"', "{", "}", "[", "]", ",", ":", "\\", "x", "\n", "nul", ""]),
    st.booleans(),
)
def test_the_size_of_a_chunk_changes_nothing_in_a_broken_document(
    values: list[Any], data: st.DataObject, chunk: int, insert: str, lines: bool
) -> None:
    document = json.dumps(values, indent=1)
    place = data.draw(st.integers(0, len(document) - 1))
    document = document[:place] + insert + document[place + 1 :]
    whole = outcome(document, lines=lines)
    with chunks_of(chunk):
        assert dumped_outcome(outcome(document, lines=lines)) == dumped_outcome(whole)


@pytest.mark.parametrize("space", ["", "\n", " " * 200_000])
@pytest.mark.parametrize("lines", [False, True])
def test_arrays_of_objects_may_follow_one_another(space: str, lines: bool) -> None:
    arrays = space.join(['[{"n": 1}, {"n": 2}]', f"[{space}]", f'[{space}{{"n": 3}}]', ""])
    assert [element["n"] for element in read(arrays, lines=lines)] == [1, 2, 3]


@pytest.mark.parametrize("document", ["[{}]", '{{"took": {}, "articles": [1]}}', '{{"score": {}}}\n'])
def test_a_fraction_may_be_cut_by_the_end_of_a_chunk(document: str) -> None:
    for number in ("1.5", "1e5", "1E+5", "-0.25e-3"):
        text = document.format(number)
        whole = outcome(text)
        for chunk in range(1, len(text)):
            with chunks_of(chunk):
                assert outcome(text) == whole


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_nan_and_infinite_values_are_missing(constant: str) -> None:
    assert read(f'[{{"score": {constant}}}, {constant}]') == [{"score": None}, None]


def test_an_integer_of_5000_digits_is_missing_and_its_neighbours_are_not() -> None:
    assert read(f'[{{"n": {"7" * 5000}, "m": 1}}, {"7" * 5000}, 2]') == [{"n": None, "m": 1}, None, 2]


@pytest.mark.parametrize("document", ["[{}, 2]", '{{"n": {}, "articles": [1, 2]}}'])
def test_an_integer_of_5000_digits_may_be_cut_by_the_end_of_a_chunk(document: str) -> None:
    text = document.format("7" * 5000)
    whole = outcome(text)
    with chunks_of(4500):
        assert outcome(text) == whole


def test_an_integer_of_4000_digits_is_kept() -> None:
    assert read(f"[{'7' * 4000}]") == [int("7" * 4000)]


@pytest.mark.parametrize(("opening", "levels"), [("[", 100_000), ('{"a":', 20_000)])
def test_a_deeply_nested_element_affects_no_other_element(opening: str, levels: int) -> None:
    closing = "]" if opening == "[" else "}"
    deep = opening * levels + "1" + closing * levels
    before, bad, after = read(f'[{{"id": 1}}, {deep}, {{"id": 3}}]')
    assert (before, after) == ({"id": 1}, {"id": 3})
    assert isinstance(bad, BadElement)
    assert "nested too deeply" in bad.message


@pytest.mark.parametrize("chunk", [1 << 18, 100, 3008, 3015, 3016])
def test_brackets_in_strings_do_not_end_a_nested_element(chunk: int) -> None:
    deep = "[" * 3000 + r'"]]]]\"]]\\", "x"' + "]" * 3000
    with chunks_of(chunk):
        parsed = read(f"[1, {deep}, 2]")
    assert (parsed[0], parsed[2], len(parsed)) == (1, 2, 3)


@pytest.mark.parametrize("first", [True, False])
def test_a_line_nested_100000_deep_affects_no_other_line(first: bool) -> None:
    deep = '{"a": ' + "[" * 100_000 + "]" * 100_000 + ', "b": 1}'
    lines = [deep, '{"id": 2}'] if first else ['{"id": 2}', deep]
    parsed = read("\n".join(lines))
    assert isinstance(parsed[0 if first else 1], BadElement)
    assert parsed[1 if first else 0] == {"id": 2}
    assert len(parsed) == 2


def test_a_nested_element_without_an_end_is_an_error() -> None:
    parsed, error = outcome("[1, " + "[" * 100_000)
    assert parsed == [1]
    assert "ends inside a nested value (line 1, column 100005)" in error


def test_a_string_of_10_megabytes_comes_out_whole() -> None:
    text = "word \\u00e9 \\n" * 800_000
    assert read(f'[{{"content": "{text}"}}, 2]') == [{"content": json.loads(f'"{text}"')}, 2]


def test_line_ends_in_strings_are_understood() -> None:
    assert read('[{"content": "one\ntwo\tthree"}]') == [{"content": "one\ntwo\tthree"}]


def test_an_object_that_holds_no_array_is_an_element() -> None:
    assert read('{"headline": "a", "articles": null}') == [{"headline": "a", "articles": None}]
    assert read("{}") == [{}]


def test_an_object_is_called_lone_where_nothing_follows() -> None:
    assert isinstance(read('{"status": "error"} \n')[0], LoneObject)
    assert not isinstance(read('{"id": 1}\n{"id": 2}')[0], LoneObject)


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('{"articles": [1, 2], "data": [3]}', [1, 2]),
        ('{"data": [], "articles": [1, 2]}', [1, 2]),
        ('{"items": ["facet"], "articles": [1, 2]}', [1, 2]),
        ('{"articles": [], "results": [{"id": 1}]}', [{"id": 1}]),
        ('{"articles": [ ]}', []),
        ('{"articles": [{"data": [5]}]}', [{"data": [5]}]),
        ('{"title": "a feed", "items": [{"id": 1}]}', [{"id": 1}]),
        ('{"items": [{"id": 1}], "articles": [{"id": 2}]}', [{"id": 2}]),
        ('{"headline": "a feed", "content": null, "articles": [{"id": 1}]}', [{"id": 1}]),
        ('{"content": null, "items": [{"id": 1}]}', [{"id": 1}]),
        ('{"articles": [{"id": 1}], "results": [{"page": 1}]}', [{"id": 1}]),
        ('{"content": "b", "items": [{"img": 1}]}', [{"content": "b", "items": [{"img": 1}]}]),
    ],
)
def test_of_several_lists_the_one_with_articles_is_taken(document: str, expected: list[Any]) -> None:
    for chunk in (1, 5, 1 << 18):
        with chunks_of(chunk):
            assert read(document) == expected


def test_a_file_of_lines_may_have_none() -> None:
    assert read("", lines=True) == read(" \n", lines=True) == []


def test_a_byte_order_mark_between_joined_files_is_skipped() -> None:
    assert read('{"id": 1}\n\ufeff{"id": 2}\n', lines=True) == [{"id": 1}, {"id": 2}]


@pytest.mark.parametrize("comma", [",\n", "\n,", " , "])
def test_commas_between_values_are_skipped(comma: str) -> None:
    assert read(f'{{"id": 1}}{comma}{{"id": 2}},\n') == [{"id": 1}, {"id": 2}]


def test_objects_may_follow_one_another_on_a_line() -> None:
    assert read('{"id": 1}{"id": 2} {"id": 3}') == [{"id": 1}, {"id": 2}, {"id": 3}]


def test_an_array_in_a_file_of_lines_is_still_an_array() -> None:
    assert read('[{"id": 1},\n{"id": 2}]', lines=True) == [{"id": 1}, {"id": 2}]


def test_an_object_in_a_file_of_lines_is_an_element_whatever_it_holds() -> None:
    assert read('{"items": [1]}\n{"items": [2]}', lines=True) == [{"items": [1]}, {"items": [2]}]


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("", "the file is empty (line 1, column 1)"),
        (" \n\n ", "the file is empty (line 3, column 2)"),
        ("hello", "found 'h' where a JSON array or object should start (line 1, column 1)"),
        ('"a"', "where a JSON array or object should start (line 1, column 1)"),
        ("[", "the file ends where a value should stand (line 1, column 2)"),
        ("[1", "found the end of the file where ',' or ']' should stand (line 1, column 3)"),
        ("[1,", "the file ends where a value should stand (line 1, column 4)"),
        ("[1,]", "(line 1, column 4)"),
        ("[1 2]", "found '2' where ',' or ']' should stand (line 1, column 4)"),
        ("[1]]", "more text after the end of the JSON document (line 1, column 4)"),
        ("[{}]\n[2]", "more text after the end of the JSON document (line 2, column 1)"),
        ("[{}]\n[", "more text after the end of the JSON document (line 2, column 1)"),
        ("[1]\n[2]", "more text after the end of the JSON document (line 2, column 1)"),
        ('[{"a": 1},\n {"a" 2}]', "(line 2, column 7)"),
        ('[{"a": 1},\r\n {"a" 2}]', "(line 2, column 7)"),
        ('[{"a": "x\ny"},\n tru]', "(line 3, column 2)"),
        ('[{"é😀": 1} x', "found 'x' where ',' or ']' should stand (line 1, column 12)"),
        ('["no end', "Unterminated string starting at (line 1, column 2)"),
        ('[{"a": ', "the file ends too early: Expecting value (line 1, column 8)"),
        ('["\\ud83d\\u12"]', "(line 1, column "),
        ("{", "the file ends too early: Expecting property name enclosed in double quotes (line 1, column 2)"),
        ("{a: 1}", "Expecting property name enclosed in double quotes (line 1, column 2)"),
        ('{"a"', "the file ends too early: Expecting ':' delimiter (line 1, column 5)"),
        ('{"a" 1}', "Expecting ':' delimiter (line 1, column 6)"),
        ('{"articles": [1]', "the file ends too early: Expecting ',' delimiter (line 1, column 17)"),
    ],
)
def test_an_error_names_line_and_column(document: str, message: str) -> None:
    for chunk in (1, 3, 1 << 18):
        with chunks_of(chunk):
            assert message in outcome(document)[1]


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_an_error_far_behind_the_first_chunk_names_line_and_column(line_end: str) -> None:
    lines = [f'{{"id": {number}, "text": "ä {"x" * 50}"}},' for number in range(1, 12_001)]
    document = "[" + line_end.join(lines)
    assert len(document) > 3 * json_buffer.CHUNK
    parsed, error = outcome(document + line_end + '  {"id": 0, "text" "x"}]')
    assert [element["id"] for element in parsed] == list(range(1, 12_001))
    assert error.endswith("(line 12001, column 20)")


def test_an_error_far_along_a_line_names_the_column() -> None:
    padding = " " * (3 * json_buffer.CHUNK)
    _, error = outcome(f"[1,\n{padding}x]")
    assert error.endswith(f"(line 2, column {len(padding) + 1})")


def test_a_broken_line_is_named_by_its_place() -> None:
    first, bad, last = read('{"id": 1}\n{"id": oops}\n{"id": 3}')
    assert (first, last) == ({"id": 1}, {"id": 3})
    assert isinstance(bad, BadElement)
    assert bad.message.endswith("(line 2, column 8)")


def test_elements_come_before_the_rest_is_read() -> None:
    class Stream(io.StringIO):
        characters = 0

        def read(self, size: int | None = -1) -> str:
            piece = super().read(size)
            self.characters += len(piece)
            return piece

    stream = Stream("[" + ", ".join('{"a": 1}' for _ in range(200_000)) + "]")
    assert next(elements(stream)) == {"a": 1}
    assert 0 < stream.characters <= json_buffer.CHUNK


def test_a_syntax_error_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="empty"):
        read("")
