from collections.abc import Iterator

import pytest

from tests.registry.hub.server import Hub


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub
