"""The names under which scrapers, APIs and data sets keep the fields of an article."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache

from newsmoe.ingest import other_languages
from newsmoe.ingest.other_languages import DATE_WORDS, LITTLE_WORDS, OTHER_LANGUAGES, PUBLISHED

FieldNames = Mapping[str, Sequence[str]]
"""For each field of an article the keys to look under, in order; case, spaces and punctuation don't matter."""

_BODIES = (
    "bodies", "full_content", "full_text", "ctext", "maintext", "articleBody", "document", "content:encoded",
    "content", "contents", "text", "body", "body_text", "article_text", "content_text", "text_content", "article",
    "story", "story_text", "selftext", "plaintext", "paragraphs", "body_paragraphs", "post_content", "comment_text",
    "transcript", "revisions", "content_elements", "blocks", "components", "sections", "pages", "markdown",
    "rich_content", "raw_text", "documents", "main", "chunk_text", "chunk", "text_resource", "content_html",
    "body_html", "html", "article_html",
)  # fmt: skip
BODIES = (*_BODIES, *other_languages.BODIES)
"""Names of whole texts. The first ones stand for more than what is beside them under a plainer name."""

_TEASERS = (
    "description", "summary", "lead_paragraph", "abstract", "snippet", "short_description", "excerpt", "standfirst",
    "trail_text", "teaser", "lead", "lede", "intro", "introduction", "synopsis", "blurb", "subtitle", "dek",
    "custom_excerpt", "contentSnippet", "content:encodedSnippet", "highlights", "og:description", "meta_description",
    "desc", "digest", "first_sentence", "abstract_note", "opening_text", "hit_sentence",
)  # fmt: skip
TEASERS = (*_TEASERS, *other_languages.TEASERS)
"""Names of what stands for a text where there is no other."""

LEADS = (
    "lead", "lede", "lead_paragraph", "lead_text", "intro", "intro_text", "introduction", "standfirst", "dek",
    *other_languages.LEADS,
)  # fmt: skip
"""Names of teasers that a site shows above the body, as its first paragraph."""

POST_TEXT = "message"
"""The name of a text in a social network, where there is a date beside it and nothing that an error or a log has."""

NO_POST = frozenset({"error", "errors", "status", "statuscode", "code", "exception", "level", "severity", "logger"})

SECTIONS = frozenset({"sections", "pages"})
"""Names, folded, of the parts of a text where these are objects; elsewhere of labels, or of a number."""

MARKUP = frozenset({"html", "contenthtml", "bodyhtml", "articlehtml"})
"""Names, folded, of what may be a whole page."""

_DATES: FieldNames = {
    "first published": ("first_publication_date", "first_published_at"),
    "published": (
        "publication_date", "publish_date", "publishedAt", "published_at", "date_publish", "datePublished", "pub_date",
        "pubDate", "published", "date", "published_date", "publication_time", "publish_time", "web_publication_date",
        "isoDate", "dateTimePub", "date_time", "article:published_time", "dc:date", "time_published", "seendate",
        "published_utc", "date_gmt", "release_date", "public_timestamp", "ptime", "publish_ts",
        "provider_publish_time", "page_age", "dates.published",
    ),
    "first created": ("firstcreated",),
    "created": ("date_created", "created_at", "created_utc", "created", "ctime", "create_dt"),
    "unclear": ("timestamp", "date_unixtime", "published_parsed", "posted_at", "time", "dt", "ts"),
    "changed": ("version_created", "updated_at", "updated", "date_modify", "date_modified", "mtime"),
    "read": ("date_download", "crawled", "date_added", "modified"),
}  # fmt: skip
DATES: FieldNames = {**_DATES, "unclear": (*other_languages.DATES, *_DATES["unclear"])}
"""Names of dates by what happened then, from what is the date of publication to what says least of it."""

LATE = ("changed", "read")
"""Of these, what happened after the publication."""

_LABELS_OF_OUTLETS = (
    "website", "portal", "paper", "press", "agency", "journal", "magazine", "media", "channel", "brand", "feed", "src",
)  # fmt: skip
LABELS_OF_OUTLETS = frozenset(_LABELS_OF_OUTLETS)
"""Names of an outlet, or of much else: a source only where a short text stands there."""

