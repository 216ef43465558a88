from importlib.metadata import version

from newsmoe.registry.cache_key import cache_key


def test_a_key_has_all_that_decides_the_predictions() -> None:
    assert cache_key("lead", "0f", "cpu") == f"lead 0f cpu {version('newsmoe')}"
    keys = {cache_key(*parts) for parts in (("a", "0", "cpu"), ("b", "0", "cpu"), ("a", "1", "cpu"), ("a", "0"))}
    assert len(keys) == 4


def test_without_a_fingerprint_nothing_is_stored() -> None:
    assert cache_key("lead", "", "cpu") == ""
