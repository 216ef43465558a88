import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from newsmoe.article import Article, InvalidItem
from newsmoe.ingest.fields import ALIASES, input_schema
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.names import SECTIONS, WEAK_HEADLINES
from newsmoe.ingest.normalise import Normaliser
from tests.strategies import ANY_TEXT, FEW, JSON

ENGLISH = "The council approved the new budget on Tuesday after a long debate about the tram line."
NAMES = [name for names in ALIASES.values() for name in names]
TEXT_NAMES = [name for field in ("headline", "content") for name in ALIASES[field] if name not in WEAK_HEADLINES]


def article(element: Mapping[str, Any], fields: Mapping[str, list[str]] | None = None) -> Article:
    item = Normaliser(fields)(element)
    assert isinstance(item, Article), item
    return item


def invalid_item(element: object) -> InvalidItem:
    item = Normaliser()(element)
    assert isinstance(item, InvalidItem), item
    return item


@pytest.mark.parametrize(("field", "name"), [(field, name) for field, names in ALIASES.items() for name in names])
def test_each_common_name_is_understood(field: str, name: str) -> None:
    is_text = field in ("headline", "content")
    beside = {"text": "Roofs fell."} if field == "headline" else {} if is_text else {"headline": "Storm"}
    item = article({**beside, name: [{"text": "en"}] if name in SECTIONS else "en"})
    value = getattr(item, field)
    assert value == (("en",) if field == "topics" else "en")


@pytest.mark.parametrize("empty", [None, "", [], {}])
def test_an_empty_value_falls_back_to_the_next_name(empty: object) -> None:
    item = article({"headline": empty, "title": "Storm", "content": empty, "description": "Roofs."})
    assert (item.headline, item.content) == ("Storm", "Roofs.")


def test_the_first_name_with_a_value_wins() -> None:
    item = article({"summary": "Three", "text": "Two", "content": "One", "title": "b", "headline": "a"})
    assert (item.headline, item.content) == ("a", "One")


def test_the_users_first_name_with_a_value_wins_before_the_common_ones() -> None:
    fields = {"headline": ["kicker", "slug"], "content": ["story"]}
    element = {"headline": "common", "kicker": "mine", "slug": "second", "content": "c", "story": "s"}
    item = article(element, fields)
    assert (item.headline, item.content) == ("mine", "s")
    assert article({**element, "kicker": ""}, fields).headline == "second"
    assert article({"headline": "common"}, fields).headline == "common"


def test_the_users_names_alone_make_an_article() -> None:
    assert article({"copy": "Roofs."}, {"content": ["copy"]}).content == "Roofs."
    refused = Normaliser()({"copy": "Roofs.", "\x1b": 1})
    assert isinstance(refused, InvalidItem)
    assert r"(found: 'copy', '\x1b')" in refused.message


def test_names_are_recognised_in_any_spelling() -> None:
    item = article({"Title": "Storm", " TEXT ": "Roofs.", "publishedat": "2025-01-03", "Kicker": "Weather"})
    assert (item.headline, item.content, item.publication_date) == ("Storm", "Roofs.", "2025-01-03")
    assert item.extra == {"Kicker": "Weather"}
    assert article({"Title": "Other", "title": "Storm"}).headline == "Storm"
    assert article({7: "seven", None: "none", "Title": "Storm"}).headline == "Storm"


@pytest.mark.parametrize(
    ("headline", "content"),
    [
        ({"rendered": "Storm"}, {"rendered": "Roofs.\n\nTiles."}),
        ({"main": "Storm", "kicker": None}, [{"type": "text/html", "value": "Roofs."}, {"value": "Tiles."}]),
    ],
)
def test_wrapped_texts_are_unwrapped(headline: object, content: object) -> None:
    item = article({"headline": headline, "content": content})
    assert (item.headline, item.content) == ("Storm", "Roofs.\n\nTiles.")


@pytest.mark.parametrize("field", sorted(set(ALIASES) - {"topics"}))
def test_each_field_can_be_mapped(field: str) -> None:
    item = article({"headline": "common", "mine": "en"}, {field: ["mine"]})
    assert getattr(item, field) == "en"
    assert "mine" not in item.extra