ENGLISH: FieldNames = {
    "id": (
        "id", "_id", "guid", "uuid", "article_id", "objectID", "news_id", "post_id", "doc_id", "identifier", "uri",
        "new_id", "@id",
    ),
    "url": (
        "url", "link", "canonical_link", "canonical_url", "web_url", "news_url", "article_url", "title_url", "page_url",
        "share_url", "source_url", "mainEntityOfPage", "story_url", "permalink", "short_url", "href", "url_mobile",
        "document_identifier", "links.permalink", "links.web", "canonical", "alternate", "link_href", "loc",
        "WARC-Target-URI", "warc_headers.WARC-Target-URI", "warc_headers.warc-target-uri", "urls.canonical",
        "html.requested_url", "requested_url", "responded_url",
    ),
    "headline": (
        "headline", "title", "headlines", "web_title", "heading", "subject", "story_title", "header", "name", "h1",
        "article_name", "subject_line", "title1", "hedline.hl1", "hedline", "head", "hed", "hl", "hl1",
    ),
    "content": (*_BODIES, *_TEASERS),
    "topics": (
        "topics", "topic", "categories", "category", "section", "tags", "section_name", "article_section", "keywords",
        "tag", "_embedded.wp:term", "headline_category", "subjects", "subject_terms", "manual_tags", "automatic_tags",
        "labels", "taxonomy.primary_section", "taxonomy.tags", "news_type", "subject", "author_keywords",
        "rubric", "rubrik",
    ),
    "publication_date": tuple(name for names in _DATES.values() for name in names),
    "author": (
        "author", "authors", "byline", "creator", "dc:creator", "author_name", "primary_author", "writer", "reporter",
        "journalist", "contributors", "contributor", "by", "from", "co_authors", "authors_byline", "bylines",
        "credits.by", "source.authors", "author_names", "authors_name", "author_list", "authors_list", "writers",
        "writer_name", "reporters", "reporter_name", "journalists", "journalist_name", "contributor_name",
        "correspondent", "columnist", "written_by", "posted_by", "published_bylines", "published_by", "submitted_by",
        "submitter", "creators", "_embedded.author", "author_info", "author_details",
    ),
    "source": (
        "source", "outlet", "publisher", "source_name", "source_title", "source_domain", "site_name", "publication",
        "newspaper", "news_site", "provider", "og:site_name", "meta_site_name", "source-hostname", "hostname", "site",
        "source_id", "domain", "thread.site", "name_source", "publisher_name", "media_name", "pubtitle",
        "container-title", "origin.title", "feed.title", "feed_title", "feed_name", "outlet_name", "newspaper_name",
        "paper_name", "portal_name", "website_name", "web_name", "domain_name", "site_title", "source_site",
        "publisher_site", "outlet_domain", "source_info", "site_info", "publisher_info", "domain_metadata",
        "html.source_info", "publication_name", "publication_title", "journal_name", "media_outlet", "news_agency",
        "clean_url", "medium_name",
        *_LABELS_OF_OUTLETS,
    ),
    "language": ("language", "lang", "in_language", "human_language", "language_code", "meta_lang", "locale"),
}  # fmt: skip

ALIASES: FieldNames = {field: (*names, *OTHER_LANGUAGES.get(field, ())) for field, names in ENGLISH.items()}
"""For each field of an article its common names."""

URLS_BY_VALUE = ("@id", "guid", "uri", "id", "source", "identifier", *other_languages.SOURCES)
"""Names under which a URL may stand, or something else."""

ABBREVIATED_HEADLINES = frozenset({"head", "hed", "hl", "hl1"})
"""Names, in newsrooms, of a headline, and elsewhere of an object."""

WEAK_HEADLINES = frozenset({"name"}) | ABBREVIATED_HEADLINES
"""Of a person, an outlet or a feed as well: a headline only where there is a content beside it."""

TITLES = frozenset({"headline", "headlines", "title", "hedline", "hl1"})
"""Names, folded, of an object that is a headline, and no article."""

HEADLINES_OR_SECTIONS = frozenset({"rubrik"})
"""Names, folded, of a headline in Swedish, and of a section in German."""

PUBDATA = "pubdata"
"""What NITF has about the outlet, and no date."""

SUBJECTS = frozenset({"subject"})
"""Names of a headline, or of a label such as `health-care` or `worldNews`."""

_DECORATIONS = (
    "article clean cleaned content copy detail doc document entry field full item long main meta news og original page"
    " plain post raw resolved story str text web art dc prism"
    " artikel articolo articulo artigo berita haber materia nota noticia notizia статьи новости"
    " 新闻 新聞 文章 記事 기사 뉴스"
    " de la l du del della des da do"  # what links two words, as in `Texte de l'article`
    " t txt s ss dt en"  # Solr's suffixes, and of a text in one of several languages
)
DECORATIONS = frozenset(_DECORATIONS.split())
"""Words before and after a name that leave its meaning: `news_title`, `webUrl`, `title_raw`."""

NOT_AN_ARTICLE = re.compile(
    r"author|byline|publisher|(?<!_)source|image|photo|video|media|thumb|logo|icon|comment|user|link|creator|highlight|error"
    r"|related|similar|recommend|see_?also|repl(?:y|ies)|quot|retweet|reblog|most_?read|^(?:parent|prev|next|includ)|asset"
)
"""Keys of objects about something else than the article, such as its author, with a text of their own."""

METADATA = re.compile(
    r"meta|(?:^|\.)head(?:er)?$|^info|^seo$|opengraph|open_graph|^og$|propert|attribut|details|front_?matter|^locators?$|^sys$|^docdata$"
)
"""Keys of objects with the headline and dates of the text beside them."""

_OF_ANOTHER = re.compile(
    r"author|byline|publisher|(?<!_)source|image|photo|video|media|thumb|logo|icon|comment|user|creator|related|quot"
)
"""Keys in a path to the title, URL or text of something else: `image.title`, `source.url`."""
_LABELS = frozenset({"title", "label", "displayName", "display_name"})
_OUTLET_OR_PERSON = re.compile("source|publisher|author|creator")

