"""What scrapers write in place of a text that they could not read."""

import pytest

from newsmoe.article import Article
from newsmoe.ingest.normalise import Normaliser

BODY = "The swimming hall closes for a year. Its roof has to be renewed, and the town has found the money for it."


def content(**texts: str) -> str:
    item = Normaliser()({"title": "Swimming hall closes", **texts})
    assert isinstance(item, Article)
    return item.content


@pytest.mark.parametrize(
    "failure",
    [
        "Failed to extract content", "Could not fetch article text.",
        "Error fetching page: timed out", "No content found",
        "Unable to retrieve the full article because of a paywall.", "Article content could not be extracted",
        "Your browser isn't supported any more. Update it to see the page.\nLater",
        "Please upgrade your browser to go on.",
        "Extraction failed: no text", "'NoneType' object has no attribute 'get_text'", "list index out of range",
        "HTTPSConnectionPool(host='paper.example', port=443): Max retries exceeded: /hall " + "(Caused by x) " * 9,
        "403 Client Error: Forbidden for url: https://paper.example/hall",
        "Error: page.goto: Timeout 20000ms exceeded.",
        "Inhalt konnte nicht geladen werden", "Impossible de récupérer le contenu", "No se pudo obtener el contenido",
        "Não foi possível extrair o conteúdo", "İçerik alınamadı", "Gagal mengambil konten",
        "Не удалось загрузить текст",
        "(本文を取得できませんでした)", "正文获取失败", "详情请点击链接查看", "본문을 가져올 수 없습니다.",
        "Nie udało się pobrać treści",
    ],
)  # fmt: skip
def test_a_failure_is_no_content(failure: str) -> None:
    assert content(content=failure) == ""
    assert content(content=failure, description=BODY) == BODY


@pytest.mark.parametrize(
    "text",
    [
        "Failed to reach a deal, the two towns said on Monday that they would meet again in May.",
        "Unable to retrieve the boat, the crew went home on foot.",
        "Error in the count of votes delays the result of the election.",
        "No content with so little truth in it had ever been read in the hall.",
        "Access to the text of the treaty was refused to members of the council.",
        "運転免許を取得できない人のために、市は月曜日からバスの運行を始めた。",
        "无法获取签证的旅客周一在机场等待了数小时，市长表示将提供帮助。",
    ],
)
def test_a_text_that_begins_like_a_failure_is_read(text: str) -> None:
    assert content(content=text) == text


@pytest.mark.parametrize(
    "mark",
    [
        " [mehr]", "\nRead Full Article at paper.example", "\nAbonnez-vous pour lire la suite de l'article",
        " …\nSuscríbete para seguir leyendo\nLee sin límites\nSEGUIR LEYENDO\nYa soy suscriptor",
    ],
)  # fmt: skip
def test_what_asks_to_read_on_shows_that_a_text_is_cut(mark: str) -> None:
    item = Normaliser()({"title": "Swimming hall closes", "content": f"{BODY}{mark}"})
    assert isinstance(item, Article)
    assert (item.content, item.truncated) == (BODY, True)
