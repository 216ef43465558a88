import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from safetensors.numpy import save_file

from newsmoe import Article, Device
from newsmoe.errors import ConfigError, ModelError
from newsmoe.gating.features import MAX_WORDS, SURFACE, FeatureName, FeatureReader
from newsmoe.gating.gate import Decision
from newsmoe.gating.gate_card import GateCard, GateExpert, find_gates, read_gate
from newsmoe.gating.lead_features import LEAD_FEATURES
from newsmoe.gating.learned import LearnedGate, ScoreCache, gate_adapter
from newsmoe.journal.journal import open_journal
from newsmoe.registry.backbone.backbone import Backbone, Runtime
from newsmoe.registry.backbone.files import BackboneFiles
from newsmoe.registry.cards import builtin_folder, read_card
from newsmoe.registry.expert_info import ExpertInfo
from newsmoe.registry.kinds import build
from newsmoe.registry.registry import Registry
from newsmoe.testing import ARTICLES, FakeExpert
from tests.gating.support import NAMES, POOL, TASK, articles, choose, constant, equal, written
from tests.registry.support import Counting
from tests.support import LentBackbone

STORM = Article(headline="Storm hits coast", content="Ten houses were lost.", language="en")


def test_the_best_is_chosen_the_others_are_fallbacks_and_the_reason_shows_the_scores(
    tmp_path: Path, quick_backbone: Backbone
) -> None:
    [decision] = choose(constant(tmp_path, [0.2, 0.7, 0.1]), quick_backbone, [STORM])
    assert decision == Decision(
        TASK, {"second": 1.0}, ("first", "third"), "learned gate: second 0.70, first 0.20, third 0.10"
    )


def test_features_decide(tmp_path: Path, quick_backbone: Backbone) -> None:
    card = written(tmp_path, [[2.0, 0.0], [0.0, 3.0], [0.0, 0.0]], [0.0, 0.0, 1.0])
    headline, content = Article(headline="h"), Article(content="c")
    chosen = [list(decision.weights) for decision in choose(card, quick_backbone, [headline, content, STORM])]
    assert chosen == [["first"], ["second"], ["second"]]


def test_cached_scores_are_not_computed_again(tmp_path: Path, quick_backbone: Backbone) -> None:
    features = ("embedding",)
    width = quick_backbone.width
    card = written(tmp_path / "gate", np.eye(3, width).tolist(), [0.0, 0.0, 1.0], features=features)
    window = [Article(headline="h"), Article(), STORM, STORM]  # no expert is eligible for the second

    def scored(backbone: Callable[[], Backbone], cache_key: str = "this gate") -> Any:
        with open_journal(str(tmp_path / "journal.sqlite")) as journal:
            assert journal is not None
            return LearnedGate(card, POOL, backbone, score_cache=ScoreCache(journal, cache_key)).probabilities(window)

    def absent() -> Backbone:
        raise ModelError("nothing is to be read")

    first = scored(lambda: quick_backbone)
    assert (first == LearnedGate(card, POOL, lambda: quick_backbone).probabilities(window)).all()
    assert (scored(absent) == first).all()
    with pytest.raises(ModelError, match="nothing is to be read"):
        scored(absent, "another gate")


def test_scores_that_depend_on_more_than_the_text_are_not_cached_by_it(
    tmp_path: Path, quick_backbone: Backbone
) -> None:
    width = SURFACE["topics"][0]
    weight = np.zeros((3, width))
    weight[0] = 9.0  # whatever the topics are
    card = written(tmp_path / "gate", weight.tolist(), [0.0, 1.0, 0.0], features=("topics",))
    with open_journal(str(tmp_path / "journal.sqlite")) as journal:
        assert journal is not None
        gate = LearnedGate(card, POOL, lambda: quick_backbone, score_cache=ScoreCache(journal, "this gate"))
        filed = replace(STORM, topics=("Weather",))
        assert filed.key == STORM.key
        assert [list(decision.weights) for article in (STORM, filed) for (decision,) in gate.route([article])] == [
            ["second"],
            ["first"],
        ]


def test_of_the_top_k_the_weights_are_the_softmax_over_the_chosen(tmp_path: Path, quick_backbone: Backbone) -> None:
    card = written(tmp_path, [[0.0, 0.0]] * 3, [1.0, -1.0, 2.0])
    [decision] = choose(card, quick_backbone, [STORM], top_k=2)
    share = math.exp(2) / (math.exp(1) + math.exp(2))
    assert decision.weights == pytest.approx({"third": share, "first": 1 - share})
    assert decision.fallbacks == ("second",)
    [decision] = choose(card, quick_backbone, [STORM], top_k=5)
    assert set(decision.weights) == set(NAMES)