@pytest.mark.parametrize(
    ("element", "kind"),
    [
        (5, "a number"),
        (1.5, "a number"),
        (True, "a boolean"),
        (None, "null"),
        ("text", "a string"),
        ([{"headline": "x"}], "an array"),
    ],
)
def test_what_is_no_object_is_an_invalid_item(element: object, kind: str) -> None:
    item = invalid_item(element)
    assert item.message.endswith(f"found {kind}")
    assert item.type == "NotAnArticle"
    assert (item.id, item.headline, item.url) == (None, None, None)


@pytest.mark.parametrize("element", [{}, {"id": 7}, {"id": 7, "url": "u", "author": "A"}])
def test_an_object_without_any_text_field_is_an_invalid_item(element: Mapping[str, Any]) -> None:
    item = invalid_item(element)
    assert (item.id, item.url) == (element.get("id"), element.get("url"))
    assert "headline, title, content" in item.message
    assert "[fields]" in item.message


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"a": 1}, "an object"),
        ({"rendered": 5}, "an object"),
        (True, "a boolean"),
        (False, "a boolean"),
        ([1], "an array"),
        ([{"a": 1}, None], "an array"),
    ],
)
@pytest.mark.parametrize("field", ["headline", "content"])
def test_a_text_of_the_wrong_type_makes_an_invalid_item_with_its_id(field: str, value: object, kind: str) -> None:
    item = invalid_item({"id": "a-7", "url": "https://a.example", field: value})
    assert item.message == f"{field}: expected text, found {kind}"
    assert (item.type, item.id, item.url) == ("NotAnArticle", "a-7", "https://a.example")


def test_an_invalid_item_keeps_its_headline() -> None:
    assert invalid_item({"name": "<b>Storm</b>", "id": 7}).headline == "Storm"


def test_a_bad_element_becomes_an_invalid_item() -> None:
    item = invalid_item(BadElement("nested too deeply"))
    assert (item.message, item.type) == ("nested too deeply", "UndecodableElement")


def test_null_fields_make_an_empty_article() -> None:
    item = article(dict.fromkeys(NAMES))
    assert (item.headline, item.content, item.url, item.topics) == ("", "", "", ())
    assert (item.publication_date, item.author, item.source, item.language) == (None,) * 4


@pytest.mark.parametrize("identifier", [0, 7, -1, 10**30, "a-7", "0"])
def test_an_id_is_kept_as_it_is(identifier: object) -> None:
    read_id = article({"id": identifier, "headline": "x"}).id
    assert read_id == identifier
    assert type(read_id) is type(identifier)


@pytest.mark.parametrize(
    ("value", "expected"), [(" a\n7 ", "a 7"), (1.5, "1.5"), ({"$oid": "5f"}, "5f"), ("\x1b[31ma\ud800", "a\ufffd")]
)
def test_an_id_becomes_a_plain_line(value: object, expected: str) -> None:
    assert article({"_id": value, "headline": "x"}).id == expected


@pytest.mark.parametrize("value", [None, "", " ", True, False, [1, 2], {"a": 1}, "\x1b[31m"])
def test_without_an_id_one_is_derived_from_url_and_text(value: object) -> None:
    derived = article({"headline": "Storm", "content": "Roofs.", "url": "u"}).id
    assert article({"id": value, "headline": "Storm", "content": "Roofs.", "url": "u"}).id == derived
    assert derived == "6ec0b059ac24a143"


@pytest.mark.parametrize("change", [{"headline": "Calm"}, {"content": "None."}, {"url": "v"}])
def test_another_article_has_another_derived_id(change: Mapping[str, str]) -> None:
    element = {"headline": "Storm", "content": "Roofs.", "url": "u"}
    assert article({**element, **change}).id != article(element).id


def test_the_derived_id_tells_the_fields_apart() -> None:
    assert article({"headline": "Storm"}).id != article({"content": "Storm"}).id


