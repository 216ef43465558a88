"""Cards, and a runtime that counts, which tests of several folders use."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from newsmoe.registry.backbone.adapter import Adapter
from newsmoe.registry.backbone.backbone import Runtime


def lead_card(name: str, **settings: int) -> str:
    """Return the text of a card of the kind `lead`."""
    lines = [f"{key} = {value}" for key, value in settings.items()]
    head = f'name = "{name}"\ntask = "summarization"\nkind = "lead"\ndescription = "d"\n'
    return head + "\n".join(["[settings]", *lines, ""])


def card(folder: Path, name: str, text: str = "") -> Path:
    """Write a card into the folder `name` below `folder`, by default one of the kind `lead`."""
    (folder / name).mkdir(parents=True)
    (folder / name / "expert.toml").write_text(text or lead_card(name), encoding="utf-8")
    return folder


class Counting:
    """A runtime that counts the windows which another one computes."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.batch_tokens, self.workers = runtime.batch_tokens, 1
        self.windows = 0

    def hidden(
        self, ids: NDArray[np.int64], mask: NDArray[np.int64], adapter: Adapter | None = None
    ) -> NDArray[np.float32]:
        self.windows += len(ids)
        return self.runtime.hidden(ids, mask, adapter)
