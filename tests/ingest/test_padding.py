"""JSON in what web services and scripts put around it."""

import json
from pathlib import Path

import pytest

from newsmoe.article import Article
from newsmoe.errors import InputError
from newsmoe.ingest import json_buffer
from newsmoe.ingest.source import open_source

BODY = "The tram to Fenwick runs on Sundays again. Riders had asked the town for it since the spring of last year."
STORIES = [{"title": f"Tram {number}", "content": f"{BODY} Part {number}."} for number in (1, 2)]
ARRAY = json.dumps(STORIES)
DOCUMENT = json.dumps({"articles": STORIES})
SHAPES = {
    "JSONP": f"news.show({DOCUMENT});",
    "Express": f"/**/ typeof show === 'function' && show({DOCUMENT});",
    "Angular": f")]}}',\n{DOCUMENT}",
    "Google": f")]}}'\n\n{DOCUMENT}",
    "Facebook": f"for (;;);{DOCUMENT}",
    "Twitter's archive": f"window.YTD.news.part0 = {ARRAY}",
    "a page's state": f'window["__STATE__"] = JSON.parse({json.dumps(DOCUMENT)});\n',
    "a script": f"// written by a tool\nconst news = {ARRAY};\n",
    "a module": f"export default {ARRAY}\n;\n",
    "lines": f"/* news */ {json.dumps(STORIES[0])}\n{json.dumps(STORIES[1])}\n",
}


@pytest.mark.parametrize("name", ["news.json", "news.js"])
@pytest.mark.parametrize("chunk", [1, 200, 1 << 18])
@pytest.mark.parametrize("content", SHAPES.values(), ids=SHAPES)
def test_json_is_read_without_what_is_around_it(
    content: str, chunk: int, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(json_buffer, "CHUNK", chunk)
    path = tmp_path / name
    path.write_text(content)
    with open_source(str(path)) as source:
        items = list(source.articles())
    assert [(item.headline, item.content) for item in items if isinstance(item, Article)] == [
        (each["title"], each["content"]) for each in STORIES
    ]
    assert len(items) == 2


@pytest.mark.parametrize(
    "content", [f"show({ARRAY}); show({ARRAY});", "show(1);", "show (", f"news: {ARRAY}", "a=" * 9999]
)
def test_anything_else_is_an_error(content: str, tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    path.write_text(content)
    with pytest.raises(InputError, match="not valid JSON"), open_source(str(path)):
        pass


def test_an_error_names_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "news.json"
    path.write_text(f"/* of the tram */\nshow(\n[{json.dumps(STORIES[0])}, oops]);")
    with pytest.raises(InputError, match="line 3, column"), open_source(str(path)):
        pass
