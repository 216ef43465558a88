"""The tables in a JSON document that a survey saw: rows with the names of their columns, or columns."""

from collections.abc import Iterator, Sequence

from newsmoe.ingest.fields import FieldFinder
from newsmoe.ingest.places import ARRAY, Place, Steps
from newsmoe.ingest.survey import Node

MAX_DEPTH = 4  # of objects around the names of columns


def tables_in(root: Node, finder: FieldFinder) -> Iterator[Place]:
    """Yield the tables in a document, as pandas and others write them."""
    yield from _tables(root, (), finder, [*_named(root)])


def _named(node: Node, depth: int = 0) -> Iterator[Node]:
    """Yield the arrays in the objects of a document that may be the names of columns."""
    for child in node.children.values() if depth < MAX_DEPTH and not node.arrays else ():
        if child.names:
            yield child
        yield from _named(child, depth + 1)


def _tables(node: Node, steps: Steps, finder: FieldFinder, named: Sequence[Node]) -> Iterator[Place]:
    """Yield the tables in a document, as pandas and others write them; `named` are arrays of names anywhere in it."""
    if node.objects == 1 and not node.arrays:
        if _is_of_columns(node, finder) or _is_of_documents(node):
            yield Place((steps,), "columns")
        if node.collections:
            yield Place((steps,), "texts")
        for step, child in node.children.items():
            cells, rows = _rows(child)
            names = next(
                (other.names for other in named if other is not child and _names_rows(other, rows, finder)), ()
            )
            if child.arrays == 1 and names and not child.scalars:
                yield Place(((*steps, step, *cells),), "rows", names)
        for step, child in node.children.items():
            yield from _tables(child, (*steps, step), finder, named)
    elif node.arrays == 1 and not node.objects:
        rows = node.children.get(ARRAY, Node())
        if rows.arrays > 1 and not node.scalars and not rows.objects and finder.has_text(rows.names):
            yield Place(((*steps, ARRAY),), "header")


def _is_of_documents(node: Node) -> bool:
    """Tell whether an object has a list of texts and one of what is said of them, as Chroma answers."""
    texts, details = (node.children.get(key, Node()) for key in ("documents", "metadatas"))
    if texts.arrays == details.arrays == 1:  # of several queries
        texts, details = (
            inner if (inner := some.children.get(ARRAY, Node())).arrays == some.values else some
            for some in (texts, details)
        )
    return texts.arrays > 0 and texts.scalars == texts.values == details.values > 0


def _rows(table: Node) -> tuple[Steps, Node]:
    """Return the rows in an array: arrays of cells, or objects with nothing in them but such an array."""
    rows = table.children.get(ARRAY, Node())
    if rows.arrays or len(rows.keys) != 1 or rows.keys.keys() != rows.children.keys():
        return (ARRAY,), rows
    ((key, cells),) = rows.children.items()
    return (ARRAY, key), cells


def _names_rows(node: Node, rows: Node, finder: FieldFinder) -> bool:
    """Tell whether an array of names may be the columns of rows."""
    fits = rows.arrays > 0 and not rows.objects and len(node.names) * rows.arrays == rows.values
    return fits and finder.has_text(node.names)


def _is_of_columns(node: Node, finder: FieldFinder) -> bool:
    """Tell whether each member of an object is a column: a list or an object with a value for each row.

    Beside headlines some of the lists may hold lists or objects.
    """
    columns = list(node.children.values())
    first = columns[0] if len(columns) > 1 else Node()
    is_list = bool(first.arrays)
    if not first.values or node.scalars or (is_list and first.values < 2):
        return False
    if not is_list and finder.has_text(first.keys):  # articles by their names, such as `1.html`
        return False
    plain = [name for name, column in node.children.items() if column.scalars == column.values]
    are_plain = len(plain) == len(columns)
    is_table = finder.has_text(plain) if are_plain else is_list and any(finder.shape(plain).headlines)
    return is_table and all(
        column.values == first.values and column.arrays == first.arrays and column.keys == first.keys
        for column in columns
    )
