"""A recipe for a file of examples, so that nobody has to write one to begin with."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w

from newsmoe.errors import ConfigError, InputError
from newsmoe.evaluation.labelled import elements_of
from newsmoe.training.recipe import RECIPE_FILE, ClassifierRecipe

__all__ = ["name_from", "write_recipe"]

USERS_FOLDER = Path("experts")
MOST_LABELS = 200


def write_recipe(
    file: Path,
    name: str,
    *,
    task: str | None = None,
    content: str | None = None,
    headline: str | None = None,
    label: str = "label",
    head_only: bool = False,
) -> Path:
    """Write `experts/NAME/recipe.toml` for a file of labelled texts, a fifth of which is kept for measuring.

    Args:
        file: CSV, TSV, JSON Lines or JSON.
        name: of the expert.
        task: what it answers; default: a task of its own name.
        content: key or column of the text; default, of both: those with usual names.
        headline: key or column of the headline, if there is one.
        label: key or column of the label.
        head_only: leave the backbone as it is, and fit a head alone.

    Raises:
        InputError: the file cannot be read, or has no such key.
        ConfigError: there is a recipe of this name already.
    """
    path = USERS_FOLDER / name / RECIPE_FILE
    if path.exists():
        raise ConfigError(
            f"{path} is there already; train it again with 'newsmoe train classifier {path}',"
            " or choose another --name"
        )
    labels: Counter[str] = Counter()
    for number, element in enumerate(elements_of(file), start=1):
        if not isinstance(element, Mapping) or element.get(label) in (None, ""):
            keys = ", ".join(map(repr, element)) if isinstance(element, Mapping) else type(element).__name__
            raise InputError(
                f"{file}: element {number}: no value under {label!r} (found: {keys}); see --label"
            )
        labels[str(element[label])] += 1
    if not 2 <= len(labels) <= MOST_LABELS:
        raise InputError(f"{file}: {len(labels)} different labels under {label!r}; is this the right column?")
    source = {"path": file.as_posix(), "headline": headline, "content": content, "label": label}
    source = {key: value for key, value in source.items() if value is not None}
    values: dict[str, Any] = {
        "name": name,
        "task": task or name,
        "description": f"{name}: {', '.join(labels)}"[:120],
        "labels": sorted(labels),
        "train": [{**source, "split": "train"}],
        "dev": [{**source, "split": "dev"}],
    }
    if not head_only:
        values["adapter"] = {"epochs": 3}
    ClassifierRecipe.model_validate(values)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps(values), encoding="utf-8")
    return path


def name_from(file: Path) -> str:
    """Return a name for an expert that learns from `file`."""
    return re.sub(r"[^a-z0-9]+", "-", file.name.partition(".")[0].lower()).strip("-") or "mine"
