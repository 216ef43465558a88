import json
import math
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from newsmoe import Article, Device, Entities, Labels, Registry, Summary
from newsmoe.errors import CardError, ModelError, PredictionError
from newsmoe.prediction import InputStats
from newsmoe.registry.backbone.adapter import load_adapter
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.files import BackboneFiles
from newsmoe.registry.backbone.reading import HEADLINE
from newsmoe.registry.cards import Card, builtin_folder
from newsmoe.registry.kinds import KINDS, build
from newsmoe.registry.kinds.classifier import Classifier
from newsmoe.registry.kinds.embedded import EmbeddedExpert
from newsmoe.registry.kinds.extractive import Extractive, ExtractiveSettings, choose, sentences_of
from newsmoe.registry.kinds.ranker import Scores, ranker_shapes
from newsmoe.registry.kinds.tagger import Tagger
from newsmoe.registry.kinds.target_classifier import TargetClassifier
from newsmoe.registry.kinds.zero_shot import ZeroShot
from newsmoe.testing import check_expert
from newsmoe.text.sentences import split_sentences
from tests.registry.support import Counting
from tests.support import LentBackbone

BUILT_IN = [
    info
    for info in Registry(plugins=False).experts.values()
    if info.card
    and info.card.kind in KINDS
    and "model" not in info.card.settings
    and info.card.settings.get("backbone") != "large"  # whose weights no test may need
]
EMBEDDED = [info.name for info in BUILT_IN if info.card and info.card.kind != "lead"]
CLASSIFYING = [info.name for info in BUILT_IN if info.card and info.card.kind in ("classifier", "zero-shot")]
BY_VECTORS = ("classifier", "extractive", "zero-shot")
"""Kinds that predict from the vectors of windows and sentences, which are stored; states of tokens are not."""

ALL = 100_000
"""More sentences and tokens than any article of these tests has."""

STORM = Article(headline="Storm hits coast", content="A storm hit the coast. Ten houses were lost.", language="en")
LONG = Article(
    headline="Council hears witnesses on tram",
    content=" ".join(
        f"Witness {number} told the council on day {number} that the tram would help the old town."
        for number in range(60)
    ),
    language="en",
)


@pytest.fixture(scope="module")
def ranking(tmp_path_factory: pytest.TempPathFactory, quick_backbone: Backbone) -> Path:
    """A folder with a ranker with random weights."""
    folder = tmp_path_factory.mktemp("ranking")
    random = np.random.default_rng(0)
    shapes = ranker_shapes(quick_backbone.width)
    tensors = {name: random.normal(size=shape).astype(np.float16) for name, shape in shapes.items()}
    save_file(tensors, folder / "head.safetensors")
    return folder


def make(kind: str, backbone: Backbone, folder: Path = Path("nowhere"), /, **settings: Any) -> Any:
    """Build an expert of a kind on a backbone, and load it."""
    card = Card(name="mine", task="task", kind=kind, description="d", settings=settings, folder=folder)
    expert = build(card, LentBackbone(backbone))
    expert.load(Device())
    return expert


def built_in(name: str, registry: Registry, backbone: Backbone) -> Any:
    """Build a built-in expert on a backbone, and load it."""
    card = registry.info(name).card
    assert card is not None
    expert = build(card, LentBackbone(backbone))
    expert.load(Device())
    return expert


def taken(summary: Summary, article: Article) -> list[int]:
    """Return the numbers of the article's sentences that the summary consists of, or fail."""
    left: dict[str, list[int]] = {summary.text + " ": []}
    for number, sentence in enumerate(split_sentences(article.content, article.language)):
        for rest, numbers in list(left.items()):
            if rest.startswith(sentence + " "):
                left.setdefault(rest[len(sentence) + 1 :], [*numbers, number])
    assert "" in left, f"{min(left, key=len)!r} is no whole sentence of the article, or out of order"
    return left[""]


