"""Texts that come in lists, objects and the block formats of editors."""

import json
from typing import Any

import pytest
from hypothesis import given

from newsmoe.article import Article
from newsmoe.ingest.blocks import text_in
from newsmoe.ingest.normalise import Normaliser
from tests.strategies import FEW, JSON

FIRST, SECOND = "The market hall has a leak.", "Traders moved out on Monday."
BOTH = f"{FIRST}\n\n{SECOND}"


def paragraph(*texts: str) -> dict[str, Any]:
    return {"type": "paragraph", "content": [{"type": "text", "text": text} for text in texts]}


def lexical(text: str) -> dict[str, Any]:
    return {"type": "paragraph", "version": 1, "children": [{"type": "text", "text": text, "format": 0}]}


SHAPES: dict[str, Any] = {
    "paragraphs": [FIRST, SECOND],
    "paragraphs with nulls": [FIRST, None, SECOND, ""],
    "a list in a list": [[BOTH]],
    "objects": [{"type": "p", "text": FIRST}, {"type": "p", "text": SECOND}],
    "EditorJS": {
        "time": 1700000000000,
        "blocks": [
            {"id": "a", "type": "paragraph", "data": {"text": FIRST}},
            {"id": "b", "type": "image", "data": {"file": {"url": "https://a.example/x.png"}, "caption": "A roof"}},
            {"id": "c", "type": "paragraph", "data": {"text": SECOND}},
        ],
        "version": "2.28",
    },
    "Draft.js": {
        "blocks": [
            {"key": "a", "text": FIRST, "type": "unstyled", "depth": 0, "inlineStyleRanges": [], "data": {}},
            {"key": "b", "text": SECOND, "type": "unstyled", "depth": 0, "inlineStyleRanges": [], "data": {}},
        ],
        "entityMap": {},
    },
    "ProseMirror": {"type": "doc", "content": [paragraph("The market hall ", "has a leak."), paragraph(SECOND)]},
    "Portable Text": [
        {
            "_type": "block",
            "style": "normal",
            "children": [{"_type": "span", "text": FIRST, "marks": []}],
            "markDefs": [],
        },
        {"_type": "image", "asset": {"_ref": "image-1"}},
        {
            "_type": "block",
            "children": [{"_type": "span", "text": "Traders moved "}, {"_type": "span", "text": "out on Monday."}],
        },
    ],
    "Slate": [
        {"type": "paragraph", "children": [{"text": FIRST}]},
        {"type": "paragraph", "children": [{"text": SECOND}]},
    ],
    "Lexical": {"root": {"type": "root", "children": [lexical(FIRST), lexical(SECOND)]}},
    "Contentful": {
        "nodeType": "document",
        "content": [
            {"nodeType": "paragraph", "content": [{"nodeType": "text", "value": text, "marks": []}]}
            for text in (FIRST, SECOND)
        ],
    },
    "Telegram": ["The market hall ", {"type": "bold", "text": "has a leak"}, f".\n\n{SECOND}"],
    "Quill": {
        "ops": [
            {"insert": f"{FIRST}\n\n"},
            {"insert": "Traders ", "attributes": {"bold": True}},
            {"insert": SECOND[8:]},
        ]
    },
    "Arc": [{"type": "text", "content": FIRST}, {"type": "image", "url": "x"}, {"type": "text", "content": SECOND}],
    "texts that are paragraphs": [{"type": "text", "text": FIRST}, {"type": "text", "text": SECOND}],
    "texts of elements": [
        "\n ",
        "The market hall ",
        "has",
        " a leak",
        ".\n",
        "\n",
        "Traders moved",
        " out",
        " on Monday.",
    ],
    "Gutenberg": [
        {
            "blockName": "core/quote",
            "innerHTML": "<blockquote class='quote'></blockquote>",
            "innerBlocks": [{"blockName": "core/paragraph", "innerHTML": f"<p>{FIRST}</p>", "innerBlocks": []}],
        },
        {"blockName": "core/paragraph", "innerHTML": f"<p>{SECOND}</p>", "innerBlocks": []},
    ],
    "blocks with attributes": [
        {"name": "core/paragraph", "attributes": {"content": FIRST}, "innerBlocks": []},
        {"name": "core/paragraph", "attributes": {"content": SECOND}, "innerBlocks": []},
    ],
    "paragraphs under a name of their own": [{"id": "a1", "order": 0, "absatz": FIRST}, {"id": "a2", "absatz": SECOND}],
    "an array that became an object": {"0": FIRST, "1": SECOND},
    "ninjs": [{"role": "short", "value": "Leak in hall"}, {"role": "main", "value": f"<p>{FIRST}</p><p>{SECOND}</p>"}],
    "blocks under their types": [
        {
            "type": "paragraph",
            "paragraph": {"rich_text": [{"plain_text": "The market hall "}, {"plain_text": "has a leak."}]},
        },
        {"type": "paragraph", "paragraph": {"rich_text": [{"plain_text": SECOND}]}},
    ],
    "Notion": [{"rich_text": [{"plain_text": FIRST}]}, {"rich_text": [{"plain_text": SECOND}]}],
    "feedparser": [{"type": "text/html", "language": None, "value": f"<p>{FIRST}</p><p>{SECOND}</p>"}],
    "WordPress": {"rendered": f"<p>{FIRST}</p>\n<p>{SECOND}</p>", "protected": False},
    "MediaWiki": {"*": f"<p>{FIRST}</p><p>{SECOND}</p>"},
    "Umbraco": {"markup": f"<p>{FIRST}</p><p>{SECOND}</p>", "blocks": []},
    "Wix": {
        "nodes": [
            {"type": "PARAGRAPH", "nodes": [{"type": "TEXT", "nodes": [], "textData": {"text": text}}]}
            for text in (FIRST, SECOND)
        ]
    },
    "XML made JSON": {"#text": BOTH, "@lang": "en"},
    "markup in an object": {"html": f"<p>{FIRST}</p><p>{SECOND}</p>"},
}


