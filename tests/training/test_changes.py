"""The headlines of what rises and falls that `sentiment-general` learns from."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from newsmoe.registry.cards import builtin_folder

MADE = builtin_folder() / "sentiment-general"


@pytest.mark.parametrize("part", ["train", "dev"])
def test_the_headlines_are_those_that_the_script_makes(part: str, tmp_path: Path) -> None:
    for name in ("changes.py", "changes.toml"):
        shutil.copy(MADE / name, tmp_path)
    subprocess.run([sys.executable, tmp_path / "changes.py"], check=True, timeout=60)
    name = f"changes.{part}.jsonl"
    assert (tmp_path / name).read_bytes() == (MADE / name).read_bytes()


def test_no_headline_is_in_both_parts() -> None:
    train, dev = (
        set((MADE / f"changes.{part}.jsonl").read_text(encoding="utf-8").splitlines()) for part in ("train", "dev")
    )
    assert len(train) == 4000 and len(dev) == 500
    assert train.isdisjoint(dev)
