"""Names of fields in other languages than English; case, punctuation and accents don't matter.

A word that stands for two fields in two languages (`rubrik`) is not here, nor is one that means much else in English.
"""

from collections.abc import Mapping, Sequence

HEADLINES = (
    "titel", "überschrift", "ueberschrift", "schlagzeile", "titre", "título", "titular", "manchete", "titolo",
    "заголовок", "标题", "標題", "タイトル", "見出し", "제목", "tytuł", "nagłówek", "başlık", "başlığı", "العنوان",
    "عنوان", "titlu", "judul", "tiêu đề", "nadpis", "titulek", "naslov", "cím", "otsikko", "tittel", "overskrift",
    "pealkiri", "τίτλος", "כותרת", "शीर्षक", "kop",
)  # fmt: skip

BODIES = (
    "inhalt", "artikeltext", "artikel", "volltext", "fließtext", "fliesstext", "haupttext",
    "contenu", "corps", "contenido", "cuerpo", "conteúdo", "corpo",
    "testo", "contenuto", "texte", "texto", "текст", "содержание", "内容", "內容", "正文", "全文", "本文", "본문",
    "내용", "tekst", "treść", "zawartość", "içerik", "içeriği", "metin",
    "metni", "النص", "المحتوى", "متن", "conținut", "isi", "konten",
    "nội dung", "inhoud", "innehåll", "brödtext", "brødtekst", "indhold", "innhold", "sisältö", "teksti", "obsah",
    "sadržaj", "tartalom", "szöveg", "vsebina", "κείμενο", "תוכן", "सामग्री",
)  # fmt: skip

TEASERS = (
    "zusammenfassung", "kurzfassung", "beschreibung", "vorspann", "untertitel", "résumé", "chapô", "chapeau",
    "accroche", "extrait", "sous titre", "resumen", "descripción", "entradilla", "bajada", "sumario", "extracto",
    "bajante", "subtítulo", "resumo", "descrição", "linha fina", "sommario", "descrizione", "sintesi", "riassunto",
    "occhiello", "sottotitolo", "описание", "анонс", "аннотация", "摘要", "简介", "簡介", "概要", "要約", "요약",
    "özet", "özeti", "açıklama", "zajawka", "opis", "streszczenie", "rezumat", "descriere", "ringkasan", "deskripsi",
    "tóm tắt", "mô tả", "nội dung ngắn", "samenvatting", "omschrijving", "beschrijving", "ingress", "sammanfattning",
    "manchet", "perex", "anotace", "souhrn", "sažetak", "összefoglaló", "ملخص", "الوصف", "περίληψη", "תקציר", "विवरण",
)  # fmt: skip

LEADS = (
    "vorspann", "chapô", "chapeau", "entradilla", "bajada", "bajante", "copete", "linha fina", "ingress", "perex",
    "inleiding", "导语", "導語", "リード", "리드",
)  # fmt: skip
"""Names of teasers that stand above the body."""

DATES = (
    "datum", "dátum", "dato", "fecha", "дата", "日期", "日付", "日時", "公開日", "公開日時", "配信日時", "掲載日",
    "発行日", "发布时间", "发布日期", "發布時間", "發布日期", "时间", "時間", "날짜", "게시일", "작성일", "작성일시",
    "일자", "등록일", "등록일시", "입력일시", "발행일", "配信日", "tarih", "tanggal", "waktu", "ngày", "التاريخ",
    "تاريخ", "تاريخ النشر", "تاریخ", "दिनांक", "ημερομηνία", "תאריך", "veröffentlicht", "erschienen", "publicado",
    "publicada", "publié", "pubblicato", "gepubliceerd", "publicerad", "publiceret", "publisert", "julkaistu",
    "opublikowano", "опубликовано", "ngày đăng",
)  # fmt: skip

URLS = (
    "enlace", "lien", "ссылка", "链接", "網址", "网址", "リンク", "링크", "bağlantı",
    "bağlantısı", "linki", "लिंक", "tautan", "odkaz", "länk",
    "lenke", "linkki", "الرابط", "رابط", "đường dẫn",
)  # fmt: skip

