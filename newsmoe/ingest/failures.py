"""What scrapers write in place of a text that they could not read: a sentence about it, or what the program said."""

import re

MAX_LENGTH = 400  # characters

_TEXT = r"(?:content|text|body|article|page|story|html|description|summary|url|site|website|source)s?"
_WHICH = r"(?:the |this |any )?(?:full |main |news |article(?:'s|’s)? |page |story )?"
_READ = (
    r"(?:fetch|retriev|extract|scrap|load|pars|download|get|read|access|process|find|open|crawl|obtain)"
    r"(?:e|ed|ing|ting)?"
)
_SENTENCES = (
    r"(?:an )?(?:error|exception|failed|failure|unable|could ?n[o’']t|cannot|can[’']t)"
    rf"(?: while| in| when| to| during)? {_READ}"
    rf"(?: {_WHICH}{_TEXT}(?: {_TEXT})?)?(?:\W*\Z|\s*[:(–-]|\s(?:from|for|due|because)\b)",
    rf"(?:no|empty|missing) {_WHICH}{_TEXT}(?: {_TEXT})?(?: (?:was|were|could be))?"
    r"(?: (?:found|extracted|retrieved|scraped|available|returned))\W*\Z",
    rf"{_WHICH}{_TEXT}(?: {_TEXT})? (?:(?:is|was|has|could|can) ?)?n[o’']t (?:be |been )?"
    r"(?:found|extracted|retrieved|scraped|loaded|fetched|parsed|available|accessible)\W*\Z",
    r"(?:scraping|extraction|parsing|fetching|crawling|download|request) (?:has |was )?"
    r"(?:failed|error|blocked|timed out)(?:\W*\Z|\s*[:(–-])",
    r"(?:inhalt|text|artikel|beschreibung)\w* (?:konnte|kann) nicht (?:geladen|gefunden|abgerufen|extrahiert)\b"
    r"|keine? (?:inhalt|text|beschreibung|zusammenfassung)(?: (?:gefunden|verfügbar|vorhanden))?\W*\Z",
    r"impossible de (?:récupérer|charger|extraire).{0,20}(?:contenu|texte|article|page)\b"
    r"|(?:contenu|texte|résumé|description) (?:non |in)disponible\W*\Z",
    r"no se (?:pudo|ha podido|pudieron) (?:obtener|extraer|cargar|recuperar).{0,20}"
    r"(?:contenido|texto|noticia|artículo)\b"
    r"|(?:contenido|texto|descripción|resumen) no (?:disponible|encontrad[oa])\W*\Z|sin (?:contenido|descripción)\W*\Z",
    r"não foi possível (?:obter|extrair|carregar|recuperar).{0,20}(?:conteúdo|texto|notícia|artigo)\b"
    r"|(?:conteúdo|texto|descrição|resumo) (?:não (?:disponível|encontrad[oa])|indisponível)\W*\Z"
    r"|sem (?:conteúdo|descrição|resumo)\W*\Z",
    r"(?:impossibile|non è stato possibile) (?:recuperare|estrarre|caricare).{0,20}(?:contenuto|testo|articolo)\b"
    r"|(?:contenuto|testo|descrizione) non disponibile\W*\Z",
    r"(?:içerik|metin|haber|özet)\S* (?:alınamadı|bulunamadı|yüklenemedi|çekilemedi)\W*\Z",
    r"(?:gagal|tidak (?:dapat|bisa)) (?:mengambil|memuat|mengekstrak).{0,20}(?:konten|isi|berita|artikel)\b"
    r"|(?:isi|konten|ringkasan|deskripsi) tidak (?:tersedia|ditemukan)\W*\Z",
    r"(?:не удалось|невозможно) (?:загрузить|получить|извлечь).{0,20}(?:текст|содержан|контент|стать)"
    r"|(?:текст|контент|описание|содержание) (?:недоступ|не найден|отсутству)\w*\W*\Z",
    r"nie (?:udało się|można) (?:pobrać|załadować).{0,20}(?:treści|artykułu)\b|brak (?:treści|opisu)\W*\Z",
    r"không (?:thể )?(?:lấy|tải|tìm).{0,15}(?:nội dung|bài viết)|không có (?:nội dung|mô tả)\W*\Z",
    r"(?:本文|記事|内容|コンテンツ|要約)\w{0,6}を?(?:取得|抽出|表示)(?:でき|に失敗)|本文(?:なし|がありません)\W*\Z",
    r"(?:无法|未能|無法)(?:获取|提取|抓取|加载|读取|取得|擷取).{0,8}(?:内容|內容|正文|文章|页面|摘要)"
    r"|(?:内容|正文|文章|页面|摘要)?(?:获取|提取|抓取|加载)失败\W*\Z|暂无(?:内容|正文|摘要|描述|简介)\W*\Z"
    r"|(?:详情|詳情|全文|内容)?[请請]?[点點][击擊](?:此处|下方|原文)?(?:链接|連結)?(?:查看|阅读)(?:详情|全文|原文)?\W*\Z",
    r"(?:본문|내용|기사|요약)\S{0,3} ?(?:(?:가져올|불러올) 수 없|추출 실패|(?:없음|없습니다)\W*\Z)",
)
_PROGRAMS = (
    r"\w+[’'\"]? object (?:has no attribute|is not (?:subscriptable|callable|iterable))|list index out of range\W*\Z",
    r"traceback \(most recent call last\)|https?connectionpool\(|net::err_|\[errno |message: (?:no such|stale) element",
    r"http(?: error)? [45]\d\d\b|[45]\d\d (?:client|server) error\b|(?-i:[A-Z]\w+(?:Error|Exception|Timeout))\b\s*[:(]",
    r"error: .{0,80}\b(?:timeout|timed out|exceeded|econn\w+|enotfound|status code)",
)
_FAILURE = re.compile(rf"\W*(?:{'|'.join((*_SENTENCES, *_PROGRAMS))})", re.IGNORECASE | re.DOTALL)


def is_failure(text: str) -> bool:
    """Tell whether a text says only that another could not be read."""
    return len(text) <= MAX_LENGTH and bool(_FAILURE.match(text))
