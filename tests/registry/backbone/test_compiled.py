import hashlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from newsmoe.registry.backbone.compiled import compiled_backbone, word_table
from newsmoe.registry.backbone.files import BackboneFiles
from newsmoe.registry.backbone.onnx_runtime import OnnxRuntime
from newsmoe.registry.device import Device
from tests.support import LogCapture


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def works(files: BackboneFiles) -> bool:
    ids = np.array([[101, 2739, 102]], dtype=np.int64)
    states = OnnxRuntime(files, Device(threads=1)).hidden(ids, np.ones_like(ids))
    return states.shape == (1, 3, files.config["hidden_size"]) and bool(np.isfinite(states).all())


def test_the_backbone_is_compiled_once(cache: Path, files: BackboneFiles, log: LogCapture) -> None:
    log.set_level(logging.INFO)
    first = compiled_backbone(files)
    assert isinstance(first, Path)
    assert works(files)
    written = first.stat().st_mtime_ns
    assert compiled_backbone(files) == first
    assert first.stat().st_mtime_ns == written
    assert log.messages.count("compiling the backbone for this machine; this happens once") == 1


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["torn", "foreign", "no digest"])
def test_a_changed_or_damaged_file_is_compiled_again(damage: str, cache: Path, files: BackboneFiles) -> None:
    path = compiled_backbone(files)
    assert isinstance(path, Path)
    sound = hashlib.sha256(path.read_bytes()).hexdigest()
    if damage == "torn":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "foreign":
        path.write_bytes(b"somebody else's model")
    else:
        path.with_suffix(".sha256").unlink()
    assert compiled_backbone(files) == path
    assert hashlib.sha256(path.read_bytes()).hexdigest() == sound


@pytest.mark.slow
def test_without_a_writable_cache_nothing_is_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: BackboneFiles, log: LogCapture
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    model = compiled_backbone(files)
    assert isinstance(model, bytes)
    assert works(files)
    assert log.text.count("cannot be stored") == 1
    assert "Errno" not in log.text


@pytest.mark.slow
def test_two_processes_that_compile_at_once_do_no_harm(cache: Path, files: BackboneFiles) -> None:
    code = (
        "from newsmoe.registry.backbone.compiled import compiled_backbone\n"
        "from newsmoe.registry.backbone.files import find_backbone\n"
        "print(compiled_backbone(find_backbone()))"
    )
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    paths = {process.communicate(timeout=60)[0].strip() for process in started}
    assert [process.returncode for process in started] == [0, 0]
    assert len(paths) == 1
    assert works(files)


@pytest.mark.slow
def test_files_unused_for_long_are_removed_and_used_ones_stay(cache: Path, files: BackboneFiles) -> None:
    path = compiled_backbone(files)
    assert isinstance(path, Path)
    months_ago = path.stat().st_mtime - 100 * 24 * 3600
    forgotten = path.with_name("backbone-of-an-older-version.onnx")
    forgotten.write_bytes(b"x")
    for file in (path, path.with_suffix(".sha256"), forgotten):
        os.utime(file, (months_ago, months_ago))
    compiled_backbone(files)
    word_table(files)
    assert path.exists()
    assert not forgotten.exists()
