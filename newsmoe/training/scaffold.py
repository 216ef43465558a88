"""A recipe for a file of examples, as a start."""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli_w
from pydantic import TypeAdapter, ValidationError

from newsmoe.datasets.sources import elements_of
from newsmoe.datasets.tagged import TaggedSource
from newsmoe.errors import ConfigError, InputError
from newsmoe.gating.lead_features import LEAD_FEATURES
from newsmoe.ingest.fields import some_keys
from newsmoe.output.atomic import write_text
from newsmoe.registry.cards import Name, builtin_folder, is_builtin
from newsmoe.settings.sources import USER_FOLDER
from newsmoe.text.counts import plural
from newsmoe.training.recipe import RECIPE_FILE

MAX_LABELS = 200
ENTITIES, ENTITY_SENTIMENT = "entities", "entity-sentiment"  # tasks


def classifier_recipe(
    file: Path,
    name: str,
    *,
    task: str | None = None,
    allowed: Collection[str] = (),
    head_only: bool = False,
    **keys: str | None,
) -> Path:
    """Write `experts/NAME/recipe.toml` for a file of labelled texts, of which a fifth is dev data.

    `keys` are the keys or columns of `headline`, `content` and `label` in the file. Labels must be among those that
    are `allowed`, if there are any.
    """
    task = task or name
    path = _new_path(name, task)
    labels = _count_labels(file, {"label": "label", **keys})
    if not 2 <= len(labels) <= MAX_LABELS:
        count = plural(len(labels), "different label")
        raise InputError(f"{file}: {count}, and a classifier has 2 to {MAX_LABELS}; is --label the right column?")
    foreign = sorted(set(labels) - set(allowed))
    if allowed and foreign:
        raise InputError(
            f"{file}: {', '.join(foreign)}: no labels of the task {task!r}, which has {', '.join(sorted(allowed))};"
            " rename them in the file, or leave out --task"
        )
    adapter = {} if head_only else {"adapter": {"epochs": 3, "learning_rate": 1e-3}}
    description = f"{name}: {', '.join(labels)}"[:120]
    values = {"task": task, "description": description, "labels": sorted(labels), **adapter}
    return _write(path, values, file, keys)


def summarizer_recipe(file: Path, name: str, **keys: str | None) -> Path:
    """Write `experts/NAME/recipe.toml` for a file of articles with summaries; see `classifier_recipe`."""
    path = _new_path(name, "summarization")
    _check_elements(file, keys)
    values = {
        "task": "summarization",
        "description": f"{name}: sentences chosen as in {file.name}",
        "adapter": {"epochs": 2, "batch_items": 8, "head_learning_rate": 1e-3},
    }
    return _write(path, values, file, keys)


def tagger_recipe(file: Path, name: str, *, tokens: str, tags: str) -> Path:
    """Write `experts/NAME/recipe.toml` for a file of tagged sentences or articles; see `classifier_recipe`.

    `tokens` and `tags` are the keys of the words and their tags; an element with neither has them in `sentences`.
    """
    path = _new_path(name, ENTITIES)
    source: dict[str, Any] = {"path": str(file), "tokens": tokens, "tags": tags}
    _, first = next(elements_of(file), ("", {}))
    if tokens not in first and "sentences" in first:
        source["sentences"] = "sentences"
    examples = TaggedSource.model_validate(source).examples(Path())
    types = Counter(entity.type for example in examples for entity in example.entities)
    if not types:
        raise InputError(f"{file}: no word has a tag such as B-Person; is --tags the right key?")
    values = {
        "task": ENTITIES,
        "description": f"{name}: {', '.join(types)}"[:120],
        "types": sorted(types),
        "adapter": {"rank": 32, "alpha": 64, "epochs": 6, "patience": 6, "head_learning_rate": 2e-3},
    }
    return _write_recipe(path, values, source)


