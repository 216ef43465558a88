"""HTML: a page is one article, without navigation and adverts; trafilatura comes with the extra `html`."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from newsmoe.ingest.files import read_whole
from newsmoe.ingest.formats import BadElement
from newsmoe.plugins import import_extra

MIN_CHARACTERS = 60  # trafilatura takes the words of a menu for the text where there is nothing else

MAX_TAGS = 100_000  # trafilatura holds a few copies of the tree, and walks it a few times

suffixes = (".htm", ".xhtml")
_START = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body)[\s>]", re.I | re.S)


def matches(start: str) -> bool:
    """Tell whether a text that starts so is a page."""
    return bool(_START.match(start))


def read(name: str, path: Path) -> Iterator[Any]:
    """Yield the article of a page; a `BadElement` where trafilatura finds none."""
    trafilatura = import_extra("trafilatura", "an HTML page", "html")
    text = read_whole(path, name)
    if (tags := text.count("<")) > MAX_TAGS:
        yield BadElement(f"{tags:,} tags, and no page of an article has more than {MAX_TAGS:,}")
        return
    page = trafilatura.bare_extraction(text, with_metadata=True, include_comments=False)
    if page is None or len(page.text or "") < MIN_CHARACTERS:
        yield BadElement("there is no article in this page")
        return
    yield {
        "url": page.url,
        "title": page.title,
        "text": page.text.replace("\n", "\n\n"),
        "date": page.date,
        "author": page.author,
        "source": page.sitename or page.hostname,
        "description": page.description,
        "tags": [*(page.categories or ()), *(page.tags or ())],
        "language": page.language,
        "image": page.image,
    }
