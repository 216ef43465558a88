import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

from newsmoe import Article, Device, Labels, Registry, Summary
from newsmoe.errors import ConfigError, InputError
from newsmoe.evaluation.metrics import best_weights, calibration_error
from newsmoe.gating.features import FeatureReader
from newsmoe.gating.gate_card import WEIGHTS_FILE, GateCard, read_gate
from newsmoe.gating.learned import LearnedGate
from newsmoe.prediction import InputStats, Prediction
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.kinds.scores import softmax
from newsmoe.testing import FakeExpert
from newsmoe.training.calibration import fit_temperature
from newsmoe.training.gate import Fitted, fit_gate, soft_targets, train_gate
from newsmoe.training.recipe import GateRecipe, read_recipe
from tests.support import registry_of, silent

TASK = "mood"
SPORT = ["goal", "match", "striker", "league", "coach", "final"]
MONEY = ["shares", "profit", "bank", "market", "loan", "dividend"]
SOURCE = {"path": "rows.jsonl", "content": "text"}


def telling(words: list[str], tokens: int = 10) -> Any:
    """Return a function that predicts the right label on texts with one of the words, else the wrong one."""

    def predict(article: Article) -> Prediction:
        right = any(word in article.content for word in words)
        share = 0.9 if right == article.content.startswith("Good") else 0.1
        return Labels({"good": share, "bad": 1 - share}, InputStats(tokens=tokens))

    return predict


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Good and bad news of sport and of money."""
    texts = [
        {"text": f"{mood} news: the {word} of {where}.", "label": mood.lower()}
        for mood in ("Good", "Bad")
        for word in SPORT + MONEY
        for where in ("Rome", "Oslo", "Lima", "Bonn")
    ]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    return tmp_path


@pytest.fixture
def pool(quick_backbone: Backbone) -> Registry:
    """One expert trained on sport and one on money, which reads twice as much."""
    return registry_of(
        FakeExpert("sport", TASK, telling(SPORT)),
        FakeExpert("money", TASK, telling(MONEY, tokens=20)),
        backbone=quick_backbone,
    )


def trained(rows: Path, registry: Registry, name: str = "gate", **values: Any) -> GateCard:
    recipe: dict[str, Any] = {"name": name, "task": TASK, "train": [SOURCE], "dev": [SOURCE], **values}
    path = rows / f"{name}.toml"
    path.write_text(tomli_w.dumps(recipe))
    made = read_recipe(path, GateRecipe)
    train_gate(path, made, rows, rows / name, registry, Device(), silent)
    return read_gate(rows / name)


def chosen(card: GateCard, registry: Registry, *texts: str) -> list[str]:
    gate = LearnedGate(card, registry.pool(TASK), lambda: registry.backbones.backbone(Device()))
    routes = gate.route([Article(content=text, language="en") for text in texts])
    return [next(iter(decision.weights)) for (decision,) in routes]


def test_the_gate_learns_which_expert_is_right_where(rows: Path, pool: Registry) -> None:
    card = trained(rows, pool)
    experts = chosen(card, pool, "Good news: a goal of Kiel.", "Bad news: the bank of Kiel.")
    assert experts == ["sport", "money"]
    assert [(expert.name, expert.cost) for expert in card.experts] == [("sport", 0.333333), ("money", 0.666667)]
    assert card.training is not None
    assert card.training.data == ("rows.jsonl (not stated)",)
    assert {path.name for path in card.folder.iterdir()} == {"gate.toml", "gate.safetensors", "recipe.toml"}


def test_examples_without_a_text_are_left_out(rows: Path, pool: Registry) -> None:
    before = read_weights(trained(rows, pool))
    with (rows / "rows.jsonl").open("a") as file:
        file.write('{"text": "", "label": "good"}\n')
    assert read_weights(trained(rows, pool)) == before


def read_weights(card: GateCard) -> bytes:
    return (card.folder / WEIGHTS_FILE).read_bytes()


def test_training_again_gives_the_same_bytes(rows: Path, pool: Registry) -> None:
    def files() -> Mapping[str, bytes]:
        folder = trained(rows, pool).folder
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    assert files() == files()


def test_another_seed_gives_other_folds_and_the_same_task(rows: Path, pool: Registry) -> None:
    cards = [trained(rows, pool, name, seed=seed) for name, seed in (("one", 0), ("two", 1))]
    assert all(chosen(card, pool, "Good news: a goal of Kiel.") == ["sport"] for card in cards)


def test_the_cost_of_an_expert_counts_where_the_recipe_says_so(rows: Path, pool: Registry) -> None:
    texts = "Good news: a goal of Kiel.", "Bad news: the bank of Kiel."
    assert chosen(trained(rows, pool, "dear", cost_weight=9.0), pool, *texts) == ["sport", "sport"]
    costs = {"sport": 10.0, "money": 1.0}
    cheap = trained(rows, pool, "cheap", cost_weight=9.0, token_costs=costs)
    assert chosen(cheap, pool, *texts) == ["money", "money"]
    assert cheap.experts[0].cost == pytest.approx(100 / 120, abs=1e-6)


def test_with_summaries_the_gate_learns_which_is_nearer_to_the_reference(rows: Path, quick_backbone: Backbone) -> None:
    def gist(words: list[str], tokens: int) -> Any:
        return lambda article: Summary(
            "the gist of it" if any(word in article.content for word in words) else "something else",
            InputStats(tokens=tokens),
        )

    experts = FakeExpert("free", TASK, gist(SPORT, 0)), FakeExpert("dear", TASK, gist(MONEY, 20))
    registry = registry_of(*experts, backbone=quick_backbone)
    texts = [json.loads(line) | {"gist": "The gist of it."} for line in (rows / "rows.jsonl").read_text().splitlines()]
    (rows / "rows.jsonl").write_text("".join(json.dumps(text) + "\n" for text in texts))
    source = {**SOURCE, "summary": "gist"}
    card = trained(rows, registry, train=[source], dev=[source], target="rouge2")
    assert chosen(card, registry, "Good news: a goal of Kiel.", "Bad news: the bank of Kiel.") == ["free", "dear"]
    assert [(expert.name, expert.cost) for expert in card.experts] == [("free", 0.0), ("dear", 1.0)]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dev": [{**SOURCE, "summary": "gist"}]}, "some sources have labels and some a summary"),
        ({"target": "rouge"}, "target 'rouge' does not fit these sources; only summaries have ROUGE"),
        ({"train": [{**SOURCE, "sumary": "gist"}]}, "unknown key"),
    ],
)
def test_sources_and_target_fit_each_other(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    recipe = {"name": "gate", "task": TASK, "train": [SOURCE], "dev": [SOURCE], **changes}
    (tmp_path / "recipe.toml").write_text(tomli_w.dumps(recipe))
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_recipe(tmp_path / "recipe.toml", GateRecipe)


def test_the_settings_of_the_recipe_are_the_gates(rows: Path, pool: Registry) -> None:
    card = trained(rows, pool, settings={"top_k": 1, "shared": ["money"]})
    assert card.settings.shared == ("money",)
    gate = LearnedGate(card, pool.pool(TASK), lambda: pool.backbones.backbone(Device()))
    ((decision,),) = gate.route([Article(content="Good news: a goal of Kiel.", language="en")])
    assert set(decision.weights) == {"money", "sport"}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"experts": ["sport", "weather"]}, "'weather' is none of the experts for 'mood': sport, money"),
        ({"experts": ["sport"]}, "a gate needs two experts to choose from; 'mood' has 1"),
        ({"embedding": "weather"}, "'weather' is none of the experts for 'mood': sport, money"),
        ({"settings": {"shared": ["weather"]}}, "'weather' is none of the experts for 'mood'"),
        ({"feature": ["length"]}, "unknown key 'feature'; did you mean 'features'"),
        ({"features": ["size"]}, "features 1: must be 'embedding'"),
    ],
)
def test_an_invalid_recipe_is_reported(rows: Path, pool: Registry, values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        trained(rows, pool, **values)


def test_an_expert_that_fails_ends_the_training(rows: Path, pool: Registry) -> None:
    def fail(article: Article) -> Prediction:
        raise ValueError("no power")

    pool.add(FakeExpert("broken", TASK, fail))
    with pytest.raises(InputError, match="broken fails on 'Good news: the goal of Rome.': no power"):
        trained(rows, pool)


def test_labels_that_no_expert_predicts_end_the_training(rows: Path, pool: Registry) -> None:
    source = {**SOURCE, "labels": {"good": "sport", "bad": "bad"}}
    with pytest.raises(InputError, match="'sport' is no label of these experts, whose labels are bad, good"):
        trained(rows, pool, train=[source])


def test_a_soft_target_prefers_the_useful_and_is_even_between_equals() -> None:
    targets = soft_targets(np.array([[0.9, 0.1], [0.5, 0.5]]), 0.1)
    assert targets[0, 0] > 0.99
    assert targets[1].tolist() == [0.5, 0.5]


def noisy_pool(count: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Features, and the utility of a dominant expert and of three that are nearly as good on their ground."""
    random = np.random.default_rng(0)
    ground = random.integers(0, 4, size=count)
    features = np.eye(4)[ground] + random.normal(scale=0.3, size=(count, 4))
    utility = np.full((count, 4), 0.3)
    utility[:, 0] = 0.8
    utility[np.arange(count), ground] = np.where(ground == 0, 0.8, 0.797)
    return features, utility


