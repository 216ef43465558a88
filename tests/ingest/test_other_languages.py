"""Names of fields in other languages than English, with and without accents."""

import json
from pathlib import Path
from typing import Any

import pytest

from newsmoe.article import Article
from newsmoe.ingest.normalise import Normaliser
from newsmoe.ingest.source import open_source

BODY = "The swimming hall closes for a year. Its roof has to be renewed, and the town has found the money for it."
URL = "https://paper.example/hall"


def article(element: dict[str, Any]) -> Article:
    item = Normaliser()(element)
    assert isinstance(item, Article), item
    return item


@pytest.mark.parametrize(
    ("headline", "content", "date", "source", "topics"),
    [
        ("Titel", "Inhalt", "Veröffentlicht am", "Quelle", "Ressort"),
        ("titre", "contenu", "publié_le", "source", "rubrique"),
        ("titulo", "contenido", "fecha_de_publicacion", "fuente", "seccion"),
        ("título", "conteúdo", "publicado_em", "fonte", "editoria"),
        ("titolo", "testo", "data_pubblicazione", "fonte", "categoria"),
        ("titel", "inhoud", "gepubliceerd_op", "bron", "categorie"),
        ("baslik", "icerik", "yayin_tarihi", "kaynak", "kategori"),
        ("tytul", "tresc", "data_publikacji", "zrodlo", "kategoria"),
        ("titlu", "continut", "data", "sursa", "categorie"),
        ("judul_berita", "isi_berita", "tanggal", "sumber", "kategori"),
        ("tieu_de", "noi_dung", "ngay_dang", "nguon", "chuyen_muc"),
        ("nadpis", "obsah", "datum", "zdroj", "rubrika"),
        ("제목", "본문", "게시일", "출처", "카테고리"),
        ("標題", "內容", "發布時間", "來源", "分類"),
        ("Заголовок", "Текст", "Дата публикации", "Источник", "Рубрика"),
        ("заголовок_новости", "текст_статьи", "дата", "источник", "раздел"),
        ("新闻标题", "新闻内容", "发布时间", "文章来源", "分类"),
        ("기사제목", "기사본문", "작성일시", "언론사", "분류"),
        ("العنوان", "النص", "تاريخ_النشر", "المصدر", "القسم"),
        ("Titre de l'article", "Texte de l'article", "Date de publication", "source", "rubrique"),
        ("TITULO_NOTA", "CUERPO_NOTA", "fecha", "fuente", "seccion"),
        ("kop", "tekst", "datum", "bron", "rubriek"),
    ],
)
def test_names_in_a_language_are_understood(headline: str, content: str, date: str, source: str, topics: str) -> None:
    element = {headline: "Swimming hall closes", content: BODY, date: "2026-03-02", source: "The Paper", topics: "Town"}
    item = article(element)
    assert (item.headline, item.content, item.publication_date) == ("Swimming hall closes", BODY, "2026-03-02")
    assert (item.source, item.topics, item.extra) == ("The Paper", ("Town",), {})


@pytest.mark.parametrize("name", ["sumber", "quelle", "fonte", "출처"])
def test_a_url_may_stand_where_the_outlet_is_named(name: str) -> None:
    item = article({"headline": "Swimming hall closes", name: URL})
    assert (item.url, item.source) == (URL, None)


def test_a_short_summary_is_the_content() -> None:
    item = article({"titulo": "Swimming hall closes", "resumen": "For a year."})
    assert item.content == "For a year."


def test_the_text_is_read_rather_than_its_translation() -> None:
    item = article(
        {"baslik": "Hall", "icerik": BODY, "icerik_en": f"{BODY} It reopens in spring.", "baslik_en": "Hall in English"}
    )
    assert (item.headline, item.content) == ("Hall", BODY)


@pytest.mark.parametrize("value", [{"title": "x"}, ["2026-03-02"], "all of it", 5])
def test_data_is_a_date_only_where_one_stands_there(value: object) -> None:
    assert article({"titolo": "Hall", "data": value}).publication_date is None


def test_a_list_of_articles_has_names_in_languages_too(tmp_path: Path) -> None:
    path = tmp_path / "in.json"
    stories = [{"titulo": f"Hall {number}", "descricao": "For a year.", "sector": "x"} for number in range(3)]
    path.write_text(json.dumps({"destaque": {"titulo": "Hall", "descricao": "For a year."}, "noticias": stories}))
    with open_source(str(path)) as source:
        assert [item.headline for item in source.articles()] == ["Hall", "Hall 0", "Hall 1", "Hall 2"]