TOPICS = (
    "kategorie", "kategorien", "ressort", "thema", "themen", "schlagwörter", "catégorie", "catégories", "rubrique",
    "thème", "mots clés", "categoría", "categorías", "sección", "tema", "temas", "etiquetas", "categoria",
    "categorias", "editoria", "seção", "categorie", "sezione", "argomento", "рубрика", "категория", "раздел", "тема",
    "теги", "ключевые слова", "关键词", "關鍵詞", "关键字", "キーワード",
    "分类", "分類", "类别", "標籤", "标签", "カテゴリ", "カテゴリー", "카테고리", "분류", "키워드",
    "kategori", "etiketler", "kategoria", "dział", "tagi", "rubrika", "kategorija", "kategória", "rovat",
    "chuyên mục", "danh mục", "thể loại", "rubriek", "القسم", "التصنيف",
)  # fmt: skip

AUTHORS = (
    "autor", "autoren", "verfasser", "auteur", "auteurs", "autores", "autora", "periodista", "autore", "автор",
    "авторы", "作者", "记者", "記者", "著者", "기자", "작성자", "yazar", "penulis", "wartawan", "tác giả",
    "người đăng", "författare", "forfatter", "szerző", "الكاتب", "autorname", "autorenname", "redakteur", "jornalista",
    "giornalista", "기고자", "журналист", "skribent", "लेखक", "기자명", "執筆者", "ライター",
    "autorin", "autor*in",
)  # fmt: skip

SOURCES = (
    "quelle", "zeitung", "fuente", "fonte", "sumber", "kaynak", "sursă", "zdroj", "źródło", "bron", "källa", "kilde",
    "lähde", "nguồn", "nguồn đăng", "источник", "来源", "來源", "媒体", "媒体名", "出典", "출처", "언론사", "medium",
    "medio", "testata", "المصدر", "издание", "сми", "газета", "新聞社", "报纸", "신문사", "매체", "매체명", "언론사명",
    "स्रोत", "veículo", "jornal", "periódico", "krant", "tidning", "gazete", "gazeta", "surat kabar", "来源媒体",
    "媒体来源", "配信元", "掲載元", "提供元", "medio de comunicación", "medio comunicación",
)  # fmt: skip
"""Names of outlets, under which a URL may stand as well."""

LANGUAGES = ("sprache", "idioma", "langue", "lingua", "язык", "语言", "言語", "언어", "bahasa", "język", "språk")

ARTICLES = (
    "nachrichten", "meldungen", "artikel", "beiträge", "actualités", "actus", "noticias", "artículos", "notícias",
    "artigos", "notizie", "articoli", "nieuws", "artikelen", "berichten", "nyheter", "nyheder", "artikler", "uutiset",
    "новости", "статьи", "新闻", "新聞", "文章", "記事", "ニュース", "뉴스", "기사", "aktualności", "artykuły",
    "haberler", "berita", "știri", "hírek", "novinky", "zprávy", "članky", "novosti", "vijesti", "vesti", "tin tức",
    "الأخبار", "أخبار",
)  # fmt: skip
"""Names of lists of articles."""

OTHER_LANGUAGES: Mapping[str, Sequence[str]] = {
    "headline": HEADLINES,
    "content": (*BODIES, *TEASERS),
    "publication_date": DATES,
    "url": URLS,
    "topics": TOPICS,
    "author": AUTHORS,
    "source": SOURCES,
    "language": LANGUAGES,
}

PUBLISHED = (
    "publicad[oa]|publicacion|publicacao|publie|pubblicat[oa]|pubblicazione|gepubliceerd|publicatie"
    "|veroe?ffentlich(?:t|ungs?)|erscheinungs?|publikations?|publicer(?:ad|et|ings?)|publiser(?:t|ings?)|utgivnings?"
    "|udgivelses?|julkaisu|opublikowano|publikacji|publikasi|terbit|yayin(?:lanma)?"
    "|опубликовано|публикации"
)
"""How the words for publication go, without accents, in the name of a date: `fecha_de_publicacion`."""
DATE_WORDS = "fecha|data|datum|dato|paiva|tanggal|waktu|tarihi?|дата|ngay"
LITTLE_WORDS = "de|da|di|em|el|le|il|op|am"
"""What stands beside such a word: `publicado_em`, `publié le`."""