def test_the_derived_id_depends_on_nothing_else() -> None:
    element = {"headline": "Storm", "content": "Roofs."}
    assert article({**element, "scraped": 5, "topics": ["a"]}).id == article(element).id


@pytest.mark.parametrize(
    ("value", "content"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ({"rendered": "<p>One</p>\n<p>Two</p>", "protected": False}, "One\n\nTwo"),
        (["One", "Two"], "One\n\nTwo"),
        (2024, ""),
        (1.5, ""),
    ],
)
def test_content_comes_in_several_shapes(value: object, content: str) -> None:
    assert article({"content": value}).content == content


def test_a_headline_is_one_plain_line() -> None:
    item = article({"title": {"rendered": "<b>Storm</b>\n hits &#8211;  coast"}})
    assert item.headline == "Storm hits – coast"


def test_content_that_newsapi_cut_is_marked() -> None:
    cut = article({"title": "Storm", "content": "Roofs were… [+1234 chars]"})
    assert (cut.content, cut.truncated) == ("Roofs were", True)
    assert article({"title": "Storm [+5 chars]", "content": "Roofs."}).truncated is False


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ({"$date": 1474243200000}, "2016-09-19T00:00:00+00:00"),
        ({"$date": -86400000000000}, None),
        ({"$date": "2016-09-19T00:00:00Z"}, "2016-09-19T00:00:00Z"),
        (1474243200, "2016-09-19T00:00:00+00:00"),
        (1474243200.5, "2016-09-19T00:00:00.500000+00:00"),
        (0, "0"),
        (" 19 September\n2016 ", "2016-09-19"),
        ("2016-09-19", "2016-09-19"),
        (True, None),
        (["2016"], "2016"),
        ([2016, 9, 19, 10, 30, 0, 0, 263, 0], "2016-09-19T10:30:00+00:00"),
        ("1474243200", "2016-09-19T00:00:00+00:00"),
        ({"a": 1}, None),
        ({"$date": None}, None),
        (1e300, None),
        (float("inf"), None),
        (10**300, None),
        (-(10**300), None),
    ],
)
def test_dates_are_understood(value: object, date: str | None) -> None:
    read_date = article({"headline": "x", "publish_date": value}).publication_date
    assert read_date == date


@pytest.mark.parametrize(
    ("value", "author"),
    [
        ("Ada Byron", "Ada Byron"),
        (["Ada Byron", "Alan T."], "Ada Byron, Alan T."),
        ([{"name": "Ada"}, "<b>Alan</b>", None, 5, "", {"x": 1}], "Ada, Alan"),
        ({"name": "Ada", "url": "u"}, "Ada"),
        ("['Ada Byron', \"Tom O'Dea\"]", "Ada Byron, Tom O'Dea"),
        ('[{"name": "Ada"}]', "Ada"),
        ("[Ada]", "[Ada]"),
        ("By Ada Byron", "Ada Byron"),
        ("by Ada Byron and Alan T.", "Ada Byron and Alan T."),
        (["By ", "Ada Byron"], "Ada Byron"),
        ({"original": "BY: Ada Byron"}, "Ada Byron"),
        ("Byron, Ada By", "Byron, Ada By"),
        ("By", None),
        ([], None),
        (12, None),
        (True, None),
    ],
)
def test_authors_are_joined(value: object, author: str | None) -> None:
    assert article({"headline": "x", "authors": value}).author == author


@pytest.mark.parametrize(
    ("value", "source"),
    [
        ({"id": None, "name": "The Paper"}, "The Paper"),
        ({"id": "paper", "name": None}, None),
        ("The Paper", "The Paper"),
        (["First", "Second"], "First"),
        ("www.paper.example", "www.paper.example"),
        ("https://paper.example", None),
        (5, None),
    ],
)
def test_the_source_is_named(value: object, source: str | None) -> None:
    assert article({"headline": "x", "source": value}).source == source


