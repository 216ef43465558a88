"""How the bytes of a file stand for characters: told by the file, or detected.

What is not UTF-8 is decoded as each encoding in `LANGUAGES`, and the model that identifies languages tells how much
each result looks like one that is written so. Of 102 short tables and JSON files of 20 languages in 22 encodings
charset-normalizer decoded 11 wrongly, mostly between encodings of Latin letters, and does not say when it is not sure.
"""

import codecs
import re
from collections.abc import Callable, Iterator, Mapping, Set
from contextlib import AbstractContextManager
from itertools import chain
from typing import IO, NamedTuple
from unicodedata import combining

from newsmoe.errors import InputError
from newsmoe.text.language import language_scores

OpenBytes = Callable[[], AbstractContextManager[IO[bytes]]]

CHUNK = 1 << 18
SAMPLE = 1500  # characters, for the model
FEW, FEW_BYTES = 0.005, 8
"""Share, or number, of bytes beyond ASCII up to which a text in Latin letters is not worth refusing."""
MIN_CHARACTERS = 8  # of a script in which each may be a word; fewer say nothing
SURE, PLAUSIBLE, MARGIN = 0.9, 0.4, 0.5
"""The score of an encoding that is sure, and of one that is if no other result has more than a share of it."""

SEVERITY = 4  # power of the share of characters that are usual

_WEST = "en fr de es pt it nl sv da no nn fi ca is gl eu ga af id ms oc"
_CENTRE = "pl cs sk hu sl hr ro bs sh"
LANGUAGES: Mapping[str, str] = {
    "windows-1252": _WEST, "mac_roman": _WEST, "cp850": _WEST,
    "iso8859-2": _CENTRE, "windows-1250": _CENTRE, "cp852": _CENTRE,
    "windows-1251": "ru uk bg sr mk be", "koi8-r": "ru", "koi8-u": "uk ru", "cp866": "ru", "iso8859-5": "ru bg sr mk",
    "mac_cyrillic": "ru uk",
    "windows-1253": "el", "iso8859-7": "el", "windows-1254": "tr", "windows-1255": "he",
    "windows-1256": "ar fa ur", "windows-1257": "lt lv et", "cp874": "th",
    "cp932": "ja", "euc-jp": "ja", "cp949": "ko", "gb18030": "zh", "big5hkscs": "zh",
}  # fmt: skip
"""Encodings, and languages that are written in them; of equal scores the first one counts."""
SHOWN = {"cp932": "shift_jis", "big5hkscs": "big5", "cp949": "euc-kr", "cp874": "windows-874"}
"""Names for messages, where Python's codec is a wider one."""

