"""What several test files share: no network, an empty working directory, installed plug-ins, the backbone."""

import gc
import importlib
import itertools
import json
import logging
import os
import signal
import sys
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if "PYTEST_XDIST_WORKER" in os.environ:  # as many workers as processors: threads would wait for each other
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(variable, "1")  # read when numpy and torch are imported

import hypothesis
import numpy as np
import pytest
from numpy.typing import NDArray

from newsmoe import Article, Device, Registry
from newsmoe.plugins import all_entry_points
from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.files import BackboneFiles, find_backbone
from tests.support import SAMPLE, LogCapture

if TYPE_CHECKING:
    from tests.postgres_server import Server

hypothesis.settings.register_profile("newsmoe", deadline=None, derandomize=True, max_examples=50)
hypothesis.settings.load_profile("newsmoe")

gc.disable()  # until all tests are collected: what that makes, such as torch's modules, stays

JOURNALS = itertools.count()


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Escape lone surrogates in what a worker reports: xdist cannot send them, and the worker would die."""
    return without_surrogates((yield))


def without_surrogates(value: Any) -> Any:
    match value:
        case str():
            return value.encode("utf-8", "backslashreplace").decode("utf-8")
        case dict():
            return {without_surrogates(key): without_surrogates(inner) for key, inner in value.items()}
        case list() | tuple():  # why a test was skipped is a tuple, and must stay one
            return type(value)(without_surrogates(inner) for inner in value)
    return value


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Fail whatever reaches out of this machine.

    A session's fixture, so that it holds while other fixtures of the session load. An audit hook rather than
    a patch of `socket.socket.connect`, because plug-ins of pytest put that back after each test.
    """
    watching = True

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if watching and event == "socket.connect" and isinstance(arguments[1], tuple):
            host = str(arguments[1][0])
            if not host.startswith("127.") and host not in ("::1", "localhost"):
                pytest.fail(f"the test reaches for the network: {host}")

    sys.addaudithook(refuse)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield
    watching = False  # a hook cannot be removed


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Have processes that tests start hear SIGINT, which a shell's background jobs are started to ignore."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep out of the user's cache and journal; what is compiled there serves all workers of the session."""
    data = tmp_path_factory.mktemp("data")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(shared / "cache"))
        patch.setenv("XDG_DATA_HOME", str(data))
        yield data


@pytest.fixture(autouse=True)
def own_journal(own_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal of its own for each test."""
    monkeypatch.setenv("XDG_DATA_HOME", str(own_cache / str(next(JOURNALS))))


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """Give the logger back that a command takes for the rest of its process."""
    logger = logging.getLogger("newsmoe")
    level, handlers, propagate = logger.level, logger.handlers, logger.propagate
    yield
    if logger.level != level:  # to set a level takes as long as there are loggers
        logger.setLevel(level)
    logger.handlers, logger.propagate = handlers, propagate
    logging.captureWarnings(False)
    logging.getLogger("py.warnings").handlers = []


@pytest.fixture
def log() -> Iterator[LogCapture]:
    """What is logged; pytest's own plug-in for it asks a thousand loggers of torch before and after every test."""
    capture, root = LogCapture(), logging.getLogger()
    level = root.level
    root.addHandler(capture)
    yield capture
    root.removeHandler(capture)
    root.setLevel(level)


@pytest.fixture(scope="session")
def postgres() -> Iterator["Server"]:
    """A PostgreSQL server; it takes seconds to start, so whoever uses it is slow."""
    from tests.postgres_server import find_programs, serving

    programs = find_programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with serving(programs) as server:
        yield server


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, and no `NEWSMOE_*` in the environment."""
    for variable in [name for name in os.environ if name.startswith("NEWSMOE_")]:
        monkeypatch.delenv(variable)
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder from which Python imports, before all others; what was imported from it is forgotten."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
    importlib.invalidate_caches()
    all_entry_points.cache_clear()


@pytest.fixture
def install(site: Path) -> Callable[..., None]:
    """A function that installs a distribution: its name, its modules' code, and its entry points."""

    def install(
        distribution: str, modules: Mapping[str, str], points: Mapping[str, str], group: str = "newsmoe.experts"
    ) -> None:
        for module, code in modules.items():
            (site / f"{module}.py").write_text(code, encoding="utf-8")
        info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (info / "entry_points.txt").write_text("\n".join([f"[{group}]", *lines, ""]))
        importlib.invalidate_caches()
        all_entry_points.cache_clear()

    return install


@pytest.fixture(scope="session")
def registry() -> Registry:
    """The built-in experts; its pool holds the one backbone of the whole test session."""
    return Registry(plugins=False)


@pytest.fixture(scope="session")
def backbone(registry: Registry) -> Backbone:
    """The real backbone."""
    return registry.backbones.backbone(Device())


@pytest.fixture(scope="session")
def files() -> BackboneFiles:
    """The real backbone's files."""
    return find_backbone()


class TokenTable:
    """A runtime without a model: a token's state is its row in a table, whatever stands beside it."""

    WIDTH = 16
    batch_tokens = 2048
    workers = 1

    def __init__(self, vocabulary: int) -> None:
        self.table = np.random.default_rng(0).normal(size=(vocabulary, self.WIDTH)).astype(np.float32)

    def hidden(
        self, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None
    ) -> NDArray[np.float32]:
        """Look the tokens up."""
        return self.table[ids]


@pytest.fixture(scope="session")
def token_table() -> TokenTable:
    """A runtime for the real tokenizer that needs no torch."""
    return TokenTable(vocabulary=30522)


@pytest.fixture(scope="session")
def quick_backbone(files: BackboneFiles, token_table: TokenTable) -> Backbone:
    """The real tokenizer and reading over the runtime without a model."""
    backbone = Backbone(files, token_table)
    backbone.width = TokenTable.WIDTH
    return backbone


@pytest.fixture(scope="session")
def sample() -> list[Article]:
    """The English articles with content of the sample that lies in the repository."""
    elements = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return [
        Article(
            id=number,
            url=element["url"],
            headline=element["headline"],
            content=element["content"],
            topics=tuple(element["topics"]),
            language="en",
        )
        for number, element in enumerate(elements)
        if element["content"] and ".example/deportes/" not in element["url"]
    ]
