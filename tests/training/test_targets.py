import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from newsmoe.article import Article
from newsmoe.cli.app import app
from newsmoe.prediction import Mention
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.backbone.reading import SHORT
from newsmoe.registry.device import Device
from newsmoe.registry.kinds.target_classifier import MAX_SENTENCES, target_windows


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return BackbonePool().backbone(Device())


def read(backbone: Backbone, article: Article, *mentions: Mention) -> list[tuple[str, str]]:
    """Return the texts that are read for a target, and what of each are its tokens."""
    (windows,) = target_windows(backbone, [(article, mentions)])

    def text(ids: list[int]) -> str:
        return str(backbone.tokenizer.decode(ids))

    pairs = []
    for window, tokens in windows:
        ids = [int.from_bytes(window.ids[4 * n : 4 * n + 4], "little") for n in range(len(window))]
        pairs.append((text(ids), text([ids[token] for token in tokens])))
    return pairs


def named(article: Article, name: str) -> list[Mention]:
    mentions, position = [], article.content.find(name)
    while position >= 0:
        mentions.append(Mention(name, "content", position, position + len(name)))
        position = article.content.find(name, position + 1)
    return mentions


def test_a_short_text_is_read_whole(backbone: Backbone) -> None:
    article = Article(headline="Ada King left", content="It rained. Lin Marsh came.", language="en")
    headline = Mention("Ada King", "headline", 0, 8)
    assert read(backbone, article, headline) == [("ada king left it rained. lin marsh came.", "ada king")]
    assert read(backbone, article, *named(article, "Lin Marsh"))[0][1] == "lin marsh"


def test_of_a_long_text_the_sentences_with_a_mention_are_read(backbone: Backbone) -> None:
    others = " ".join(f"Nobody else came on day {day} of the fair." for day in range(SHORT))
    article = Article(headline="A fair", content=f"Ada King left. {others} King returned.", language="en")
    mentions = [*named(article, "Ada King"), *named(article, "King")[1:]]
    assert read(backbone, article, *mentions) == [("ada king left.", "ada king"), ("king returned.", "king")]


def test_the_first_sentences_are_enough(backbone: Backbone) -> None:
    article = Article(content=" ".join(f"King spoke on day {day} of the fair." for day in range(40)), language="en")
    assert len(read(backbone, article, *named(article, "King"))) == MAX_SENTENCES


def test_what_is_not_read_is_no_target(backbone: Backbone) -> None:
    assert read(backbone, Article(content="It rained.", language="en")) == []


@pytest.mark.slow
def test_an_expert_for_targets_is_trained_and_used_by_name(workdir: Path) -> None:
    people = ["Ada King", "Jory Smythe", "Lin Marsh", "Ivo Tarn"]
    rows = [
        {"sentence": f"{good} was praised by all, but {bad} was blamed on day {day}.", "target": target, "label": label}
        for day in range(8)
        for good in people
        for bad in people
        if good != bad
        for target, label in ((good, "positive"), (bad, "negative"))
    ]
    (workdir / "tone.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = CliRunner().invoke(app, ["train", "targets", "tone.jsonl"])
    assert result.exit_code == 0, result.output
    text = "Moritz Adler was praised by all, but Claire Dubois was blamed on day 9."
    (workdir / "a.json").write_text(json.dumps([{"headline": "", "content": text}]))
    (workdir / "newsmoe.toml").write_text('[[rule]]\nuse = { entity-sentiment = "tone" }\n')
    result = CliRunner().invoke(app, ["analyze", "a.json", "--tasks", "entity-sentiment", "-q"])
    assert result.exit_code == 0, result.output
    (record,) = json.loads((workdir / "analyzed_a.json").read_text())
    tones = {
        entity["name"]: entity["sentiment"]["label"]
        for entity in record["analyses"]["entities"]
        if "sentiment" in entity
    }
    assert tones["Moritz Adler"] == "positive"
    assert tones["Claire Dubois"] == "negative"