@pytest.mark.parametrize(
    ("value", "topics"),
    [
        ([{"topic": "Town", "relevance": 0.9}, {"tag": "Ferries"}], ("Town", "Ferries")),
        (["Sport", " Rowing\n"], ("Sport", "Rowing")),
        ("Sport", ("Sport",)),
        ([{"name": "Sport"}, 3, None], ("Sport",)),
        ("['Sport', 'Rowing']", ("Sport", "Rowing")),
        ('["Sport", "Rowing"]', ("Sport", "Rowing")),
        ("['Sport', Rowing]", ("['Sport', Rowing]",)),
        ([3, 5], ()),
        (5, ()),
    ],
)
def test_topics_are_a_tuple_of_names(value: object, topics: tuple[str, ...]) -> None:
    assert article({"headline": "x", "categories": value}).topics == topics


@pytest.mark.parametrize("code", ["de", "DE", "de-AT", "de_CH", " de\n", ["de"]])
def test_the_language_code_of_the_element_is_used(code: object) -> None:
    assert article({"headline": ENGLISH, "language": code}).language == "de"


@pytest.mark.parametrize("no_code", [None, "", "english", "e", "1234", "日本", 5, ["de", "fr"], True])
def test_without_a_language_code_the_language_is_detected(no_code: object) -> None:
    assert article({"headline": "Tram", "content": ENGLISH, "language": no_code}).language == "en"


def test_the_language_is_detected_from_a_headline_alone() -> None:
    assert article({"headline": ENGLISH, "content": None}).language == "en"


@pytest.mark.parametrize("url", [5, None, [1], {"a": 1}, True])
def test_a_url_of_the_wrong_type_is_left_empty(url: object) -> None:
    assert article({"headline": "x", "url": url}).url == ""


def test_all_other_fields_stay_unchanged_in_extra() -> None:
    extra = {"score": 1.5, "nested": {"a": [None, "\ud800 <b>x</b>"]}, "": 0}
    assert article({"headline": "x", **extra}).extra == extra


def test_keys_of_a_callers_objects_need_not_be_strings() -> None:
    extra = {3: "a", "nested": {1: 2}}
    assert Normaliser()({"headline": "x", **extra}).extra == extra  # type: ignore[union-attr,dict-item]


def test_only_what_is_as_large_as_a_book_is_left_out() -> None:
    extra = {"text": "x" * 100_000, "note": "short"}
    book = {"longer": "x" * 100_001, "list": [[]] * 100_001, "object": {"x" * 100_000: 1}}
    assert article({"headline": "x", **extra, **book}).extra == extra


def test_texts_lose_control_codes_and_lone_surrogates() -> None:
    bad = "a\x1b[31m\u202e\ud800\x00b"
    item = article(dict.fromkeys(("headline", "content", "url", "author", "date", "source"), bad))
    texts = (item.headline, item.content, item.url, item.author)
    assert texts == ("a\ufffdb",) * 4
    assert (item.publication_date, item.source) == ("a\ufffdb", "a\ufffdb")


@FEW
@given(st.dictionaries(st.sampled_from(NAMES) | ANY_TEXT, JSON, max_size=6))
def test_any_object_becomes_an_article_or_a_reason(element: dict[str, Any]) -> None:
    item = Normaliser()(element)
    texts = [item.id, item.headline, item.url]
    if isinstance(item, Article):
        assert type(item.id) in (int, str)
        texts += [item.content, item.author, item.source, item.publication_date, *item.topics]
        assert set(item.extra) <= set(element)
    else:
        assert item.message
        assert not isinstance(item.id, bool)
    for text in texts:
        str("" if text is None else text).encode()


def test_the_schema_of_an_element_is_a_schema() -> None:
    schema = input_schema()
    Draft202012Validator.check_schema(schema)
    names = {*schema["properties"], *re.findall(r"[^|^()$]+", "".join(schema["patternProperties"]))}
    assert names == set(NAMES)


@pytest.mark.parametrize("value", ["x", None, ["a", "b"], 5, {"rendered": "x"}])
def test_the_schema_accepts_what_is_read(value: object) -> None:
    schema = Draft202012Validator(input_schema())
    for name in TEXT_NAMES:
        element = {name: value, "other": True}
        assert isinstance(Normaliser()(element), Article)
        assert schema.is_valid(element)