@pytest.mark.parametrize("name", [info.name for info in BUILT_IN])
def test_every_built_in_expert_meets_the_contract(name: str, registry: Registry, backbone: Backbone) -> None:
    findings = list(check_expert(built_in(name, registry, backbone)))
    assert [finding for finding in findings if finding.problem] == []
    assert len(findings) == 8


def test_the_embedded_experts_of_a_registry_share_one_backbone(registry: Registry, backbone: Backbone) -> None:
    experts = [registry.build(name) for name in EMBEDDED]
    assert len(experts) >= 4
    for expert in experts:
        expert.load(Device())
        assert isinstance(expert, EmbeddedExpert)
        assert expert.backbone is backbone


def test_an_expert_that_is_not_sure_of_the_first_window_reads_on(quick_backbone: Backbone) -> None:
    def predict(article: Article, **settings: Any) -> Labels:
        labels = {"travel": "trams and trains", "weather": "storms at the coast"}
        expert = make("zero-shot", quick_backbone, labels=labels, **settings)
        (prediction,) = expert.predict([article])
        assert isinstance(prediction, Labels)
        return prediction

    first, *others = quick_backbone.read(LONG).windows
    assert len(others) > 2
    head, windows = predict(LONG, long_input="head"), predict(LONG, long_input="windows")
    assert predict(LONG, long_input="head", read_on_below=0.01) == head
    longer = predict(LONG, long_input="head", read_on_below=1.0)
    assert longer.input_stats == InputStats(tokens=sum(map(len, (first, *others[:2]))), truncated=True, windows=3)
    low, high = sorted([head.scores["travel"], windows.scores["travel"]])
    assert low < longer.scores["travel"] < high
    long_window = quick_backbone.read(LONG, 510).extract("head")
    reread = predict(LONG, long_input="head", read_on_below=1.0, read_on_tokens=510)
    assert reread.input_stats == InputStats(tokens=long_window.tokens, truncated=not long_window.whole, windows=1)
    assert reread.scores == predict(LONG, long_input="head", window_tokens=510).scores
    assert predict(STORM, long_input="head", read_on_below=1.0) == predict(STORM, long_input="head")
    for policy in ("head+tail", "windows"):
        assert predict(LONG, long_input=policy, read_on_below=1.0) == predict(LONG, long_input=policy)


def test_an_expert_says_how_many_tokens_its_windows_have(quick_backbone: Backbone, ranking: Path) -> None:
    for kind, settings in (("zero-shot", {"labels": {"tram": "A tram.", "storm": "Rain."}}), ("extractive", {})):
        expert = make(kind, quick_backbone, ranking, window_tokens=510, **settings)
        (prediction,) = expert.predict([LONG])
        windows = quick_backbone.read(LONG, 510).windows
        assert len(windows[0]) > 254
        assert prediction.input_stats == InputStats(
            tokens=sum(map(len, windows)), truncated=False, windows=len(windows)
        )


def test_an_expert_that_was_not_loaded_says_so(registry: Registry) -> None:
    for name in EMBEDDED:
        with pytest.raises(PredictionError, match=rf"expert '{name}': predict\(\) was called before load\(\)"):
            registry.build(name).predict([STORM])


# What is read


@pytest.mark.slow
def test_a_window_is_computed_once_however_many_experts_read_it(
    registry: Registry, backbone: Backbone, files: BackboneFiles, sample: list[Article]
) -> None:
    counting = Counting(backbone.runtime)
    shared = Backbone(files, counting)
    experts = [built_in(info.name, registry, shared) for info in BUILT_IN if info.card and info.card.kind in BY_VECTORS]
    described = counting.windows
    articles = [*sample[:2], sample[0]]
    adapters = {expert.name: load_adapter(expert.card.adapter_folder) for expert in experts}
    distinct = {
        (window, adapter.key if (adapter := adapters[expert.name]) else "")
        for expert in experts
        for article in articles
        for window in expert.extract(article).windows
    }
    for expert in experts:
        expert.predict(articles)
        expert.predict(articles[:2])
    assert counting.windows - described == len(distinct)


