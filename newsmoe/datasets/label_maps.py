"""From the labels of the data to those of an expert, and back."""

from collections import defaultdict
from collections.abc import Mapping

LabelMap = Mapping[str, str | tuple[str, ...]]


def map_label(label: str, label_map: LabelMap) -> tuple[str, tuple[str, ...]] | None:
    """Return a label and the expert's labels that are correct for it, or None if the map lacks it.

    An empty map changes no label. A wider label, which maps to several of the expert's, keeps its name.
    """
    mapped = label_map.get(label) if label_map else label
    if isinstance(mapped, str):
        return mapped, (mapped,)
    return None if mapped is None else (label, mapped)


def merge_scores(scores: Mapping[str, float], wider: Mapping[str, str]) -> dict[str, float]:
    """Return scores by label of the data; `wider` maps the expert's labels to those of the data."""
    merged: defaultdict[str, float] = defaultdict(float)
    for label, score in scores.items():
        merged[wider.get(label, label)] += score
    return dict(merged)
