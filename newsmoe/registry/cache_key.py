"""What identifies stored predictions and scores."""

from importlib.metadata import version


def cache_key(name: str, fingerprint: str, *details: str) -> str:
    """Return all that decides an expert's predictions or a gate's scores, or "" where that is unknown.

    The details are what else decides, such as the kind of device; newsmoe's version always does.
    """
    return " ".join((name, fingerprint, *details, version("newsmoe"))) if fingerprint else ""