def target_recipe(file: Path, name: str, *, content: str, target: str, label: str) -> Path:
    """Write `experts/NAME/recipe.toml` for a file of texts with targets; see `classifier_recipe`."""
    path = _new_path(name, ENTITY_SENTIMENT)
    labels = _count_labels(file, {"content": content, "target": target, "label": label})
    values = {
        "task": ENTITY_SENTIMENT,
        "description": f"{name}: {', '.join(labels)}"[:120],
        "labels": sorted(labels),
        "tagger": ENTITIES,
        "adapter": {"rank": 32, "alpha": 64, "epochs": 4, "learning_rate": 6e-4},
    }
    return _write(path, values, file, {"content": content, "target": target, "label": label})


def gate_recipe(file: Path, task: str, **keys: str | None) -> Path:
    """Write `experts/gate-TASK/recipe.toml` for a file of examples; with a `summary` key it has no labels."""
    path = _new_path(f"gate-{task}", task)
    has_labels = keys.get("summary") is None
    keys = keys if has_labels else keys | {"label": None}
    _check_elements(file, keys)
    return _write(path, {"task": task, **({} if has_labels else {"features": [*LEAD_FEATURES]})}, file, keys)


def name_from(file: Path) -> str:
    """Return a name for an expert that is trained on `file`."""
    return re.sub(r"[^a-z0-9]+", "-", file.name.partition(".")[0].lower()).strip("-") or "mine"


def _count_labels(file: Path, keys: Mapping[str, str | None]) -> Counter[str]:
    """Count the labels, and check that no element lacks a value."""
    return Counter(str(element[keys["label"] or "label"]) for element in _complete_elements(file, keys))


def _check_elements(file: Path, keys: Mapping[str, str | None]) -> None:
    """Refuse a file with elements that lack a value."""
    for _ in _complete_elements(file, keys):
        pass


def _complete_elements(file: Path, keys: Mapping[str, str | None]) -> Iterator[Mapping[str, Any]]:
    """Yield the elements that have all values, and at the end refuse a file with others."""
    problems: list[tuple[str, str]] = []
    for where, element in elements_of(file):
        if problem := _missing_value(element, keys):
            problems.append((where, problem))
        else:
            yield element
    if problems:
        where, problem = problems[0]
        others = f"; it is the first of {len(problems):,} elements that lack a value" if len(problems) > 1 else ""
        raise InputError(f"{where}: {problem}{others}")


def _missing_value(element: Mapping[str, Any], keys: Mapping[str, str | None]) -> str | None:
    """Say which value an element lacks, and what to do; `keys` are named by their options."""
    for option, key in keys.items():
        if key is not None and key not in element:
            return f"no value under {key!r} (keys: {some_keys(element)}); see --{option}"
        if key is not None and element[key] in (None, ""):
            return f"empty value under {key!r}; leave such elements out of the file"
    return None


def _new_path(name: str, task: str) -> Path:
    for option, value in (("name", name), ("task", task)):
        try:
            TypeAdapter(Name).validate_python(value)
        except ValidationError:
            message = f"{value!r} cannot be a {option}; use lower-case letters, digits and dashes in --{option}"
            raise ConfigError(message) from None
    path = USER_FOLDER / name / RECIPE_FILE
    if is_builtin(name) and (builtin_folder() / name).resolve() != path.parent.resolve():
        raise ConfigError(f"{name!r} is the name of a built-in expert; choose another --name")
    if path.exists():
        again = f"give {path} in place of the file to train that expert again"
        raise ConfigError(f"{path} exists; choose another --name, or {again}")
    return path


def _write(path: Path, values: Mapping[str, Any], file: Path, keys: Mapping[str, str | None]) -> Path:
    return _write_recipe(
        path, values, {"path": str(file), **{name: key for name, key in keys.items() if key is not None}}
    )


def _write_recipe(path: Path, values: Mapping[str, Any], source: Mapping[str, Any]) -> Path:
    parts = {split: [{**source, "split": split}] for split in ("train", "dev")}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, tomli_w.dumps({"name": path.parent.name, **values, **parts}))
    return path