def test_a_shared_expert_is_always_chosen_beside_the_top_k(tmp_path: Path, quick_backbone: Backbone) -> None:
    card = constant(tmp_path, [0.2, 0.7, 0.1])
    [decision] = choose(card, quick_backbone, [STORM], shared=("third",))
    assert decision.weights == pytest.approx({"second": 0.875, "third": 0.125})
    assert decision.fallbacks == ("first",)


def test_an_ineligible_expert_is_excluded_and_the_scores_are_of_the_others(
    tmp_path: Path, quick_backbone: Backbone
) -> None:
    pool = [ExpertInfo("first", TASK, ("de",)), ExpertInfo("second", TASK, ("en",)), POOL[2]]
    card = constant(tmp_path, [0.8, 0.05, 0.15])
    english, german, nothing = choose(
        card, quick_backbone, [STORM, Article(headline="Sturm", language="de"), Article()], pool
    )
    assert english.reason == "learned gate: third 0.75, second 0.25"
    assert german.weights == {"first": 1.0}
    assert nothing == Decision(TASK, {}, (), "neither headline nor content has words")


def test_where_no_expert_is_eligible_the_gate_abstains(tmp_path: Path, quick_backbone: Backbone) -> None:
    pool = [ExpertInfo(name, TASK, ("de",)) for name in NAMES]
    [decision] = choose(constant(tmp_path, [0.2, 0.7, 0.1]), quick_backbone, [STORM], pool)
    assert (decision.weights, decision.fallbacks) == ({}, ())
    assert decision.reason == "language 'en' is not supported, only de (first, second, third)"


def test_an_expert_that_the_gate_was_not_trained_for_is_not_chosen(tmp_path: Path, quick_backbone: Backbone) -> None:
    pool = [*POOL, ExpertInfo("fourth", TASK)]
    [decision] = choose(constant(tmp_path, [0.2, 0.7, 0.1]), quick_backbone, [STORM], pool)
    assert "fourth" not in (*decision.weights, *decision.fallbacks)


def test_no_expert_gets_more_than_its_capacity_and_the_record_says_so(tmp_path: Path, quick_backbone: Backbone) -> None:
    card = constant(tmp_path, [0.2, 0.7, 0.1])
    free = choose(card, quick_backbone, articles(5))
    limited = choose(card, quick_backbone, articles(5), capacity=0.5)
    assert [list(decision.weights) for decision in free] == [["second"]] * 5
    assert [list(decision.weights) for decision in limited] == [["second"]] * 3 + [["first"]] * 2
    assert limited[2].reason == "learned gate: second 0.70, first 0.20, third 0.10"
    assert limited[4].reason.endswith("third 0.10; no capacity left in this window: second")
    assert [decision.over_capacity for decision in limited] == [()] * 3 + [("second",)] * 2
    assert limited[4].fallbacks == ("second", "third")


def test_a_capacity_that_leaves_articles_over_is_refused(tmp_path: Path, quick_backbone: Backbone) -> None:
    card = constant(tmp_path, [0.2, 0.7, 0.1])
    with pytest.raises(ConfigError, match="3 experts take at most 90% of the articles; set at least 0.33"):
        choose(card, quick_backbone, [STORM], capacity=0.3)


def test_a_budget_is_spent_where_most_is_gained(tmp_path: Path, quick_backbone: Backbone) -> None:
    experts = [GateExpert(name=name, cost=cost) for name, cost in zip(NAMES, (0.1, 0.6, 0.3), strict=True)]
    card = written(tmp_path, [[0.0, 0.0], [1.0, 2.0], [0.0, 0.0]], [0.0, 0.0, -9.0], experts=experts)
    window = [Article(headline="h"), Article(content="c"), STORM, STORM]
    decisions = choose(card, quick_backbone, window, budget=0.4)
    assert [list(decision.weights) for decision in decisions] == [["first"], ["first"], ["second"], ["second"]]
    assert decisions[0].reason.endswith("; the cheapest, to stay within the budget")
    assert decisions[0].fallbacks[0] == "second"
    assert [decision.downgraded for decision in decisions] == [True, True, False, False]
    dear = choose(card, quick_backbone, window, budget=1.0)
    assert [list(decision.weights) for decision in dear] == [["second"]] * 4


def test_the_embedding_is_that_of_headline_and_lead(backbone: Backbone) -> None:
    reader = FeatureReader(("embedding", "length"), backbone, None)
    rows = reader(ARTICLES)
    assert rows.shape == (3, reader.width) == (3, backbone.width + 1)
    for row, article in zip(rows, ARTICLES, strict=True):
        extract = backbone.read(article).extract("sentences")
        vectors = np.stack([vector.window for vector in backbone.encode(extract.windows)])
        mean = np.average(vectors, axis=0, weights=extract.weights)
        assert row[:-1] == pytest.approx(mean, abs=1e-5)
    assert reader.tokens(ARTICLES) == [backbone.read(article).extract("sentences").tokens for article in ARTICLES]


