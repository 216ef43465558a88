"""The order inside the registry; that of the subpackages is tested in `tests/test_layers.py`."""

import ast
from collections.abc import Iterator
from pathlib import Path

import newsmoe.registry

FOLDER = Path(newsmoe.registry.__file__).parent
PACKAGE = "newsmoe.registry"

LAYERS = (
    {"batching", "cache_key", "cards", "device", "expert", "extras", "memory"},
    {"backbone"},
    {"card_expert"},
    {"hub"},
    {"kinds"},
    {"expert_info"},
    {"registry"},
    {"labels", "scaffold"},
)
"""From the ground up; each part may import what lies below it, and itself."""
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}


def imports() -> Iterator[tuple[str, str, str]]:
    """Yield file, part and imported part of each import within the registry, in functions too."""
    for path in sorted(FOLDER.rglob("*.py")):
        place = path.relative_to(FOLDER)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE):
                names = [alias.name for alias in node.names]
                parts = (node.module or "").removeprefix(PACKAGE).split(".")[1:2] or names
                yield from ((str(place), place.parts[0].removesuffix(".py"), part) for part in parts)


def test_every_part_has_its_place() -> None:
    parts = {path.stem for path in FOLDER.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert parts - {"__init__"} == LEVEL.keys()


def test_imports_go_down_only() -> None:
    assert len(list(imports())) > 50
    ground = LAYERS[0]
    upwards = [
        f"{place} imports {imported}"
        for place, importer, imported in imports()
        if importer != imported and not {importer, imported} <= ground and LEVEL[imported] >= LEVEL[importer]
    ]
    assert upwards == []