@pytest.mark.parametrize("name", ["content", "body", "text"])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_text_of_a_block_format_is_taken(shape: str, name: str) -> None:
    for value in (SHAPES[shape], json.dumps(SHAPES[shape])):
        item = Normaliser()({"title": "Leak", name: value})
        assert isinstance(item, Article)
        assert item.content == BOTH


PARAGRAPHS = ["The hall's roof leaks.", 'It is "an old roof", she said.', "Rain\tfell in \\ \x85 \u200bMay\nand June."]


@pytest.mark.parametrize(
    "printed",
    [
        repr(PARAGRAPHS),
        f"[{' '.join(map(repr, PARAGRAPHS))}]",
        f"[{', '.join(['None', *map(repr, PARAGRAPHS), 'nan'])}]",
    ],
    ids=["Python", "NumPy", "with nulls"],
)
def test_a_printed_list_of_texts_is_these_texts(printed: str) -> None:
    assert text_in(printed) == "\n\n".join(PARAGRAPHS)
    item = Normaliser()({"title": "Leak", "mine": printed})
    assert isinstance(item, Article)
    assert item.content.startswith("The hall's roof leaks.\n\nIt is")


@pytest.mark.parametrize(
    "text",
    [
        *("['a' for a in b]", "['a', b]", "['a", "['a'", "['a'] was there", "[Reuters] ['a']", "['\\']", "[] ]"),
        *("['a', " * 40_000 + "]", "['" + "\\" * 99_999 + "']", "[" + " " * 99_999 + "]]"),
    ],
    ids=range(11),
)
def test_what_only_resembles_a_printed_list_stays_as_it_is(text: str) -> None:
    assert text_in(text) == text


def test_sentences_in_nested_lists_stay_in_their_paragraphs() -> None:
    assert text_in([[FIRST, SECOND], [FIRST]]) == f"{FIRST}\n{SECOND}\n\n{FIRST}"


def test_nesting_without_end_is_no_text() -> None:
    value: Any = FIRST
    for _ in range(500):
        value = {"children": [value]}
    assert text_in(value) is None


@FEW
@given(JSON)
def test_any_value_is_a_text_or_none(value: Any) -> None:
    assert isinstance(text_in(value), str | None)


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["The ferry to ", "Port Garrow", " sailed."], "The ferry to Port Garrow sailed."),
        (["The firm", " (", "Acme", ") ", "grew", ", she said."], "The firm (Acme) grew, she said."),
        (["The sea rose.", " ", "The ferry stayed."], "The sea rose.\n\nThe ferry stayed."),
        (["A heading", "The ferry sailed."], "A heading\n\nThe ferry sailed."),
        (["apples", "pears"], "apples\n\npears"),
        (["The ferry ", "\n", "Sailed "], "The ferry\n\nSailed"),
    ],
)
def test_pieces_of_a_line_are_joined_and_paragraphs_are_not(pieces: list[str], text: str) -> None:
    assert (text_in(pieces) or "").strip() == text