@pytest.mark.parametrize(("policy", "read"), [("windows", [0, 1, 2, 3, 4]), ("head", [0]), ("head+tail", [0, 4])])
def test_a_summary_is_made_of_the_windows_that_the_policy_reads(
    quick_backbone: Backbone, ranking: Path, policy: str, read: list[int]
) -> None:
    windows = quick_backbone.read(LONG).windows
    assert len(windows) == 5
    bounds = {"sentences": ALL, "min_tokens": ALL, "max_tokens": ALL}
    expert = make("extractive", quick_backbone, ranking, long_input=policy, **bounds)
    (summary,) = expert.predict([LONG])
    spans = [span for place in read for span in windows[place].spans]
    assert taken(summary, LONG) == sorted({span.sentence for span in spans} - {HEADLINE})
    assert summary.input_stats.windows == len(read)
    assert summary.input_stats.tokens == sum(len(windows[place]) for place in read) == expert.lengths([LONG])[0]
    assert summary.input_stats.truncated is (len(read) < 5)


@pytest.mark.parametrize(("policy", "read"), [("windows", 5), ("head", 1), ("head+tail", 2)])
def test_labels_are_made_of_the_windows_that_the_policy_reads(quick_backbone: Backbone, policy: str, read: int) -> None:
    expert = make("zero-shot", quick_backbone, long_input=policy, labels={"tram": "A tram.", "storm": "Rain."})
    (labels,) = expert.predict([LONG])
    assert labels.input_stats.windows == read
    assert labels.input_stats.truncated is (read < 5)
    assert labels.input_stats.tokens == expert.lengths([LONG])[0]


@pytest.mark.parametrize("policy", ["windows", "head", "head+tail"])
def test_an_article_of_one_window_is_read_whole(quick_backbone: Backbone, ranking: Path, policy: str) -> None:
    (summary,) = make("extractive", quick_backbone, ranking, long_input=policy).predict([STORM])
    assert summary.text == STORM.content
    assert (summary.input_stats.windows, summary.input_stats.truncated) == (1, False)


@pytest.mark.parametrize("kind", ["extractive", "zero-shot"])
def test_what_the_scraper_had_cut_or_is_too_long_is_reported(
    quick_backbone: Backbone, ranking: Path, kind: str
) -> None:
    labels = {"labels": {"a": "One.", "b": "Two."}} if kind == "zero-shot" else {}
    expert = make(kind, quick_backbone, ranking, **labels)
    cut = Article(content="A storm hit.", truncated=True)
    endless = Article(content="A storm hit the coast. " * 5000)
    whole = Article(content="A storm hit the coast. " * 4000)
    assert [prediction.input_stats.truncated for prediction in expert.predict([cut, endless, whole])] == [
        True,
        True,
        False,
    ]


def test_an_unknown_policy_is_refused(quick_backbone: Backbone, ranking: Path) -> None:
    with pytest.raises(CardError, match="long_input: must be 'head', 'head"):
        make("extractive", quick_backbone, ranking, long_input="tail")


# Summaries


def test_a_summary_is_whole_sentences_of_the_article_in_order_and_not_too_long(
    registry: Registry, backbone: Backbone, sample: list[Article]
) -> None:
    expert = built_in("extractive", registry, backbone)
    articles = sample[1:4]
    for article, summary in zip(articles, expert.predict(articles), strict=True):
        numbers = taken(summary, article)
        tokens = sum(backbone.read(article).lengths[number] for number in numbers)
        assert 1 <= len(numbers) <= 3
        assert 40 <= tokens <= 250


WORDS = st.sampled_from(
    ["storm", "tram", "Council", "3.5", "Mr.", "vote;", "“No!”", "rain\n\n", "Zoë", "新闻", "hit,", "(again)", "x"]
)
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=30).map(" ".join), min_size=1, max_size=12)


