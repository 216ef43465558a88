"""More experts than memory holds: idle ones are evicted, and their memory is freed."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import transformers as hf

from newsmoe import Article, Device
from newsmoe.orchestrator.dispatcher import Dispatcher
from newsmoe.orchestrator.loaded import LoadedExperts, LoadFailure
from newsmoe.output.run_report import ExpertStats
from newsmoe.prediction import Fields, Prediction
from tests.registry.hub.models import make_model
from tests.support import registry_of

COUNT = 10

PROGRAM = """
import json, re, sys
from newsmoe import Article, Settings, analyze
from newsmoe.registry.device import Device
from newsmoe.registry.memory import used_memory

folder, size, limited = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "limited"
articles = [Article(id=n, headline=f"Storm {n}", content="Ten houses were lost.") for n in range(3)]
names = [f"expert-{number}" for number in range(int(sys.argv[4]))]


def run(tasks, limit):
    settings = Settings(tasks=tasks, experts_dir=[folder], max_memory=limit)
    return [record.status for record in analyze(articles, settings)]


run(names[:1], None)
limit = used_memory(Device()) + 3 * size
statuses = run(names, limit if limited else None)
# not ru_maxrss, which begins at the peak of the process that started this one
peak = int(re.search(r"VmHWM:\\s+([0-9]+)", open("/proc/self/status").read())[1]) * 1024
json.dump({"limit": limit, "peak": peak, "statuses": statuses}, sys.stdout)
"""


class Weighing:
    """An expert that writes down when it is loaded and unloaded."""

    task = "weighing"

    def __init__(self, name: str, diary: list[str]) -> None:
        self.name = name
        self.diary = diary

    def load(self, device: Device) -> None:
        self.diary.append(f"load {self.name}")

    def unload(self) -> None:
        self.diary.append(f"unload {self.name}")

    def predict(self, articles: Sequence[Article]) -> list[Prediction]:
        return [Fields({"by": self.name}) for _ in articles]


class Hungry(Weighing):
    """An expert that only fits into memory alone."""

    def load(self, device: Device) -> None:
        super().load(device)
        if self.diary[-2:-1] != ["unload second"]:
            raise RuntimeError("CUDA out of memory")


def test_an_expert_that_took_long_to_fail_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("newsmoe.orchestrator.loaded.perf_counter", lambda: clock[0])
    diary: list[str] = []

    class Slow(Weighing):
        def load(self, device: Device) -> None:
            super().load(device)
            clock[0] += 10
            raise OSError("no answer")

    experts = LoadedExperts(registry_of(Slow("slow", diary)), Device(), None)
    for waiting, attempts in ((0, 1), (199, 1), (1, 2)):
        clock[0] += waiting
        experts.retry_failed()
        assert isinstance(experts.get("slow", ExpertStats()), LoadFailure)
        assert len(diary) == attempts


def test_where_memory_is_short_the_least_recently_used_is_evicted() -> None:
    diary: list[str] = []
    registry = registry_of(*(Weighing(name, diary) for name in ("first", "second", "third")))
    dispatcher = Dispatcher(LoadedExperts(registry, Device(), 1), 10)
    for name in ("first", "first", "second", "first"):
        dispatcher.run(name, "weighing", [Article(content="x")], ExpertStats())
    assert diary == ["load first", "unload first", "load second", "unload second", "load first"]


def test_an_expert_that_does_not_fit_beside_the_others_is_loaded_without_them() -> None:
    diary: list[str] = []
    registry = registry_of(Weighing("first", diary), Weighing("second", diary), Hungry("third", diary))
    dispatcher = Dispatcher(LoadedExperts(registry, Device(), None), 10)
    for name in ("first", "second", "third"):
        (outcome,) = dispatcher.run(name, "weighing", [Article(content="x")], ExpertStats())
        assert outcome == Fields({"by": name})
    assert diary[2:] == ["load third", "unload first", "load third", "unload second", "load third"]


@pytest.mark.slow
def test_ten_experts_do_their_work_in_the_memory_of_three(tmp_path: Path) -> None:
    model = make_model("nli", tmp_path / "tiny")
    config = hf.BertConfig(vocab_size=40_000, hidden_size=512, num_hidden_layers=4, num_attention_heads=8)
    hf.BertForSequenceClassification(config).save_pretrained(model)
    size = (model / "model.safetensors").stat().st_size
    for number in range(COUNT):
        folder = tmp_path / "experts" / f"expert-{number}"
        folder.mkdir(parents=True)
        for file in model.iterdir():
            (folder / file.name).write_bytes(file.read_bytes())
        (folder / "expert.toml").write_text(
            f'name = "expert-{number}"\ntask = "expert-{number}"\nkind = "text-classification"\n'
            'description = "large"\n[settings]\nmodel = "."\n'
        )

    def run(mode: str) -> dict[str, object]:
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "experts"), str(size), mode, str(COUNT)]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=300, check=True)
        result: dict[str, object] = json.loads(done.stdout)
        return result

    limited, free = run("limited"), run("free")
    assert limited["statuses"] == free["statuses"] == ["ok"] * 3
    assert float(str(limited["peak"])) <= 1.2 * float(str(limited["limit"]))
    assert float(str(free["peak"])) > 1.2 * float(str(free["limit"]))
