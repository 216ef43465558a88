"""What names that are not common say of the values under them."""

import re
from functools import lru_cache

from newsmoe.ingest.names import words_of

_OTHER_TEXTS = (
    "error message fault status copyright license licence disclaimer terms legal cookie caption credit alt"
    " author byline bio source publisher url link href image photo video media thumbnail icon logo keyword tag entity"
    " entities embedding prompt query path file hash token script style css comment note reason debug log"
)
OTHER_TEXTS = frozenset(_OTHER_TEXTS.split())
"""Words in keys whose long text is never taken for the article's by its length alone."""

_NO_URL = re.compile(
    r"im(?:m?ag|g)|foto|photo|pict|thumb|icon|logo|avatar|video|audio|media|cover|banner|poster|embed|galler|author"
    r"|profile|user|account|feed|rss|api|json|pdf|archive|screenshot|comment|next|prev|related|home|site|base|domain"
    r"|outlet|publisher|company|share|twitter|facebook|instagram|youtube|bild|obraz|gambar|hinh|okladka|portada|resim"
)
"""Keys of URLs of something else than the article."""

_DAYS = frozenset({"date", "day", "data", "datum", "fecha", "tanggal", "tarih", "tarihi", "ngay", "дата"})
_NO_PUBLICATION = re.compile(
    r"crawl|scrap|fetch|collect|download|process|generat|extract|retriev|insert|index|updat|modif|import|added|start"
    r"|end|begin|until|from|due|dead|expir|valid|birth|born|found|event|effect|access|check|seen|sync|cach"
    r"|today|last|next|colet|recolec|vigen|수집|抓取|采集|爬取|取得"
)
"""Keys of dates on which something else happened than publication."""


@lru_cache(4096)
def is_of_another_text(key: str) -> bool:
    """Tell whether a key says that its text is no article's."""
    words = words_of(key)
    return any(word in OTHER_TEXTS or word.removesuffix("s") in OTHER_TEXTS for word in words)


def may_name_url(key: str) -> bool:
    """Tell whether a key that is no common name may stand for the URL of the article."""
    return not _NO_URL.search(key.casefold())


def may_name_date(key: str) -> bool:
    """Tell whether a key that is no common name may stand for the date of publication."""
    is_date = names_day(key) or any(word.endswith(("time", "date")) for word in words_of(key))
    return is_date and not _NO_PUBLICATION.search(key.casefold())


def names_day(key: str) -> bool:
    """Tell whether a key has a word for a date."""
    return not _DAYS.isdisjoint(words_of(key))
