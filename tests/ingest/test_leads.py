"""A lead that a scraper keeps apart from the body."""

import pytest

from newsmoe.article import Article
from newsmoe.ingest.normalise import Normaliser

LEAD = "Riders who waited all winter can hope: the night bus gets its lights back, and a bell."
BODY = (
    "The night bus to the harbour ran without lights on Friday. Riders had asked the operator for a repair since May,"
    " and the operator says that the parts have come at last."
)
CHINESE = "夜行巴士周五在没有灯光的情况下行驶到港口。自五月以来，乘客一直要求运营商进行维修。" * 3


def article(element: dict[str, object], fields: dict[str, list[str]] | None = None) -> Article:
    item = Normaliser(fields)(element)
    assert isinstance(item, Article), item
    return item


@pytest.mark.parametrize("name", ["lead", "lede", "intro", "lead_paragraph", "standfirst", "Vorspann", "chapô", "dek"])
def test_a_lead_stands_before_the_body(name: str) -> None:
    item = article({"title": "Night bus", "body": f"<p>{BODY}</p>", name: f"<p>{LEAD}</p>"})
    assert item.content == f"{LEAD}\n\n{BODY}"
    assert name not in item.extra


@pytest.mark.parametrize(
    "lead",
    [
        "The night bus to the harbour ran without lights on Friday.",
        "<b>HARBOUR - The night bus to the harbour ran without lights on Friday.</b>",
        "The night bus to the harbour ran without lights on Friday. Riders had asked the oper...",
        "A new text that was cut in the middle of [+77 chars]",
        "Night bus", "News", "https://a.example/intro", "", None, 7, {"image": "a.jpg"},
    ],
)  # fmt: skip
def test_a_copy_a_cut_text_and_a_label_are_no_lead(lead: object) -> None:
    assert article({"title": "Night bus", "body": BODY, "lead": lead}).content == BODY


def test_a_lead_without_spaces_is_compared_by_its_characters() -> None:
    first, *_ = CHINESE.partition("。")
    assert article({"title": "夜行巴士", "正文": CHINESE, "导语": f"{first}。"}).content == CHINESE
    lead = "等了一个冬天的人有希望了。"
    assert article({"title": "夜行巴士", "正文": CHINESE, "导语": lead}).content == f"{lead}\n\n{CHINESE}"


@pytest.mark.parametrize("name", ["description", "summary", "excerpt"])
def test_a_summary_is_no_lead(name: str) -> None:
    assert article({"title": "Night bus", "body": BODY, name: LEAD}).content == BODY


def test_the_users_content_has_no_lead() -> None:
    assert article({"title": "Night bus", "mine": BODY, "lead": LEAD}, {"content": ["mine"]}).content == BODY
