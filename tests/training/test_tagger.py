import json
from pathlib import Path

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from newsmoe.cli.app import app
from newsmoe.registry.kinds.token_head import TokenHead, token_head_shapes
from newsmoe.text.shapes import SHAPES
from newsmoe.training.token_head import TrainedTokenHead

WIDTH = 24


@pytest.mark.parametrize("count", [1, 2, 40])
def test_both_heads_score_alike_with_and_without_padding(count: int) -> None:
    torch.manual_seed(0)
    trained = TrainedTokenHead(WIDTH, tags=5, dropout=0.2).eval()
    tensors = {name: tensor.detach().numpy() for name, tensor in trained.state_dict().items()}
    assert {name: tensor.shape for name, tensor in tensors.items()} == token_head_shapes(5, WIDTH)
    states, shapes = torch.randn(2, 40, WIDTH), torch.randint(0, SHAPES, (2, 40))
    present = (torch.arange(40).repeat(2, 1) < torch.tensor([[count], [40]])).float()
    expected = trained(states, shapes, present)[0, :count].detach().numpy()
    np.testing.assert_allclose(
        TokenHead(tensors)(states[0, :count].numpy(), shapes[0, :count].numpy()), expected, atol=1e-4
    )


@pytest.mark.slow
def test_a_tagger_is_trained_and_used_by_name(workdir: Path) -> None:
    people, places = ["Ada King", "Jory Smythe", "Lin Marsh"], ["Lindle", "Severnbank", "Ambleforth"]
    rows = [
        {
            "tokens": [*person.split(), "left", place, "on", f"day {number}", "."],
            "tags": ["B-Person", "I-Person", "O", "B-Place", "O", "O", "O"],
        }
        for number in range(12)
        for person in people
        for place in places
    ]
    (workdir / "names.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = CliRunner().invoke(app, ["train", "tagger", "names.jsonl"])
    assert result.exit_code == 0, result.output
    assert "experts/names" in result.output
    assert 'use = { entities = "names" }' in result.output  # for the built-in expert would run
    text = "Jory King left Severnbank on day 77. Nobody stayed."
    (workdir / "a.json").write_text(json.dumps([{"headline": "Ada Marsh left Lindle", "content": text}]))
    (workdir / "newsmoe.toml").write_text('[[rule]]\nuse = { entities = "names" }\n')
    result = CliRunner().invoke(app, ["analyze", "a.json", "--tasks", "entities", "-q"])
    assert result.exit_code == 0, result.output
    (record,) = json.loads((workdir / "analyzed_a.json").read_text())
    texts = {"headline": "Ada Marsh left Lindle", "content": text}
    entities = record["analyses"]["entities"]
    assert {(entity["name"], entity["type"]) for entity in entities} >= {
        ("Jory King", "Person"),
        ("Severnbank", "Place"),
    }
    for entity in entities:
        for mention in entity["mentions"]:
            assert texts[mention["field"]][mention["start"] : mention["end"]] == mention["text"]
