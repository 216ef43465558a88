"""What a client may know of the experts: what they predict and how good they are, and no path of the server's."""

from typing import Any

from newsmoe.registry.registry import Registry


def described_experts(registry: Registry) -> list[dict[str, Any]]:
    """Return the experts that can be used, in the order of the registry."""
    return [
        {
            "name": info.name,
            "task": info.task,
            "languages": list(info.languages),
            "labels": list(info.labels),
            "description": info.card.description if info.card else "",
            "licence": info.card.licence if info.card else "",
            "quality": [measurement.model_dump() for measurement in info.card.quality] if info.card else [],
        }
        for info in registry.experts.values()
        if not info.broken and not info.missing
    ]
