"""Letters and quotes whose bytes of UTF-8 were read as Windows-1252 or Latin-1: `donâ€™t`, `cafÃ©`."""

import re
from collections.abc import Iterator

MAX_TIMES = 3  # that a text was broken
_TYPOGRAPHIC = "‐‑–—―‘’‚“”„†‡•…‰′″‹›⁄€™ŒœŠšŽžŸƒˆ˜"
_AMBIGUOUS = frozenset({"Ã\xa0"})
"""What may stand at the end of a Portuguese word in capitals."""


def _broken(letter: str) -> Iterator[str]:
    raw = letter.encode()
    yield "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in raw)
    yield raw.decode("latin-1")


_WHOLE = {broken: letter for letter in (*map(chr, range(0x80, 0x100)), *_TYPOGRAPHIC) for broken in _broken(letter)}
_CERTAIN = [broken for broken in _WHOLE if broken not in _AMBIGUOUS and (len(broken) > 2 or broken[1] <= "\xbf")]
"""All but what may be a capital before a quotation mark or dash, as in `CAFÉ’S`."""
_SIGN = re.compile("|".join(map(re.escape, _CERTAIN)))
_ANY = re.compile("|".join(map(re.escape, sorted(_WHOLE, key=len, reverse=True))))


def without_mojibake(text: str) -> str:
    """Return a text with such letters as they were written; any other text as it is."""
    for _ in range(MAX_TIMES):
        if text.isascii() or not ("Ã" in text or "Â" in text or "â€" in text or "â\x80" in text):
            break
        if not _SIGN.search(text):
            break
        text = _ANY.sub(lambda broken: _WHOLE[broken[0]], text)
    return text
