"""What editors say about an article, which scrapers leave among its sentences: notes, corrections, disclaimers."""

import re

_NOTE = re.compile(
    r"\W*(?:(?:editors?|author)['’]?s?['’]? note\b"
    r"|(?:correction|clarification|disclaimer)\b[^:]{0,45}:"
    r"|(?:this|an earlier version of this) (?:story|article|post|report|piece) (?:(?:has been|was) )?"
    r"(?:(?:first|originally) )?"
    r"(?:updated|amended|corrected|edited|published|posted|appeared|misstated|misidentified|said incorrectly)\b)",
    re.IGNORECASE,
)


def is_editors_note(sentence: str) -> bool:
    """Tell whether a sentence of English is about the article and not of it."""
    return bool(_NOTE.match(sentence))