@pytest.mark.parametrize("embedding", ["", "sentiment-general"])
def test_an_expert_that_reads_the_same_windows_reuses_the_gates_embeddings(
    files: BackboneFiles, token_table: Runtime, embedding: str, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(builtin_folder() / "sentiment-general", tmp_path / "sentiment-general"))
    if not embedding:
        (folder / "adapter_model.safetensors").unlink()
    info = ExpertInfo("sentiment-general", "sentiment", card=read_card(folder))
    experts = (GateExpert(name=info.name, cost=1), GateExpert(name="other", cost=1))
    card = GateCard(task="sentiment", features=("embedding",), embedding=embedding, experts=experts)
    counting = Counting(token_table)
    backbone = Backbone(files, counting)
    backbone.width = 16  # of the table's rows
    FeatureReader(card.features, backbone, gate_adapter(card, [info]))(ARTICLES)
    read = counting.windows
    assert read > len(ARTICLES)
    assert info.card is not None
    expert: Any = build(info.card, LentBackbone(backbone))
    expert.prepare = lambda: None  # the head is not needed here, and is made for a wider backbone
    expert.load(Device())
    assert len(list(expert.encoded(ARTICLES))) == len(ARTICLES)
    assert counting.windows == read


def test_every_feature_has_a_reader_of_its_width(quick_backbone: Backbone) -> None:
    assert set(get_args(FeatureName)) == {"embedding", *SURFACE, *LEAD_FEATURES}
    for name, (width, read) in SURFACE.items():
        assert len(read(STORM)) == width == len(read(Article())), name
        assert all(0 <= value <= 1 for value in read(STORM))


def test_surface_features_distinguish_articles() -> None:
    long = Article(content="word " * 2 * MAX_WORDS)
    assert SURFACE["length"][1](Article()) == [0.0]
    assert SURFACE["length"][1](Article(content="word " * MAX_WORDS)) == SURFACE["length"][1](long) == [1.0]
    sport, finance = Article(topics=("Sport",)), Article(topics=("Finance",))
    assert SURFACE["topics"][1](sport) == SURFACE["topics"][1](Article(topics=("sport",)))
    assert SURFACE["topics"][1](sport) != SURFACE["topics"][1](finance)
    english, german = Article(language="en-GB"), Article(language="de")
    assert SURFACE["language"][1](english) == SURFACE["language"][1](Article(language="en"))
    rare = Article(language="eo")
    assert len({tuple(SURFACE["language"][1](article)) for article in (english, german, rare, Article())}) == 4
    assert [sum(SURFACE["language"][1](article)) for article in (english, german, rare)] == [1, 1, 1]
    assert not any(SURFACE["language"][1](Article()))
    named, linked = Article(source="ft.com"), Article(url="https://ft.com/a")
    assert SURFACE["source"][1](named) == SURFACE["source"][1](linked) != SURFACE["source"][1](Article())


def test_an_article_without_a_token_has_an_embedding_of_zeros(quick_backbone: Backbone) -> None:
    reader = FeatureReader(("embedding",), quick_backbone, None)
    assert not reader([Article(), STORM])[0].any()


def test_no_articles_no_routes(tmp_path: Path, quick_backbone: Backbone) -> None:
    assert choose(constant(tmp_path, [0.2, 0.7, 0.1]), quick_backbone, []) == []


def test_a_gate_trained_for_other_experts_says_which_changed(tmp_path: Path) -> None:
    experts = [GateExpert(name="lead", fingerprint="0" * 16, cost=0.5), GateExpert(name="old", cost=0.5)]
    card = constant(tmp_path, [0.5, 0.5], task="summarization", experts=experts)
    pool = Registry(plugins=False).pool("summarization")
    with pytest.raises(ConfigError, match="trained for other experts: lead has changed, old is gone; train"):
        LearnedGate(card, pool, lambda: pytest.fail("loaded"))


def test_the_current_fingerprint_is_accepted(tmp_path: Path) -> None:
    pool = [info for info in Registry(plugins=False).pool("summarization") if not info.missing]
    experts = [GateExpert(name=info.name, fingerprint=info.fingerprint(), cost=0.1) for info in pool]
    card = constant(tmp_path, [1.0] * len(pool), task="summarization", experts=experts)
    assert LearnedGate(card, pool, lambda: pytest.fail("loaded")).experts == pool