def recipe_of(**values: Any) -> GateRecipe:
    return GateRecipe.model_validate(
        {
            "name": "g",
            "task": TASK,
            "train": [SOURCE],
            "dev": [SOURCE],
            "regularization": [1.0],
            "calibrate": False,
            **values,
        }
    )


def load_and_utility(recipe: GateRecipe) -> tuple[float, float]:
    """Return the coefficient of variation of the load, and the mean utility of the chosen experts."""
    features, utility = noisy_pool()
    head, *_ = fit_gate(features, utility, np.ones(len(features)), recipe, silent)
    best = (features @ head.weight.T + head.bias).argmax(axis=1)
    load = np.bincount(best, minlength=4)
    return float(load.std() / load.mean()), float(utility[np.arange(len(best)), best].mean())


def test_cross_validation_takes_what_is_best_on_held_out_folds_and_of_equals_the_strongest() -> None:
    features = np.random.default_rng(0).normal(size=(60, 2))
    told_by_the_first = np.where(features[:, :1] > 0.3, [0.9, 0.1], [0.1, 0.9])
    always_the_same = np.full((60, 2), [0.9, 0.1])
    recipe = recipe_of(regularization=[1.0, 1e-9])
    assert fit_gate(features, told_by_the_first, np.ones(60), recipe, silent)[1] == 1.0
    assert fit_gate(features, always_the_same, np.ones(60), recipe, silent)[1] == 1e-9