INNER_TEXTS = frozenset({"rendered", "main", "text", "value", "name", "#text", "_content"})
MAX_NAME = 100  # characters
_NOT_ANALYSED = re.compile(r"(?<!meta)\.(?:keyword|raw)\Z")  # how Elasticsearch ends the name of a whole text
_TIME_WORDS = "(?:date|time|stamp|on|at|utc|gmt|iso|dt)"
_DATE_NAME = re.compile(
    rf"(?P<before>(?:date|time|dt|{DATE_WORDS}|{LITTLE_WORDS})*)(?P<edition>first|original|last|latest|version)?+"
    rf"(?:(?P<published>(?:{PUBLISHED})|publish(?:ed|ing)?+|publication|pub|post(?:ed)?+|issued?+|display(?:ed)?+"
    r"|released?+)|(?P<created>created?+|creation)|(?P<changed>updated?+|modified|modification|edited))"
    rf"(?P<after>(?:{_TIME_WORDS}|{DATE_WORDS}|{LITTLE_WORDS})*+)"
)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|新闻|新聞|文章|記事|기사|뉴스|[^\W\d_a-zA-Z]+")
_SEPARATORS = re.compile(r"[\s_.:/-]+")
_PUNCTUATION = re.compile(r"[-/|:(（](?=[^\x00-\x7f])")
_LATIN = re.compile(r"[a-zA-Z]")


_LETTERS = str.maketrans({"ı": "i", "ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss"})
"""Letters whose accents are a part of them, as people write them who leave accents out."""


@lru_cache(4096)
def folded(key: object) -> object:
    """Return a key without case, punctuation and accents; a caller's dict may have keys that are no strings."""
    if not isinstance(key, str):
        return key
    plain = _SEPARATORS.sub("", key).casefold()
    if not plain.isascii():
        decomposed = unicodedata.normalize("NFKD", plain.translate(_LETTERS))
        plain = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return plain or key


_COMMON_DATES = frozenset(map(folded, ALIASES["publication_date"]))
_OUTLETS = frozenset(map(folded, ENGLISH["source"]))


@lru_cache(4096)
def plainer(key: object) -> list[object]:
    """Return simpler names that a key may stand for: without its decorations, or the last part of a path."""
    if not isinstance(key, str) or len(key) > MAX_NAME or "<" in key or "://" in key or folded(key) in _OUTLETS:
        return []
    if (last := _last_part(key)) is None:
        return []
    words = words_of(last)
    first = next((index for index, word in enumerate(words) if word not in DECORATIONS), len(words))
    end = len(words) - next(
        (index for index, word in enumerate(reversed(words)) if word not in DECORATIONS), len(words)
    )
    parts = (
        folded("".join(words[start:stop])) for start in range(first + 1) for stop in range(len(words), end - 1, -1)
    )
    names = dict.fromkeys((folded(last), *parts, *map(folded, _in_two_scripts(key))))
    return [name for name in names if name and name != folded(key) and name not in WEAK_HEADLINES]


def _in_two_scripts(key: str) -> list[str]:
    """Return the parts of a name in Latin letters and in another script, such as `Title-题名`."""
    parts = _PUNCTUATION.split(key)
    return parts if len(parts) == 2 and parts[0].isascii() and not _LATIN.search(parts[1]) else []


def _last_part(key: str) -> str | None:
    """Return the key at the end of a path, as tables made of JSON have it; None where it is about something else."""
    outer = _NOT_ANALYSED.sub("", key).replace("/", ".").split(".")
    last = outer.pop()
    if outer and last in INNER_TEXTS:  # `title.rendered`
        last = outer.pop()
    if not any(_OF_ANOTHER.search(part.casefold()) for part in outer):
        return last
    return outer[-1] if last in _LABELS and _OUTLET_OR_PERSON.fullmatch(outer[-1]) else None


@lru_cache(4096)
def date_kind(key: object) -> str | None:
    """Return which of the kinds of `DATES` a key that is not in them is of by its words, such as `posted_on`."""
    if folded(key) in _COMMON_DATES or folded(key) == PUBDATA:
        return None
    names = (str(name) for name in (folded(key), *plainer(key)))
    match = next(filter(None, map(_DATE_NAME.fullmatch, names)), None)
    if match is None or not (match["before"] or match["after"] or match[0].endswith("ed")):
        return None
    first = "first " if match["edition"] in ("first", "original") else ""
    if match["changed"] or (match["edition"] and not first):
        return "changed"
    return f"{first}published" if match["published"] else f"{first}created"


@lru_cache(4096)
def words_of(key: str) -> list[str]:
    """Return the words in a key, in small letters, and Latin ones without accents."""
    if not key.isascii():
        bases = ((mark, unicodedata.normalize("NFKD", mark)[0]) for mark in key.translate(_LETTERS))
        key = "".join(base if base.isascii() and base.isalpha() else mark for mark, base in bases)
    return [word.casefold() for word in _WORDS.findall(key)]