_BYTE_ORDER_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16",
}  # fmt: skip
_ZEROS = {
    (False, True, True, True): "utf-32-le", (True, True, True, False): "utf-32-be",
    (False, True): "utf-16-le", (True, False): "utf-16-be",
}  # fmt: skip
"""Which of the first bytes are zero where the first character is of ASCII and there is no mark."""
_DECLARATION = re.compile(
    rb"""\A\s*<(?:\?xml[^>]{0,200}?\sencoding\s*=\s*["']|.{0,2048}?<meta\s[^>]{0,200}?charset\s*=\s*["']?\s*)([\w.:-]{1,40})""",
    re.IGNORECASE | re.DOTALL,
)
_ASCII = bytes(range(0x80))
_BEYOND_ASCII, _UNDECODED = re.compile("[\x80-\ud7ff\ue000-\U0010ffff]"), re.compile("[\udc80-\udcff]+")
_RUN = re.compile(rb"[\x80-\xff]{4}")  # more than there are in words of Latin letters
_SEPARATOR = re.compile(rb'[\n"]')  # bytes that are part of no character of several
_PHRASE = re.compile(r"[^\W\d_]+(?:[ ,.'’-]+[^\W\d_]+)*")
_LETTERS = {
    "de": "äöüßé", "fr": "àâæçéèêëîïôœùûü", "es": "áéíñóúü", "pt": "ãáâàçéêíõóôú", "it": "àèéìòù", "nl": "éëïöüèó",
    "sv": "åäöé", "da": "æøåé", "no": "æøåéòô", "nn": "æøåéòô", "fi": "äöåšž", "en": "éèïöñáü", "tr": "çğıöşüâî",
    "pl": "ąćęłńóśźż", "cs": "áčďéěíňóřšťúůýž", "sk": "áäčďéíĺľňóôŕšťúýž", "hu": "áéíóöőúüű", "ro": "ăâîșțşţ",
    **dict.fromkeys(("hr", "sl", "bs", "sh"), "čćđšž"), "sq": "ëç", "is": "áéíóúýðþæö",
    "ca": "àçèéíïòóúü", "af": "êëéôîû",
    "lt": "ąčęėįšųūž", "lv": "āčēģīķļņšūž", "et": "äöõüšž", "uk": "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя",
    **dict.fromkeys(("ru", "bg"), "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
}  # fmt: skip
"""Letters beyond ASCII of languages between whose encodings only these differ."""
_COMMON = {
    **dict.fromkeys(("ru", "uk", "bg", "sr", "mk", "be"), frozenset("оеаинтсрвлкмдпуяі")),
    **dict.fromkeys(("ar", "fa", "ur"), frozenset("اليمنرتوبعدسفهكقةحش")),
    "el": frozenset("αοιετσνηυρπκμλςίόά"),
    "he": frozenset("יוהלאמתרבשנכדחםקע"),
    "th": frozenset("านรกอเงมยวลดท่้ะสบคัิี"),
}
"""The letters that make up most of any text in a script; the model tells such a language by its script alone."""
COMMON_SHARE = 0.65
_COMMON_CHINESE = {
    "gb18030": re.compile(rb"[\xb0-\xd7][\xa1-\xfe]"),
    "big5hkscs": re.compile(rb"[\xa4-\xc6][\x40-\x7e\xa1-\xfe]"),
}
"""Chinese characters that are common; the standards have them in a block of their own."""
_CHINESE = re.compile("[\u4e00-\u9fff]")
_SCRIPTS = {
    "ja": (re.compile("[\u3040-\u30ff]"), 0.1),
    "ko": (re.compile("[\uac00-\ud7af]"), 0.7),
    "zh": (_CHINESE, 0.7),
}
"""Characters that a text in a language has, and their least share of those beyond ASCII."""
_CAPITAL_INSIDE = re.compile("(?<=[a-zß-öø-ÿа-яα-ω])[À-ÖØ-ÞŒŠŽĂĄĆĐĘŁŃŚŹŻА-ЯΑ-Ω]")
_CONTROL = re.compile("[\x80-\x9f\ue000-\uf8ff]")
_PUNCTUATION = frozenset("’‘“”–—…«»€。，、！？「」・（）：；¿¡ºª„ー·\xa0\xad")


class Encoding(NamedTuple):
    """How a file is decoded.

    Attributes:
        name: of Python's codec.
        errors: what happens to bytes that cannot be decoded.
        notice: what is said of it; empty where the file itself told it, or is UTF-8.
    """

    name: str
    errors: str = "replace"
    notice: str = ""


def _as_windows_1252(error: UnicodeError) -> tuple[str, int]:
    """Decode what is not UTF-8 as spreadsheets and old sites encode it, a superset of Latin-1's letters."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("cp1252", errors="replace"), error.end


MIXED = "newsmoe.windows-1252"
codecs.register_error(MIXED, _as_windows_1252)
UTF8 = Encoding("utf-8", MIXED)
MIXED_UTF8 = Encoding("utf-8", MIXED, "bytes that are not UTF-8 were read as windows-1252")


def detect_encoding(name: str, open_bytes: OpenBytes) -> Encoding:
    """Return the encoding of a file, of which the bytes are read as often as is needed.

    Raises:
        InputError: it is not UTF-8, and not clearly anything else.
    """
    with open_bytes() as stream:
        start = stream.read(CHUNK)
        if told := _told(start):
            return told
        sample = _where_not(stream, start, "utf-8")
    if sample is None:
        return UTF8
    if _is_mostly_utf8(sample):
        return MIXED_UTF8
    for codec in _candidates(sample):
        with open_bytes() as stream:
            if _where_not(stream, b"", codec) is None:
                return Encoding(codec, "replace", f"read as {SHOWN.get(codec, codec)}")
    if len(sample.translate(None, _ASCII)) <= max(FEW_BYTES, FEW * len(sample)) and not _RUN.search(sample):
        return MIXED_UTF8
    raise InputError(
        f"{name}: not UTF-8, and the encoding cannot be detected with certainty; name it with --encoding, such as"
        " --encoding windows-1251"
    )


def _told(start: bytes) -> Encoding | None:
    """Return the encoding that the beginning of a file tells: a mark, zero bytes, escapes, or a declaration."""
    for mark, codec in _BYTE_ORDER_MARKS.items():
        if start.startswith(mark):
            return Encoding(codec, MIXED if codec == "utf-8-sig" else "replace")
    zeros = tuple(byte == 0 for byte in start[:4])
    for pattern, codec in _ZEROS.items():
        if zeros[: len(pattern)] == pattern and _is_text(start.decode(codec, "replace")):
            return Encoding(codec)
    if b"\0" in start:  # no text
        return UTF8
    if b"\x1b$" in start and start.isascii():
        return Encoding("iso2022_jp", "replace", "read as iso-2022-jp")
    if declaration := _DECLARATION.match(start):
        return _declared(declaration[1].decode())
    return None


def _is_text(text: str) -> bool:
    return text[:1].isascii() and sum(
        character.isprintable() or character.isspace() for character in text
    ) > 0.98 * len(text)


def _declared(name: str) -> Encoding | None:
    """Return the encoding of a declaration; UTF-8 is detected, because many a file that declares it is none."""
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        return None
    if codec in ("utf-8", "ascii") or codec.startswith(("utf-16", "utf-32")):
        return None  # the declaration itself could be read, so it is not of two or four bytes a character
    return Encoding({"iso8859-1": "cp1252", "gb2312": "gb18030", "gbk": "gb18030"}.get(codec, codec))


def _where_not(stream: IO[bytes], start: bytes, codec: str) -> bytes | None:
    """Return some of the bytes from the chunk on that cannot be decoded; None where all can."""
    decoder = codecs.getincrementaldecoder(codec)()
    before, chunk = b"", start
    try:
        for chunk in chain([start], iter(lambda: stream.read(CHUNK), b"")):
            decoder.decode(chunk)
            before = chunk[-4:]
    except UnicodeDecodeError:
        return before + chunk + stream.read(CHUNK)
    return None


def _is_mostly_utf8(sample: bytes) -> bool:
    """Tell whether most characters beyond ASCII are UTF-8, and the others are single letters of Latin words."""
    text = sample.decode("utf-8", "surrogateescape")
    undecoded = _UNDECODED.findall(text)
    count = sum(map(len, undecoded))
    return len(_BEYOND_ASCII.findall(text)) >= count and count < 3 * len(undecoded)


def _candidates(sample: bytes) -> Iterator[str]:
    """Yield the encodings that the text beyond ASCII is in with certainty, the likeliest first."""
    pieces = [piece for piece in _SEPARATOR.split(sample)[1:-1] if not piece.isascii()]
    text = b"\n".join(pieces)[: 4 * SAMPLE] or sample
    results = []
    for codec, languages in LANGUAGES.items():
        try:
            decoded = codecs.getincrementaldecoder(codec)().decode(text)
        except UnicodeDecodeError:
            continue
        results.append((_score(decoded, codec, frozenset(languages.split())), codec, decoded))
    results.sort(key=lambda result: -result[0])
    for score, codec, decoded in results:
        other = max((score for score, _, other in results if other != decoded), default=0.0)
        if score >= SURE or (score >= PLAUSIBLE and other <= MARGIN * score):
            yield codec


def _score(text: str, codec: str, languages: Set[str]) -> float:
    """Return from 0 to 1 how much a text looks like one in one of the languages, written in an encoding."""
    if _CONTROL.search(text):
        return 0.0
    phrases = (phrase for phrase in _PHRASE.findall(text) if not phrase.isascii())
    scores = {code: score for code, score in language_scores(" ".join(phrases)[:SAMPLE]).items() if code in languages}
    characters = _BEYOND_ASCII.findall(text)
    if not scores or not characters:
        return 0.0
    best = max(scores, key=lambda code: scores[code])
    script, least = _SCRIPTS.get(best, (None, 0.0))
    if script and (len(characters) < MIN_CHARACTERS or len(script.findall(text)) < least * len(characters)):
        return 0.0
    letters = _LETTERS.get(best)
    usual = sum(_is_usual(character, letters) for character in characters) / len(characters)
    inside = 1 - len(_CAPITAL_INSIDE.findall(text)) / len(characters)
    common = COMMON_SHARE
    if best in _COMMON:
        common = sum(character in _COMMON[best] for character in characters) / len(characters)
    elif codec in _COMMON_CHINESE:
        common = _share_of_common_chinese(text, codec)
    return min(1.0, sum(scores.values())) * (usual * inside * min(1.0, common / COMMON_SHARE)) ** SEVERITY


def _share_of_common_chinese(text: str, codec: str) -> float:
    """Return from 0 to 1 how common the Chinese characters of a text are in an encoding of Chinese."""
    characters = _CHINESE.findall(text)
    common = sum(bool(_COMMON_CHINESE[codec].fullmatch(character.encode(codec))) for character in characters)
    return common / max(1, len(characters))


def _is_usual(character: str, letters: str | None) -> bool:
    if character.isalpha():
        return letters is None or character.lower() in letters
    return character in _PUNCTUATION or bool(combining(character)) or "\u0e31" <= character <= "\u0e4e"
