"""Exports whose names mean something else elsewhere: known by several of them together."""

from collections.abc import Container
from typing import NamedTuple

from newsmoe.ingest.names import FieldNames


class Export(NamedTuple):
    """How the elements of an export are known, and which of its names, folded, stand for which field.

    Attributes:
        some: sets of names; an element of the export has at least one of each.
        fields: a name of a field stands for nothing else; `lead` is the name of what stands before the content.
        has_spaced_topics: whether the topics are words between spaces.
    """

    some: tuple[frozenset[str], ...]
    fields: FieldNames
    has_spaced_topics: bool = False

    def has_names(self, names: Container[object]) -> bool:
        """Tell whether an element with some names is of the export."""
        return all(any(name in names for name in some) for some in self.some)


def _export(*some: str, has_spaced_topics: bool = False, **fields: str) -> Export:
    names = {field: tuple(value.split()) for field, value in fields.items()}
    return Export(tuple(frozenset(value.split()) for value in some), names, has_spaced_topics)


_TEI = "teiHeader.fileDesc."
_BIBLIOGRAPHY = f"{_TEI}sourceDesc.biblFull."

EXPORTS = (
    _export(  # Factiva
        "hd", "lp td", headline="hd", content="td", lead="lp", publication_date="pd", author="by", source="sn", id="an",
        language="la", topics="se",
    ),
    _export(  # RIS, Medline and others, by their tags
        "ti t1", "ab n2 ft tx ty", headline="ti t1", content="ft tx ab n2", author="fau au a1", source="jt t2 jo jf so",
        publication_date="da dp pd y1", url="ur", topics="kw de", language="la", id="pmid an ut id",
    ),
    _export(
        "href", "description", "extended toread", headline="description", content="extended", url="href",
        topics="tags tag", has_spaced_topics=True,
    ),  # Pinboard, Delicious
    _export(
        "pagename", "message", "linktext postcreated", headline="linktext", source="pagename", url="finallink link url",
        publication_date="postcreated postcreateddate",
    ),  # CrowdTangle
    _export("lccn", "title", "ocreng ocrtext sequence", content="ocreng ocrtext", source="title"),  # loc.gov
    _export(
        "heading", "title", "troveurl pagesequence", headline="heading", source="title", content="articletext",
        url="troveurl url",
    ),  # Trove
    _export(
        "contentmeta", "contentset", headline="contentMeta.headline", author="contentMeta.by contentMeta.creator",
        publication_date="itemMeta.firstCreated contentMeta.contentCreated itemMeta.versionCreated",
        source="itemMeta.provider", topics="contentMeta.subject", language="contentMeta.language.tag", id="guid",
        content="contentSet.inlineXML.html.body contentSet.inlineXML.nitf.body",
    ),  # NewsML-G2
    _export(
        "teiheader", headline=f"{_TEI}titleStmt.title",
        author=f"{_TEI}titleStmt.author {_BIBLIOGRAPHY}titleStmt.author",
        publication_date=f"{_BIBLIOGRAPHY}publicationStmt.date {_TEI}publicationStmt.date",
        source=f"{_BIBLIOGRAPHY}publicationStmt.publisher {_TEI}publicationStmt.publisher",
        url=f"{_BIBLIOGRAPHY}publicationStmt.ptr.target",
    ),
)  # fmt: skip
_NONE = Export((), {})


def export_with(names: Container[object]) -> Export:
    """Return the export that an element with some names is of; one without fields where it is of none."""
    return next((export for export in EXPORTS if export.has_names(names)), _NONE)
