import json
import tomllib
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from newsmoe.cli.app import app
from newsmoe.registry.kinds.ranker import Ranker, ranker_shapes
from newsmoe.training.ranker import SentenceRanker
from newsmoe.training.scaffold import summarizer_recipe

WIDTH = 24


@pytest.mark.parametrize("count", [1, 2, 40])
def test_both_rankers_score_alike_with_and_without_padding(count: int) -> None:
    torch.manual_seed(0)
    trained = SentenceRanker(WIDTH, dropout=0.2, place_dropout=0.2).eval()
    tensors = {name: tensor.detach().numpy() for name, tensor in trained.state_dict().items()}
    assert {name: tensor.shape for name, tensor in tensors.items()} == ranker_shapes(WIDTH)
    sentences, whole = torch.randn(2, 40, WIDTH), torch.randn(2, WIDTH)
    places, tokens = torch.arange(40).repeat(2, 1), torch.randint(1, 60, (2, 40))
    mask = torch.arange(40).repeat(2, 1) < torch.tensor([[count], [40]])
    expected = trained(sentences, whole, places, tokens, mask)[0, :count].sigmoid().detach().numpy()
    scores = Ranker(tensors)(
        sentences[0, :count].numpy(), whole[0].numpy(), places[0, :count].numpy(), tokens[0, :count].numpy()
    )
    np.testing.assert_allclose(np.stack(scores, axis=1), expected, atol=1e-4)


def test_a_summarizer_starts_from_the_adapter_that_its_recipe_names(workdir: Path) -> None:
    rows = [{"article": f"It was Monday. Man {number} spoke.", "summary": "Man spoke."} for number in range(30)]
    (workdir / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = summarizer_recipe(Path("rows.jsonl"), "gist")
    recipe.write_text(recipe.read_text().replace("[adapter]\n", '[adapter]\nstart = "../other"\n'))
    result = CliRunner().invoke(app, ["train", "summarizer", str(recipe)])
    assert result.exit_code == 1
    assert "the recipe's 'start' needs this adapter" in " ".join(result.stderr.split())


@pytest.mark.slow
def test_a_summarizer_is_trained_and_used_by_name(workdir: Path) -> None:
    places = ["the coast", "the harbour", "the old town", "the island"]
    rows = [
        {
            "article": f"It was Monday. Man {number} spoke. A storm hit {place} and sank boats. It rained.",
            "summary": [f"A storm hit {place} and sank boats."],
        }
        for number in range(30)
        for place in places
    ]
    (workdir / "storms.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    recipe = summarizer_recipe(Path("storms.jsonl"), "gist")
    with recipe.open("a") as file:
        file.write("[settings]\nsentences = 1\nmin_tokens = 1\n")
    result = CliRunner().invoke(app, ["train", "summarizer", str(recipe)])
    assert result.exit_code == 0, result.output
    card = tomllib.loads((workdir / "experts" / "gist" / "expert.toml").read_text())
    assert card["needs_content"] is True
    figures = card["quality"][0]["figures"]
    assert figures["ROUGE-1"] > figures["lead-3: ROUGE-1"]
    assert (workdir / "experts" / "gist" / "adapter_model.safetensors").stat().st_mode & 0o044 == 0o044
    text = "Man 7 spoke. It was Monday. A storm hit the airport and sank boats. It rained. Nobody came."
    (workdir / "a.json").write_text(json.dumps([{"headline": "Storm", "content": text}]))
    (workdir / "newsmoe.toml").write_text('[[rule]]\nuse = { summarization = "gist" }\n')
    result = CliRunner().invoke(app, ["analyze", "a.json", "--tasks", "summarization", "-q"])
    assert result.exit_code == 0, result.output
    record = json.loads((workdir / "analyzed_a.json").read_text())[0]
    assert record["analyses"]["summarization"]["summary"] == "A storm hit the airport and sank boats."