@given(
    TEXTS,
    st.sampled_from([". ", "! ", "\n\n", " "]),
    st.sampled_from(["windows", "head", "head+tail", "sentences"]),
    st.integers(1, 5),
    st.integers(20, 100),
)
def test_a_summary_of_any_text_is_whole_sentences_without_repetition_within_its_bound(
    quick_backbone: Backbone, ranking: Path, texts: list[str], mark: str, policy: str, sentences: int, most: int
) -> None:
    article = Article(headline="Storm", content=mark.join(texts), language="en")
    bounds = {"sentences": sentences, "min_tokens": 20, "max_tokens": most}
    expert = make("extractive", quick_backbone, ranking, long_input=policy, **bounds)
    (summary,) = expert.predict([article])
    numbers = taken(summary, article)
    reading = quick_backbone.read(article)
    told = [" ".join(reading.sentences[number].lower().split()) for number in numbers]
    assert told
    assert len(set(told)) == len(told)
    assert len(numbers) == 1 or sum(reading.lengths[number] for number in numbers) <= most


def test_a_text_without_punctuation_still_has_a_summary(registry: Registry, backbone: Backbone) -> None:
    words = " ".join(f"and then the storm number {number} came to town" for number in range(80))
    article = Article(headline="Storms", content=words, language="en")
    (summary,) = built_in("extractive", registry, backbone).predict([article])
    assert summary.validation_error() is None
    assert summary.text in words or taken(summary, article)


def test_an_article_without_a_sentence_is_an_error_of_that_article(quick_backbone: Backbone, ranking: Path) -> None:
    expert = make("extractive", quick_backbone, ranking)
    for article in (Article(headline="Watch: goal"), Article(headline="Goal", content="!!! ...")):
        with pytest.raises(PredictionError, match="there is no sentence in the content"):
            expert.predict([article])


FIVE = Article(
    content="The vote is on Monday. The storm hit the coast hard. A storm hit the coast again. Shares rose on"
    " Friday. It rained.",
    language="en",
)


@pytest.mark.parametrize(
    ("logits", "settings", "numbers"),
    [
        ([0, 9, -9, 1, -9], {"sentences": 2}, [1, 3]),
        ([9, 8, 7, 6, 5], {"sentences": 2}, [0, 1]),
        ([-9, 9, 8, 7, -9], {"sentences": 2}, [1, 3]),  # the third sentence repeats the second
        ([9, -1, -2, -3, -4], {"threshold": 0.5}, [0]),
        ([-5, -1, -9, -9, -9], {"threshold": 0.5}, [1]),  # there is always one
        ([9, 8, -9, 7, -9], {"threshold": 0.5, "sentences": 5}, [0, 1, 3]),
        ([9, -1, -8, -2, -9], {"threshold": 0.5, "min_tokens": 8}, [0, 1]),
        ([9, -1, -8, -2, -9], {"threshold": 0.5, "min_tokens": 60}, [0, 1, 2, 3, 4]),
        ([9, 8, -9, 7, -9], {"max_tokens": 11, "sentences": 2}, [0, 3]),
    ],
)
def test_sentences_are_taken_by_score_unlike_each_other_and_within_bounds(
    quick_backbone: Backbone, logits: list[float], settings: dict[str, Any], numbers: list[int]
) -> None:
    reading = quick_backbone.read(FIVE)
    candidates = sentences_of(reading, reading.extract("head"))
    options = ExtractiveSettings(**{"min_tokens": 1, "max_tokens": 100, "threshold": 0.0} | settings)
    assert choose(candidates, scores(logits), reading, options) == numbers


def scores(logits: list[float], junk: Sequence[float] = ()) -> Scores:
    return Scores(1 / (1 + np.exp(-np.array(logits))), np.array(junk or [0.0] * len(logits)))


@pytest.mark.parametrize(
    ("logits", "numbers"),
    [
        ([1, 9, -9], [0, 1]),  # the second points to the first
        ([1, -9, 9], [0, 2]),
        ([-9, 9, 1], [2]),
    ],
)
def test_a_sentence_that_points_back_needs_the_one_before_it(
    quick_backbone: Backbone, logits: list[float], numbers: list[int]
) -> None:
    text = "The storm hit the coast. It sank two boats. Shares rose on Friday."
    assert chosen(quick_backbone, text, scores(logits)) == numbers


