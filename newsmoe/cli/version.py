"""`newsmoe --version`: what is installed."""

import platform
import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, requires, version

import newsmoe

NOT_SHOWN = frozenset({"all", "dev", "docs"})
_REQUIREMENT = re.compile(r"([\w.-]+)(?:\[([\w,-]+)\])?.*;.*extra == ['\"]([\w-]+)['\"]")


def describe_installation() -> Iterator[str]:
    """Yield lines: versions, the extras that are installed, the backbones that are on this machine."""
    yield f"newsmoe {newsmoe.__version__}"
    yield f"Python {platform.python_version()}, onnxruntime {version('onnxruntime')}, {platform.platform(terse=True)}"
    extras = metadata("newsmoe").get_all("Provides-Extra") or []
    yield f"extras: {', '.join(extra for extra in sorted(extras) if _is_installed(extra)) or 'none'}"
    yield f"models: {', '.join(_backbones()) or 'none'}"


def _is_installed(extra: str) -> bool:
    """Tell whether all packages of an extra are installed, those of the extras that it includes too."""
    if extra in NOT_SHOWN:
        return False
    matches = [match for line in requires("newsmoe") or [] if (match := _REQUIREMENT.match(line)) and match[3] == extra]
    return all(
        all(map(_is_installed, match[2].split(","))) if match[1] == "newsmoe" else _has(match[1]) for match in matches
    )


def _has(package: str) -> bool:
    try:
        version(package)
    except PackageNotFoundError:
        return False
    return True


def _backbones() -> Iterator[str]:
    from newsmoe.errors import ModelError
    from newsmoe.registry.backbone.files import BACKBONES, find_backbone

    for published in BACKBONES.values():
        try:
            find_backbone(published.name)
        except ModelError:
            continue
        yield f"{published.name} ({published.repository})"