def test_blocks_may_be_under_the_names_of_elements() -> None:
    blocks = [{"p": "The ferry was late."}, {"h2": "Storm"}, {"ul": ["one day", "two days"]}, {"anchor": "Storm"}]
    assert text_in(blocks) == "The ferry was late.\n\nStorm\n\none day\ntwo days"


@pytest.mark.parametrize("kind", ["related-content", "relatedLinks", "interstitial_link", "byline", "author_info"])
def test_blocks_about_something_else_are_not_read(kind: str) -> None:
    aside = {"type": kind, "content": [{"title": "A tram is late", "url": "https://a.example/tram", "text": "Tram"}]}
    assert text_in([{"type": "p", "content": FIRST}, aside, {"type": "p", "content": SECOND}]) == BOTH


@pytest.mark.parametrize("name", ["props", "attrs", "fields"])
def test_a_block_may_have_its_text_in_the_only_object_of_it(name: str) -> None:
    assert text_in([{"type": "paragraph", name: {"text": text}} for text in (FIRST, SECOND)]) == BOTH


def test_slices_and_quotes_have_a_text_inside() -> None:
    slices = [
        {"slice_type": "text", "primary": {"text": [{"type": "paragraph", "text": FIRST, "spans": []}]}, "items": []},
        {"slice_type": "image", "primary": {"image": {"url": "https://a.example/x.png"}, "caption": []}},
        {"type": "quote", "value": {"quote": SECOND, "attribution": "A trader"}},
        {"type": "box", "box": {"title": "More", "text": "What a market hall costs the town in a year."}},
    ]
    assert text_in(slices) == BOTH


SENTENCES = (
    "The tram to Fenwick runs on Sundays again, as it did before the war.",
    "Riders had asked the town for it since the spring of last year.",
    "The town found the money by closing the baths an hour earlier.",
)


def bbc_paragraph(text: str) -> dict[str, Any]:
    return {"type": "paragraph", "model": {"text": text, "blocks": [{"type": "fragment", "model": {"text": text}}]}}


def of_texts(*texts: str) -> dict[str, Any]:
    return {"type": "text", "model": {"blocks": [bbc_paragraph(text) for text in texts]}}


def test_bbc_has_texts_with_blocks_and_the_headline_among_them() -> None:
    blocks = [
        {"type": "headline", "model": {"blocks": [of_texts("Tram runs on Sundays")]}},
        {"type": "timestamp", "model": {"timestamp": 1772440200000}},
        {"type": "image", "model": {"blocks": [{"type": "caption", "model": {"blocks": [of_texts("A tram")]}}]}},
        of_texts(SENTENCES[0].removesuffix(".")),
        of_texts(*SENTENCES[1:]),
    ]
    item = Normaliser()({"url": "https://paper.example/1", "blocks": blocks})
    assert isinstance(item, Article)
    assert item.headline == "Tram runs on Sundays"
    assert item.content == "\n\n".join((SENTENCES[0].removesuffix("."), *SENTENCES[1:]))
    locators = {"locators": {"canonicalUrl": "https://paper.example/1"}, "headline": "Tram"}
    item = Normaliser()({"metadata": locators, "content": {"model": {"blocks": blocks[2:]}}})
    assert isinstance(item, Article)
    assert (item.headline, item.url) == ("Tram", "https://paper.example/1")


@pytest.mark.parametrize(
    "value",
    [
        [{"type": "text", "value": f"<strong>{text}</strong>"} for text in SENTENCES],
        {"paragraph": [{"num": str(number), "$text": text} for number, text in enumerate(SENTENCES)]},
        {"summary": [SENTENCES[0]], "sections": [{"headline": [], "paragraphs": [*SENTENCES[1:]]}]},
        {"eng": "\n\n".join(SENTENCES)},
    ],
    ids=["Tagesschau", "NPR", "fundus", "Event Registry"],
)
def test_paragraphs_are_apart(value: object) -> None:
    item = Normaliser()({"title": {"eng": "Tram"}, "body": value})
    assert isinstance(item, Article)
    assert (item.headline, [*filter(None, item.content.splitlines())]) == ("Tram", [*SENTENCES])


def test_three_letters_may_be_no_language() -> None:
    assert text_in({"url": "https://img.example/tram.jpg", "alt": "The tram in the snow of Fenwick"}) is None