def test_a_sentence_that_points_back_is_better_than_none(quick_backbone: Backbone) -> None:
    assert chosen(quick_backbone, "He was there. She was not.", scores([1, 2])) == [0, 1]


@pytest.mark.parametrize(("junk", "numbers"), [([0.9, 0.1], [1]), ([0.9, 0.9], [0, 1]), ([0.4, 0.1], [0, 1])])
def test_what_is_no_part_of_the_article_is_taken_only_where_there_is_nothing_else(
    quick_backbone: Backbone, junk: list[float], numbers: list[int]
) -> None:
    text = "Photo by Ann Lee of the harbour. The storm sank two boats."
    assert chosen(quick_backbone, text, scores([9, 8], junk)) == numbers


def chosen(backbone: Backbone, text: str, sentence_scores: Scores) -> list[int]:
    reading = backbone.read(Article(content=text, language="en"))
    options = ExtractiveSettings(sentences=2, min_tokens=1, threshold=0.5)
    return choose(sentences_of(reading, reading.extract("head")), sentence_scores, reading, options)


# Labels


@pytest.mark.parametrize("name", CLASSIFYING)
def test_labels_are_those_of_the_card_and_sum_to_one(
    name: str, registry: Registry, backbone: Backbone, sample: list[Article]
) -> None:
    expert = built_in(name, registry, backbone)
    card = registry.info(name).card
    assert card is not None
    for prediction in expert.predict([*sample[:2], Article(headline="Goal"), Article(content="Rain.")]):
        assert isinstance(prediction, Labels)
        assert prediction.validation_error() is None
        assert math.fsum(prediction.scores.values()) == pytest.approx(1, abs=1e-6)
        assert list(prediction.scores) == list(card.settings["labels"])


@pytest.mark.slow
@pytest.mark.parametrize("name", EMBEDDED)
def test_an_article_gets_the_same_prediction_alone_and_in_a_batch_of_64(
    name: str, registry: Registry, backbone: Backbone, files: BackboneFiles, sample: list[Article]
) -> None:
    paragraphs = (
        (article, text) for article in sample for text in article.content.split("\n\n") if 80 < len(text) < 300
    )
    batch = [
        Article(headline=article.headline, content=text, language="en") for article, text in islice(paragraphs, 64)
    ]
    assert len({article.key for article in batch}) == 64
    together = built_in(name, registry, backbone).predict(batch)
    for place in (0, 63):
        alone = built_in(name, registry, Backbone(files, backbone.runtime)).predict([batch[place]])[0]
        if isinstance(alone, Summary | Entities):
            assert alone == together[place]
        else:
            assert alone.scores == pytest.approx(together[place].scores, abs=1e-4)


@pytest.mark.parametrize("name", CLASSIFYING)
def test_an_article_without_any_text_is_an_error_of_that_article(
    name: str, registry: Registry, backbone: Backbone
) -> None:
    with pytest.raises(PredictionError, match="neither headline nor content has words"):
        built_in(name, registry, backbone).predict([STORM, Article()])


@pytest.mark.parametrize(
    ("name", "headline", "content", "label"),
    [
        ("sentiment-news", "Joy as rescued miners reunite", "Families celebrated a wonderful success.", "positive"),
        ("sentiment-news", "Firm collapses", "Workers lost their jobs after a disastrous fraud.", "negative"),
        ("topic-news", "United win cup final", "The striker scored twice in the match.", "sport"),
        ("topic-news", "Senate passes bill", "The president will sign the law after the election.", "politics"),
        ("topic-zero-shot", "Heavy snow forecast", "Temperatures will fall and winds will rise.", "weather"),
    ],
)
def test_a_plain_case_gets_the_plain_label(
    registry: Registry, backbone: Backbone, name: str, headline: str, content: str, label: str
) -> None:
    article = Article(headline=headline, content=content, language="en")
    assert built_in(name, registry, backbone).predict([article])[0].fields()["label"] == label