def test_a_gate_detects_changed_weights_of_an_expert(tmp_path: Path) -> None:
    """Those of a model from the hub, or of a plug-in, which no card lists."""
    folder = tmp_path / "experts" / "tone"
    (folder / "model").mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (folder / "model" / name).write_text("{}")
    (folder / "expert.toml").write_text(
        f'name = "tone"\ntask = "{TASK}"\nkind = "text-classification"\ndescription = "tone"\n'
        '[settings]\nmodel = "./model"\n'
    )
    plug_in: Any = FakeExpert("plug-in", TASK)
    plug_in.fingerprint = "one"

    def pool() -> list[ExpertInfo]:
        registry = Registry([folder.parent], plugins=False, builtin=False)
        registry.add(plug_in)
        return registry.pool(TASK)

    before = [GateExpert(name=info.name, fingerprint=info.fingerprint(), cost=0.5) for info in pool()]
    card = constant(tmp_path, [0.5, 0.5], experts=before)
    LearnedGate(card, pool(), lambda: pytest.fail("loaded"))
    (folder / "model" / "model.safetensors").write_text("pulled anew")
    with pytest.raises(ConfigError, match="other experts: tone has changed; train"):
        LearnedGate(card, pool(), lambda: pytest.fail("loaded"))
    plug_in.fingerprint = "two"
    with pytest.raises(ConfigError, match="other experts: tone has changed, plug-in has changed; train"):
        LearnedGate(card, pool(), lambda: pytest.fail("loaded"))


def test_an_expert_without_its_model_is_excluded_and_the_gate_runs(tmp_path: Path, quick_backbone: Backbone) -> None:
    pool = [info for info in Registry(plugins=False).pool("sentiment") if info.name == "finbert"]
    pool.append(ExpertInfo("second", "sentiment"))
    experts = [GateExpert(name="finbert", fingerprint="0" * 16, cost=0.5), GateExpert(name="second", cost=0.5)]
    card = constant(tmp_path, [0.9, 0.1], task="sentiment", experts=experts)
    [decision] = choose(card, quick_backbone, [STORM], pool)
    assert decision.weights == {"second": 1.0}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"shared": ("nobody",)}, "'nobody' is none of its experts: first, second, third"),
        ({"capacity": 0.5, "budget": 0.5}, "capacity and budget exclude each other"),
        ({"top_k": 0}, "top_k: must be greater than or equal to 1"),
    ],
)
def test_invalid_settings_are_reported(
    tmp_path: Path, quick_backbone: Backbone, fields: dict[str, object], message: str
) -> None:
    constant(tmp_path, [0.2, 0.7, 0.1])
    path = tmp_path / "gate.toml"
    lines = [f"{key} = {list(value) if isinstance(value, tuple) else value}" for key, value in fields.items()]
    path.write_text(path.read_text() + "\n[settings]\n" + "\n".join(lines) + "\n")
    with pytest.raises(ConfigError, match=message):
        LearnedGate(read_gate(tmp_path), POOL, lambda: quick_backbone)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"weight": np.zeros((3, 5), np.float32)}, "no tensor 'bias'|shape is"),
        ({"weight": np.zeros((3, 5), np.float32), "bias": np.zeros(3, np.float32)}, r"shape is \(3, 5\)"),
    ],
)
def test_weights_that_do_not_fit_are_reported(
    tmp_path: Path, quick_backbone: Backbone, tensors: dict[str, np.ndarray], message: str
) -> None:
    card = constant(tmp_path, [0.2, 0.7, 0.1])
    save_file(tensors, tmp_path / "gate.safetensors")
    with pytest.raises(ModelError, match=message):
        choose(card, quick_backbone, [STORM])


def test_gates_are_looked_up_by_task_and_the_users_replace_the_built_in(tmp_path: Path) -> None:
    builtin, users = tmp_path / "builtin", tmp_path / "users"
    for root, name, task in ((builtin, "a", "mood"), (builtin, "b", "tone"), (users, "c", "mood")):
        constant(root / name, [0.5, 0.5, 0.5], task=task)
    gates = find_gates([builtin, users])
    assert {task: card.folder.name for task, card in gates.items()} == {"mood": "c", "tone": "b"}
    constant(users / "d", [0.5, 0.5, 0.5], task="mood")
    with pytest.raises(ConfigError, match="two gates decide on 'mood': .*c and .*d"):
        find_gates([builtin, users])


def test_a_gate_is_read_as_it_was_written(tmp_path: Path) -> None:
    card = constant(tmp_path, [0.2, 0.7, 0.1], settings={"top_k": 2, "shared": ("first",), "budget": 0.5})
    assert read_gate(tmp_path) == card
    assert read_gate(tmp_path).experts == tuple(equal(NAMES))