def by_ground(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features that show the ground, and the utility of two experts, each best on nine tenths of one."""
    random = np.random.default_rng(seed)
    ground, usual = random.integers(0, 2, size=count), random.random(count) < 0.9
    utility = np.full((count, 2), 0.4)
    utility[np.arange(count), np.where(usual, ground, 1 - ground)] = 0.6
    return np.eye(2)[ground], utility


def error_of_scores(features: np.ndarray, utility: np.ndarray, fitted: Fitted) -> float:
    probabilities = softmax(features @ fitted.head.weight.T + fitted.head.bias)
    right = best_weights(utility)[np.arange(len(probabilities)), probabilities.argmax(axis=1)]
    return calibration_error(probabilities.max(axis=1), right)


def test_calibrated_scores_are_the_probability_that_an_expert_is_the_best() -> None:
    train, held_out = by_ground(300, seed=0), by_ground(2000, seed=1)
    recipe = recipe_of(temperature=0.5)  # targets so even that the scores say too little
    plain = fit_gate(*train, np.ones(300), recipe, silent)
    calibrated = fit_gate(*train, np.ones(300), recipe.model_copy(update={"calibrate": True}), silent)
    assert error_of_scores(*held_out, plain) > 0.2
    assert error_of_scores(*held_out, calibrated) < 0.03
    assert plain.temperature is None
    assert plain.head.weight / calibrated.head.weight == pytest.approx(calibrated.temperature, rel=1e-3)


def test_perfect_accuracy_on_few_articles_does_not_make_certain_scores() -> None:
    told_apart = np.eye(2)[[0, 1] * 15]
    temperature = fit_temperature(told_apart, told_apart, np.ones(30))
    assert softmax(told_apart / temperature).max() == pytest.approx(30.5 / 31, abs=1e-3)


def test_equal_experts_share_the_target_of_the_best() -> None:
    assert best_weights(np.array([[0.5, 0.5, 0.1], [0.0, 0.2, 0.1]])).tolist() == [[0.5, 0.5, 0], [0, 1, 0]]


def test_a_gate_can_learn_by_language(quick_backbone: Backbone) -> None:
    articles = [Article(headline="h", language=language) for language in ("en", "de", "fr") * 10]
    reader = FeatureReader(("language",), quick_backbone, None)
    utility = np.where(np.arange(30)[:, None] % 3 == [1, 0], 0.9, 0.1)  # the first reads German, the other English
    features = reader(articles).astype(np.float64)
    head = fit_gate(features, utility, np.ones(30), recipe_of(), silent).head
    new = reader([Article(headline="x", language="de-AT"), Article(headline="x", language="en-GB")])
    assert (new @ head.weight.T + head.bias).argmax(axis=1).tolist() == [0, 1]


@pytest.mark.slow
def test_the_load_is_the_expectation_over_new_noise() -> None:
    """Shazeer et al. 2017, appendix A: the noise is what gives the load a slope to go down."""
    import torch

    from newsmoe.training.balance import _load

    random = torch.Generator().manual_seed(0)
    clean, spread = torch.randn(40, 4, generator=random), torch.full((40, 4), 0.7)
    noise = torch.randn(2000, 40, 4, generator=random)
    noisy = clean + spread * noise
    expected = torch.stack([_load(clean, draw, spread, 2) for draw in noisy[:200]]).mean(dim=0)
    taken = (noisy >= noisy.topk(2, dim=2).values[..., -1:]).double().mean(dim=0).sum(dim=0)
    assert expected.tolist() == pytest.approx(taken.tolist(), rel=0.02)
    assert expected.sum().item() == pytest.approx(80, rel=0.02)


@pytest.mark.slow
def test_balancing_halves_the_unevenness_for_less_than_a_point() -> None:
    plain, before = load_and_utility(recipe_of())
    unpriced, _ = load_and_utility(recipe_of(balance={"importance": 0.0, "load": 0.0}))
    even, after = load_and_utility(recipe_of(balance={"importance": 0.3, "load": 0.3}))
    assert plain > 1.0
    assert unpriced > plain / 2, "noise alone does not spread the load"
    assert even < plain / 2
    assert before - after < 0.01


@pytest.mark.slow
def test_balancing_is_the_same_for_the_same_seed() -> None:
    features, utility = noisy_pool(60)

    def weights(seed: int) -> bytes:
        recipe = recipe_of(balance={"steps": 20}, seed=seed)
        return fit_gate(features, utility, np.ones(60), recipe, silent)[0].weight.tobytes()

    assert weights(0) == weights(0)
    assert weights(0) != weights(1)
