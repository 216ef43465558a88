"""What goes in: one news item, as read."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

FIELDS = ("id", "url", "headline", "content", "topics", "publication_date", "author", "source", "language")
"""What is read of an element; see `Article`."""

CHARACTERS_PER_WORD = 2  # in scripts without spaces
UNSPACED = "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]"
"""Pattern of the characters of scripts without spaces: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""
_UNSPACED = re.compile(UNSPACED)

_TYPES: dict[str, tuple[type, ...]] = {
    "id": (str, int),
    **dict.fromkeys(("url", "headline", "content"), (str,)),
    "topics": (tuple,),
    **dict.fromkeys(("publication_date", "author", "source", "language"), (str, type(None))),
}
"""Of the fields of an article."""

NO_TEXT = "neither headline nor content has words"


@dataclass(frozen=True)
class Article:
    """One news item, cleaned: plain text, no markup, no control codes.

    Attributes:
        id: the scraper's id; where it has none, a hash of URL and text.
        url: where the article was found.
        headline: its title, one line.
        content: its body as plain text; paragraphs are separated by blank lines.
        topics: the scraper's labels.
        publication_date: ISO 8601 where the scraper's value could be understood, else that value.
        author: one or more names, separated by commas.
        source: the outlet, where the scraper named it.
        language: ISO 639-1 code, the scraper's or identified; None where the text is too short.
        truncated: whether the scraper had cut the content.
        extra: everything else that the scraper wrote, untouched, but for values as large as a book.
    """

    id: str | int = ""
    url: str = ""
    headline: str = ""
    content: str = ""
    topics: tuple[str, ...] = ()
    publication_date: str | None = None
    author: str | None = None
    source: str | None = None
    language: str | None = None
    truncated: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        if isinstance(self.topics, list):
            object.__setattr__(self, "topics", tuple(self.topics))
        for name, types in _TYPES.items():
            if not isinstance(value := getattr(self, name), types):
                expected = " or ".join("None" if each is type(None) else each.__name__ for each in types)
                raise TypeError(
                    f"Article: {name} must be {expected}, not {type(value).__name__};"
                    " pass a dict to have it read as a scraper wrote it"
                )

    @cached_property
    def key(self) -> str:
        """Hash of all that an expert reads: equal keys, equal predictions."""
        # lengths, not separators, say where a text ends: any separator could be part of a text
        read = f"{len(self.headline)} {len(self.content)} {self.language} {self.truncated}\n"
        text = "".join((read, self.headline, self.content))
        return sha256(text.encode(errors="surrogatepass")).hexdigest()

    @cached_property
    def words(self) -> int:
        """Number of words in the content; in scripts without spaces two characters are a word."""
        return len(self.content.split()) + len(_UNSPACED.findall(self.content)) // CHARACTERS_PER_WORD

    def has_words(self, minimum: int) -> bool:
        """Tell whether the content has at least so many words, without counting more of them."""
        if minimum <= 0:
            return True
        return len(self.content.split(maxsplit=minimum - 1)) >= minimum or self.words >= minimum

    @cached_property
    def url_host(self) -> str:
        """Host of the URL in lower case; empty where there is none."""
        return host_of(self.url)


@dataclass(frozen=True)
class InvalidItem:
    """An element of the input that is no article, with the reason; it has a record too."""

    message: str
    type: str = "NotAnArticle"
    id: str | int | None = None
    headline: str | None = None
    url: str | None = None

    @property
    def key(self) -> str:
        """Hash of all fields."""
        fields = [self.type, self.message, self.id, self.headline, self.url]
        return sha256(json.dumps(fields).encode()).hexdigest()


def host_of(url: str) -> str:
    """Return the host of a URL in lower case; empty where there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def base_language(code: str) -> str:
    """Return the language of a code that may have a region: `en` of `en-GB` and of `EN_us`."""
    return code.replace("_", "-").split("-")[0].lower()


def estimate_tokens(text: str) -> int:
    """Estimate the number of word pieces in `text` without a tokenizer.

    English news has about 4.4 characters to a WordPiece token; scripts without spaces have about one
    character to a token.
    """
    ascii_chars = len(text.encode("ascii", "ignore"))
    return ascii_chars * 10 // 44 + (len(text) - ascii_chars) + 1


def estimate_article_tokens(article: Article) -> int:
    """Estimate the number of word pieces in headline and content."""
    return estimate_tokens(article.headline) + estimate_tokens(article.content)
