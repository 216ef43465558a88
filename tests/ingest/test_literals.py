"""Arrays and objects of articles as programs write them, which are no JSON."""

from pathlib import Path

import pytest

from newsmoe.article import Article
from newsmoe.errors import InputError
from newsmoe.ingest import literals
from newsmoe.ingest.source import open_source

BODY = "The tram to Fenwick runs on Sundays again. Riders had asked the town for it since the spring of last year."
NOTICE = "no JSON, so it was read as JavaScript or Python writes arrays and objects, without what code computes"
MEMBERS = f"title: 'Tram', body: \"{BODY}\""
SHAPES = {
    "a module": f"export const stories = [{{ {MEMBERS} }}];\n\nexport default stories;\n",
    "a typed module": f"""
        import {{ Story }} from '@/types';
        // of the tram
        interface Options {{ title: string; tags: string[] }}
        type Short = {{ title: string }};
        export const STORIES: Array<Story[]> = [{{ {MEMBERS}, }},] satisfies Story[];
        """,
    "CommonJS": f"""
        const moment = require('moment');
        const createdAt = moment('2026-03-02').format()
        module.exports = [{{ {MEMBERS}, createdAt, ...others, date() {{ return [1] }}, image: require('./a.png') }}];
        """,
    "an object": f"const page = {{ count: 1, stories: [{{ {MEMBERS} }}] }} as const",
    "a function beside it": f"const stories = [{{ {MEMBERS} }}];\nexport const first = () => {{ return stories[0]; }}",
    "a page": f"const stories = [{{ {MEMBERS} }}];\nconst Page = () => <p>It's {{stories[0].title}}</p>;\n",
    "a template literal": f"export default [{{ title: `Tram`, body: `{BODY}`.trim() }}]",
    "joined texts": f"export default [{{ title: 'Tr' + 'am', body: '{BODY[:40]}' +\n '{BODY[40:]}' }}]",
    "Python": f"{{'title': u'Tram', 'body': '{BODY}', 'tags': None, 'score': nan, 'read': True}}\n",
    "Python's list": f"[{{'title': 'Tram', 'body': ('{BODY[:40]}' '{BODY[40:]}')}}]",
    "trailing commas": f'{{"articles": [{{"title": "Tram", "body": "{BODY}",}},]}}',
    "comments": f'[\n# of the tram\n{{"title": "Tram", /* in full */ "body": "{BODY}"}} // the only one\n]',
    "JSON5": f"{{articles: [{{ {MEMBERS}, n: -1.5e3, m: 1_000, i: Infinity }}]}}",
    "a Mongo shell": f"{{ _id: ObjectId('6b'), {MEMBERS}, n: NumberInt(3) }}\n",
}


@pytest.mark.parametrize("chunk", [1, 1 << 16])
@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_articles_of_a_program_are_read(
    content: str, chunk: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(literals, "CHUNK", chunk)
    path = tmp_path / "news.json"
    path.write_text(content)
    with open_source(str(path)) as source:
        (item,) = source.articles()
        assert f"{path}: {NOTICE}" in source.notices()
    assert isinstance(item, Article)
    assert (item.headline, item.content) == ("Tram", BODY)


@pytest.mark.parametrize("name", ["a module", "a typed module", "CommonJS", "an object"])
def test_a_script_is_known_by_its_content(name: str, tmp_path: Path) -> None:
    path = tmp_path / "news.ts"
    path.write_text(SHAPES[name])
    with open_source(str(path)) as source:
        assert source.count == 1


@pytest.mark.parametrize(
    ("date", "read"),
    [
        ("new Date('2026-03-02')", "2026-03-02"),
        ("new Date(2026, 2, 2, 8, 30)", "2026-03-02T08:30:00"),
        ("new Date(1772440200000)", "2026-03-02T08:30:00+00:00"),
        ("ISODate(\"2026-03-02T08:30:00Z\")", "2026-03-02T08:30:00Z"),
        ("datetime.datetime(2026, 3, 2, 8, 30, 5, 77, tzinfo=utc)", "2026-03-02T08:30:05"),
        ("datetime.date(2026, 3, 2)", "2026-03-02"),
        ("new Date()", None),
        ("new Date(Date.now() - 2 * 60)", None),
    ],
)  # fmt: skip
def test_a_date_of_a_call_is_read(date: str, read: str | None, tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    path.write_text(f"x = [{{ {MEMBERS}, date: {date} }}]")
    with open_source(str(path)) as source:
        (item,) = source.articles()
    assert isinstance(item, Article)
    assert item.publication_date == read


def test_of_several_values_those_that_look_like_articles_are_read(tmp_path: Path) -> None:
    path = tmp_path / "news.js"
    path.write_text(
        "let authors = [{ id: 1, name: 'Ann Lee' }, { id: 2, name: 'Bo Hill' }];\n"
        f"let stories = [{{ {MEMBERS} }}, {{ {MEMBERS}, escaped: 'it\\'s \\u00e9 \\x41\\n\\\n' }}];\n"
        "module.exports = { authors, stories };\n"
    )
    with open_source(str(path)) as source:
        _, second = source.articles()
        assert source.log_notices() == [f"{path}: 2 articles read from stories[]", f"{path}: {NOTICE}"]
    assert isinstance(second, Article)
    assert second.extra == {"escaped": "it's é A\n"}


@pytest.mark.parametrize(
    "content",
    [
        '[{"title": "He said "hello" to them"}]',  # what is broken is not read in part
        '[{"title": "Tram" "body": "x"}]',
        '[{"title": "Tram"} {"title": "Bus"}]',
        '[{"title": "Tram"}] 7',
        "[] 7",
        '[{"title": "Tram", "body": x}]',
        "[{title: Tram late again}]",
        '{"articles": [{"title": "Tram"},',
        '{"articles": [{"title": "Tram"}}',
        "[{'title': 'Tram",
        "export const f = () => { return 1 };",
        "[" * 1000,
    ],
)
def test_broken_json_stays_an_error(content: str, tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    path.write_text(content)
    with pytest.raises(InputError, match="not valid JSON"), open_source(str(path)):
        pass


def test_a_large_file_is_no_script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from newsmoe.ingest.formats import json

    monkeypatch.setattr(json, "MAX_BYTES", 10)
    path = tmp_path / "news.json"
    path.write_text(SHAPES["a module"])
    with pytest.raises(InputError, match="not valid JSON"), open_source(str(path)):
        pass