@pytest.mark.parametrize("element", [5, None, [], "x", {}, {"id": 7}, {"headline": True}, {"name": "x"}])
def test_the_schema_refuses_what_cannot_be_read(element: object) -> None:
    assert isinstance(Normaliser()(element), InvalidItem)
    assert not Draft202012Validator(input_schema()).is_valid(element)


def test_a_date_beyond_floats_is_missing() -> None:
    assert article({"headline": "x", "date": 10**400}).publication_date is None


def test_an_object_id_loses_lone_surrogates() -> None:
    assert article({"headline": "x", "_id": {"$oid": "a\ud800"}}).id == "a\ufffd"


def test_an_unused_alias_stays_in_extra() -> None:
    item = article({"headline": "x", "content": "Roofs.", "summary": "A storm.", "tags": ["a"]})
    assert item.extra == {"summary": "A storm."}


@pytest.mark.parametrize("code", ["eng", "und"])
def test_a_language_code_has_two_letters_where_possible(code: str) -> None:
    assert article({"headline": ENGLISH, "lang": code}).language == "en"


def test_white_space_falls_back_to_the_next_name() -> None:
    assert article({"headline": " ", "title": "Storm"}).headline == "Storm"


@pytest.mark.parametrize("key", ["meta", "metadata", "frontmatter", "properties"])
@pytest.mark.parametrize("content", [{"text": ENGLISH}, {"content": {"body": ENGLISH}}, {"page_content": ENGLISH}])
def test_the_headline_may_stand_in_the_metadata(key: str, content: dict[str, Any]) -> None:
    read = article(
        {key: {"title": "A walk", "date": "2026-01-02", "text": None}, "category": {"title": "Town"}, **content}
    )
    assert (read.headline, read.content, read.publication_date) == ("A walk", ENGLISH, "2026-01-02")
    assert article({"category": {"title": "Town"}, **content}).headline == ""


def test_of_a_text_in_several_languages_the_first_is_read() -> None:
    read = article({"title": {"en-GB": "A walk", "de": "Ein Weg"}, "body": {"en-GB": ENGLISH, "de": "Nass."}})
    assert (read.headline, read.content) == ("A walk", ENGLISH)


@pytest.mark.parametrize(("headline", "content"), [("title_t", "content_txt"), ("title_en", "body_en")])
def test_suffixes_of_solr_and_of_languages_are_understood(headline: str, content: str) -> None:
    read = article({headline: ["A walk"], content: [ENGLISH], "published_dt": "2026-01-02"})
    assert (read.headline, read.content, read.publication_date) == ("A walk", ENGLISH, "2026-01-02")


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ({"authorsByline": "Ines Hall"}, {"author": "Ines Hall"}),
        ({"autor": "Ines Hall"}, {"author": "Ines Hall"}),
        ({"credits": {"by": [{"type": "author", "name": "Ines"}, {"name": "Jo"}]}}, {"author": "Ines, Jo"}),
        ({"bylines": [{"value": "Ines Hall"}]}, {"author": "Ines Hall"}),
        ({"author_ss": ["Ines Hall"]}, {"author": "Ines Hall"}),
        ({"name_source": "The Post"}, {"source": "The Post"}),
        ({"publisher_name": "The Post"}, {"source": "The Post"}),
        ({"media_name": "The Post"}, {"source": "The Post"}),
        ({"pubtitle": "The Post"}, {"source": "The Post"}),
        ({"Quelle": "The Post"}, {"source": "The Post"}),
        ({"container-title": "The Post"}, {"source": "The Post"}),
        ({"origin": {"title": "The Post", "streamId": "feed/1"}}, {"source": "The Post"}),
        ({"feed": {"title": "The Post", "id": 3}}, {"source": "The Post"}),
        ({"canonical": [{"href": "https://a.example/1"}]}, {"url": "https://a.example/1"}),
        ({"alternate": [{"href": "https://a.example/1", "type": "text/html"}]}, {"url": "https://a.example/1"}),
        ({"links": {"permalink": "https://a.example/1"}}, {"url": "https://a.example/1"}),
        ({"desc": ENGLISH}, {"content": ENGLISH}),
    ],
)
def test_names_of_aggregators_and_archives_are_understood(element: dict[str, Any], expected: dict[str, Any]) -> None:
    read = article({"title": "A walk", **({} if "desc" in element else {"text": ENGLISH}), **element})
    assert {field: getattr(read, field) for field in expected} == expected


