"""A recipe for a file of examples, so that nobody has to write one to begin with."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import TypeAdapter, ValidationError

from newsmoe.datasets.sources import elements_of
from newsmoe.errors import ConfigError, InputError
from newsmoe.gating.lead_features import LEAD_FEATURES
from newsmoe.ingest.fields import some_keys
from newsmoe.registry.cards import CARD_FILE, Name
from newsmoe.registry.registry import builtin_folder
from newsmoe.training.recipe import RECIPE_FILE

USERS_FOLDER = Path("experts")
MAX_LABELS = 200


def classifier_recipe(
    file: Path,
    name: str,
    *,
    task: str | None = None,
    content: str | None = None,
    headline: str | None = None,
    label: str = "label",
    head_only: bool = False,
) -> Path:
    """Write `experts/NAME/recipe.toml` for a file of labelled texts, a fifth of them held out."""
    path = _new_path(name, task or name)
    labels: Counter[str] = Counter()
    for where, element in elements_of(file):
        for key, option in ((label, "label"), (content, "content"), (headline, "headline")):
            if key is not None and key not in element:
                raise InputError(
                    f"{where}: no value under {key!r} (found: {some_keys(element)}); see --{option}"
                )
            if key is not None and element[key] in (None, ""):
                raise InputError(f"{where}: nothing stands under {key!r}; leave such elements out")
        labels[str(element[label])] += 1
    if not 2 <= len(labels) <= MAX_LABELS:
        raise InputError(f"{file}: {len(labels)} different labels under {label!r}; is this the right column?")
    values = {
        "task": task or name,
        "description": f"{name}: {', '.join(labels)}"[:120],
        "labels": sorted(labels),
        **({} if head_only else {"adapter": {"epochs": 3, "learning_rate": 1e-3}}),
    }
    return _write(path, values, {"path": file, "headline": headline, "content": content, "label": label})


def summarizer_recipe(file: Path, name: str, *, content: str | None = None, summary: str = "summary") -> Path:
    """Write `experts/NAME/recipe.toml` for a file of articles with summaries."""
    path = _new_path(name, "summarization")
    values = {
        "task": "summarization",
        "description": f"{name}: sentences chosen as in {file.name}",
        "adapter": {"epochs": 2, "batch_items": 8, "head_learning_rate": 1e-3},
    }
    return _write(path, values, {"path": file, "content": content, "summary": summary})


def gate_recipe(
    file: Path,
    task: str,
    *,
    content: str | None = None,
    headline: str | None = None,
    label: str = "label",
    summary: str | None = None,
) -> Path:
    """Write `experts/gate-TASK/recipe.toml` for a file of labelled texts, a fifth kept for measuring."""
    source = {"path": file, "headline": headline, "content": content}
    path = _new_path(f"gate-{task}", task)
    if summary is None:
        return _write(path, {"task": task}, {**source, "label": label})
    return _write(path, {"task": task, "features": [*LEAD_FEATURES]}, {**source, "summary": summary})


def name_from(file: Path) -> str:
    """Return a name for an expert that learns from `file`."""
    return re.sub(r"[^a-z0-9]+", "-", file.name.partition(".")[0].lower()).strip("-") or "mine"


def _new_path(name: str, task: str) -> Path:
    for what, given in (("name", name), ("task", task)):
        try:
            TypeAdapter(Name).validate_python(given)
        except ValidationError:
            raise ConfigError(
                f"{given!r} cannot be a {what}: lower-case letters, digits, dashes; choose another --{what}"
            ) from None
    path = USERS_FOLDER / name / RECIPE_FILE
    own = builtin_folder() / name / CARD_FILE
    if own.exists() and own.parent.resolve() != path.parent.resolve():
        raise ConfigError(f"{name!r} is what one of newsmoe's own is called; choose another --name")
    if path.exists():
        raise ConfigError(
            f"{path} is there already; train it again by giving this file instead, or choose another --name"
        )
    return path


def _write(path: Path, values: Mapping[str, Any], source: Mapping[str, Any]) -> Path:
    given = {key: str(value) for key, value in source.items() if value is not None}
    parts = {part: [{**given, "split": part}] for part in ("train", "dev")}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(tomli_w.dumps({"name": path.parent.name, **values, **parts}), encoding="utf-8")
    return path
