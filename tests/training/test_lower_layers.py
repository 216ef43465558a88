from pathlib import Path

import pytest
import torch

from newsmoe.article import Article
from newsmoe.registry.backbone.backbone import Backbone
from newsmoe.training.adapter import adapted_encoder
from newsmoe.training.lower_layers import LowerLayers
from newsmoe.training.recipe import AdapterRecipe


@pytest.mark.slow
def test_states_are_those_of_the_whole_model_and_come_back_from_disk(backbone: Backbone, tmp_path: Path) -> None:
    encoder = adapted_encoder(AdapterRecipe(rank=2, first_layer=4, token_dropout=0), backbone, None).eval()
    articles = [Article(content="The storm hit. " * count, language="en") for count in (1, 20, 5)]
    windows = [backbone.read(article).windows[0] for article in articles]
    ids, mask = map(torch.from_numpy, backbone.padded(windows))
    with torch.no_grad():
        expected = encoder(input_ids=ids, attention_mask=mask).last_hidden_state * mask.unsqueeze(-1)
        first = LowerLayers(encoder, backbone, 4, windows, tmp_path)
        torch.testing.assert_close(first(windows), expected, atol=5e-3, rtol=0)
        again = LowerLayers(encoder, backbone, 4, windows, tmp_path)
        again.model.embeddings = None  # they are not needed any more
        torch.testing.assert_close(again(windows), expected, atol=5e-3, rtol=0)
