"""What APIs, feeds and paywalls put at the end of a text that they cut."""

import re

TAIL = 160  # characters at the end, in which a mark stands

_COUNT = r"[\[(]\s?\+?\d[\d,.]{0,11}\s(?:more\s)?(?:chars?|characters|words)\s?[\])]"  # NewsAPI, GNews
_DOTS = r"[\[(]\s?(?:…|\.\.\.+|\. \. \.)\s?[\])]|…|(?:\s?\.){3,}"
_READ_ON = (
    r"(?:(?:click|tap) here to |to )?(?:(?:continue|keep) reading|read (?:more|on|(?:the )?(?:full|whole|rest of the)"
    r" (?:article|story|report|post))|(?:see|view|show|load) (?:more|(?:the )?full (?:article|story)))"
    r"(?: here| on our (?:web)?site| (?:at|on) [\w.-]{1,30}\.[a-z]{2,8})?|full story"
    r"|weiterlesen|mehr lesen|lire la suite|lire plus|leer más|(?:seguir|sigue) leyendo|continua a leggere|leggi tutto"
    r"|lees (?:meer|verder)|ler mais|leia mais|läs mer|les mer|læs mere|lue lisää|czytaj (?:dalej|więcej)|devamını oku"
    r"|читать (?:далее|дальше|полностью)|читати далі|続きを読む|阅读全文|閱讀全文|더 보기"
)
_PAYWALL = (
    r"(?:please )?(?:subscribe|sign in|log in|register) (?:now )?to (?:continue|keep|read)(?: reading)?[^.\n]{0,60}\.?"
    r"|this (?:article|content|story) is (?:only available (?:to|for)|for|reserved for) (?:our )?subscribers"
    r"(?: only)?\.?"
    r"|suscr[ií]b\w+ para (?:seguir|continuar) leyendo|lee sin límites|ya soy suscriptora?"
    r"|abonnez-vous pour (?:lire|continuer)[^.\n]{0,40}|(?:cet )?article (?:est )?réservé aux abonnés|déjà abonné ?\?"
    r"|assine para (?:ler|continuar)[^.\n]{0,40}|(?:conteúdo|matéria) exclusiv[oa] para assinantes"
    r"|abbonati per (?:leggere|continuare)[^.\n]{0,40}|(?:sie sind )?bereits abonnent\?"
)
_MARK = re.compile(
    rf"(?:\s*(?:{_COUNT}|{_DOTS}|[\[(]\s?(?:more|mehr|{_READ_ON})[\s….»›>→]*[\])])"
    rf"|(?:(?<=[.!?…\"”’)»。！？])\s*|\n\s*|\A)(?:(?:{_READ_ON})(?:\s?(?:\.\.\.|[…»›>→]{{1,3}})|\.)?|{_PAYWALL}))\s*\Z",
    re.IGNORECASE,
)
_HINT = re.compile(
    r"(?:\.\.\.|\. \.|[…\])])\Z|read|to (?:continue|keep)|(?:see|view|show|load) |full story|subscribers|mehr|weiterl"
    r"|lesen|lire|límites|suscri|abonn|assin|abbon|leer|leyendo|legg|lees|ler |leia|läs|les mer|lue|czyta|devam|чита"
    r"|続き|全文|더"
)
"""What one of the marks has; sought first, because it takes a fiftieth of the time."""
_READ_ON_ENDS = (
    " more.",
    " on.",
    " article.",
    " story.",
    " report.",
    " post.",
    " here.",
    " site.",
    " website.",
    " reading.",
)
"""How an English one ends where it is a sentence."""
_SENTENCE_ENDS = (".", "!", "?", '"', "”", "’", "'")
MAX_MARKS = 6


def _may_be_cut(tail: str) -> bool:
    """Tell whether a sentence's end may be a mark; in a tenth of the time of an expression."""
    is_paywall = "subscri" in tail or "sign in" in tail or "log in" in tail or "register" in tail
    return is_paywall or tail.endswith(("..", ". .", *_READ_ON_ENDS))


def without_cut_mark(text: str) -> tuple[str, bool]:
    """Return `text` without the marks of a cut at its end, and whether there were any."""
    end = len(text)
    for _ in range(MAX_MARKS):
        start = max(0, end - TAIL)
        tail = text[start:end].lower()
        if tail.endswith(_SENTENCE_ENDS) and not _may_be_cut(tail):  # the end of most texts
            break
        mark = _HINT.search(tail) and _MARK.search(text, start, end)
        if not mark:
            break
        end = mark.start()
    return (text, False) if end == len(text) else (text[:end].rstrip(), True)