def test_the_message_of_a_post_is_its_text() -> None:
    post = {"message": ENGLISH, "created_time": "2026-03-02T08:30:00+0000", "id": "1_2", "description": "A link."}
    assert article(post).content == ENGLISH
    assert article({"Message": ENGLISH, "Post Created": "2026-03-02 08:30:00 CET"}).content == ENGLISH
    assert article({**post, "text": f"{ENGLISH} So."}).content == f"{ENGLISH} So."


@pytest.mark.parametrize(
    "element",
    [
        {"status": "error", "code": "rateLimited", "message": ENGLISH},
        {"timestamp": "2026-03-02T08:30:00Z", "status": 500, "error": "Server", "message": ENGLISH, "path": "/"},
        {"time": "2026-03-02T08:30:00Z", "level": "INFO", "message": ENGLISH},
        {"message": ENGLISH, "documentation": "https://a.example"},
    ],
)
def test_the_message_of_an_error_or_a_log_is_no_text(element: dict[str, Any]) -> None:
    assert invalid_item(element).type == "NotAnArticle"


@pytest.mark.parametrize("text", ["Read article", "Link", "See https://a.example now", "Read: here", "x " * 100_000])
def test_the_text_of_a_link_is_no_url(text: str) -> None:
    assert article({"title": "A walk", "link": text}).url == ""
    assert article({"title": "A walk", "link": text, "permalink": "https://a.example/1"}).url == "https://a.example/1"


@pytest.mark.parametrize("url", ["bus/7", "/bus/7", "a.example", "HTTPS://a.example/a b", "u", "Bus7"])
def test_what_may_be_a_url_is_read(url: str) -> None:
    assert article({"title": "A walk", "link": url}).url == url


@pytest.mark.parametrize(
    ("headline", "read"),
    [
        ("Ferry late - The Paper", "Ferry late"),
        ("Ferry late | THE PAPER", "Ferry late"),
        ("Ferry late - Paper", "Ferry late"),
        ("Ferry late - The Paper US", "Ferry late"),
        ("Ferry late - The Paper - The Paper", "Ferry late"),
        ("Ferry late - The Paper says so", "Ferry late - The Paper says so"),
        ("Ferry late in The Paper News", "Ferry late in The Paper News"),
        ("Why I read The Paper", "Why I read The Paper"),
        ("The Paper", "The Paper"),
        ("- The Paper", "- The Paper"),
        ("Ferry late - The Post", "Ferry late - The Post"),
    ],
)
def test_the_outlet_at_the_end_of_a_headline_is_no_part_of_it(headline: str, read: str) -> None:
    item = Normaliser()({"title": headline, "source": {"name": "The Paper"}})
    assert isinstance(item, Article)
    assert (item.headline, item.source) == (read, "The Paper")


@pytest.mark.parametrize("space", [" ", "\n", "\n\n"])
def test_the_headline_before_a_content_is_left_out(space: str) -> None:
    headline = "Ferry late again on Monday"
    text = "Riders waited for three hours in the rain."
    assert article({"title": headline, "full_text": f"{headline}{space}{text}"}).content == text


@pytest.mark.parametrize(
    "text",
    [
        "Ferry late again on Monday",
        "Ferry late again on Monday Photo",
        "Ferry late again on Monday after a storm in the strait.",
        "Ferry late again on Mondays. Riders are cross about it.",
    ],
)
def test_how_a_sentence_begins_stays(text: str) -> None:
    assert article({"title": "Ferry late again on Monday", "text": text}).content == text