def test_a_long_articles_labels_are_the_mean_over_its_windows_by_their_tokens(
    backbone: Backbone, registry: Registry
) -> None:
    expert = built_in("sentiment-news", registry, backbone)
    expert.settings = expert.settings.model_copy(update={"long_input": "windows"})
    windows = backbone.read(LONG).windows
    probabilities = [expert.probabilities(encoded.window[None])[0] for encoded in expert.encode(windows)]
    mean = np.average(probabilities, axis=0, weights=[len(window) for window in windows])
    assert list(expert.predict([LONG])[0].scores.values()) == pytest.approx(list(mean), abs=1e-5)


# Zero-shot


def test_an_article_like_a_description_gets_its_label(registry: Registry, backbone: Backbone) -> None:
    card = registry.info("topic-zero-shot").card
    assert card is not None
    labels: dict[str, str] = card.settings["labels"]
    articles = [Article(headline=label, content=text) for label, text in labels.items()]
    predictions = built_in("topic-zero-shot", registry, backbone).predict(articles)
    assert [prediction.fields()["label"] for prediction in predictions] == list(labels)


def test_a_low_temperature_is_sure_and_a_high_one_is_not(backbone: Backbone) -> None:
    labels = {"weather": "Storms, wind and rain.", "sport": "Football and tennis matches."}

    def score(temperature: float) -> float:
        expert = make("zero-shot", backbone, labels=labels, temperature=temperature)
        return float(expert.predict([STORM])[0].scores["weather"])

    assert score(0.01) > 0.99
    assert 0.99 > score(0.2) > score(1.0) > 0.5
    assert score(1000.0) == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize(
    "settings", [{}, {"labels": {"a": "A."}}, {"labels": {"a": "A.", "b": "B."}, "temperature": 0}]
)
def test_invalid_labels_or_temperatures_are_refused(quick_backbone: Backbone, settings: dict[str, Any]) -> None:
    with pytest.raises(CardError, match=r"\[settings\] (labels|temperature): "):
        make("zero-shot", quick_backbone, **settings)


def test_tokens_to_read_on_without_a_limit_are_refused(quick_backbone: Backbone) -> None:
    labels = {"a": "Alpha.", "b": "Beta."}
    with pytest.raises(CardError, match="`read_on_tokens` requires `read_on_below`"):
        make("zero-shot", quick_backbone, labels=labels, long_input="head", read_on_tokens=510)


def test_a_label_without_a_word_is_reported(quick_backbone: Backbone) -> None:
    with pytest.raises((CardError, ModelError)):
        make("zero-shot", quick_backbone, labels={"": "", "b": "B."})


# Classifiers


def head(folder: Path, **tensors: NDArray[np.float32]) -> Path:
    folder.mkdir(exist_ok=True)
    save_file({name: np.ascontiguousarray(values) for name, values in tensors.items()}, folder / "head.safetensors")
    return folder


def test_scores_belong_to_the_labels_in_the_order_of_the_heads_rows(
    tmp_path: Path, registry: Registry, backbone: Backbone
) -> None:
    card = registry.info("sentiment-news").card
    assert card is not None
    tensors = load_file(card.folder / "head.safetensors")
    shutil.copytree(card.folder, tmp_path / "swapped")
    swapped = head(tmp_path / "swapped", **{name: values[::-1] for name, values in tensors.items()})
    settings = {**card.settings, "labels": card.settings["labels"][::-1]}
    before = built_in("sentiment-news", registry, backbone).predict([STORM])[0].scores
    after = make("classifier", backbone, swapped, **settings).predict([STORM])[0].scores
    assert list(after) == list(before)[::-1]
    assert after == pytest.approx(before, abs=1e-6)


def test_the_temperature_makes_a_classifier_less_sure(registry: Registry, backbone: Backbone) -> None:
    card = registry.info("topic-news").card
    assert card is not None

    def scores(temperature: float) -> Sequence[float]:
        settings = {**card.settings, "temperature": temperature}
        return list(make("classifier", backbone, card.folder, **settings).predict([STORM])[0].scores.values())

    cold, warm, hot = (max(scores(temperature)) for temperature in (0.5, 1.0, 1e6))
    assert cold > warm > hot
    assert hot == pytest.approx(1 / 13, abs=1e-3)


def test_scores_are_the_softmax_of_the_heads_logits_over_the_temperature(
    tmp_path: Path, quick_backbone: Backbone
) -> None:
    bias = np.array([0.0, math.log(9)], np.float32)
    head(tmp_path, weight=np.zeros((2, 16), np.float32), bias=bias)
    for temperature, score in ((1.0, 0.9), (2.0, 0.75)):
        expert = make("classifier", quick_backbone, tmp_path, labels=["a", "b"], temperature=temperature)
        assert expert.predict([STORM])[0].scores == pytest.approx({"a": 1 - score, "b": score}, abs=1e-6)


@pytest.mark.parametrize(
    ("tensors", "problem"),
    [
        (None, "cannot be loaded: No such file"),
        (b"no weights", "cannot be loaded: "),
        ({"weight": np.zeros((2, 16), np.float32)}, "cannot be loaded: there is no tensor 'bias'"),
        (
            {"weight": np.zeros((3, 16), np.float32), "bias": np.zeros(3, np.float32)},
            r"the weight's shape is \(3, 16\), expected \(2, 16\)",
        ),
        (
            {"weight": np.zeros((2, 16), np.float32), "bias": np.zeros(3, np.float32)},
            r"the bias's shape is \(3,\), expected \(2,\)",
        ),
    ],
)
def test_a_head_that_does_not_fit_is_reported_with_its_file(
    tmp_path: Path, quick_backbone: Backbone, tensors: Any, problem: str
) -> None:
    if isinstance(tensors, bytes):
        (tmp_path / "head.safetensors").write_bytes(tensors)
    elif tensors:
        head(tmp_path, **tensors)
    with pytest.raises(ModelError, match=f"head.safetensors: {problem}"):
        make("classifier", quick_backbone, tmp_path, labels=["a", "b"])


@pytest.mark.parametrize(
    ("width", "value", "labels"),
    [(10, 0.1, ["a", "b"]), (16, math.nan, ["a", "b"]), (16, 0.1, ["a", "a"])],
    ids=["other width", "not a number", "one label twice"],
)
def test_a_head_that_cannot_predict_is_refused_on_load(
    tmp_path: Path, quick_backbone: Backbone, width: int, value: float, labels: list[str]
) -> None:
    head(tmp_path, weight=np.full((2, width), value, np.float32), bias=np.zeros(2, np.float32))
    with pytest.raises((CardError, ModelError)):
        make("classifier", quick_backbone, tmp_path, labels=labels)


def test_a_copied_expert_predicts_as_the_original(tmp_path: Path, registry: Registry, backbone: Backbone) -> None:
    shutil.copytree(builtin_folder() / "topic-news", tmp_path / "mine")
    path = tmp_path / "mine" / "expert.toml"
    path.write_text(path.read_text(encoding="utf-8").replace('"topic-news"', '"mine"'), encoding="utf-8")
    copy = Registry([tmp_path], plugins=False).info("mine").card
    assert copy is not None
    expert = build(copy, registry.backbones)
    expert.load(Device())
    assert expert.predict([STORM]) == built_in("topic-news", registry, backbone).predict([STORM])


def test_predictions_can_be_written_as_json(registry: Registry, backbone: Backbone) -> None:
    for name in EMBEDDED:
        (prediction,) = built_in(name, registry, backbone).predict([STORM])
        assert json.loads(json.dumps(prediction.fields())) == prediction.fields()


def test_each_kind_is_the_class_that_its_name_says(registry: Registry) -> None:
    classes = {
        "classifier": Classifier,
        "extractive": Extractive,
        "tagger": Tagger,
        "target-classifier": TargetClassifier,
        "zero-shot": ZeroShot,
    }
    for info in BUILT_IN:
        assert info.card is not None
        assert type(registry.build(info.name)) is classes.get(info.card.kind, type(registry.build("lead")))
