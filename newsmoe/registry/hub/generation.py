"""Text generation in batches whose every row comes out as it would alone."""

from collections.abc import Collection, Mapping, Sequence
from itertools import takewhile
from typing import Any

import torch
from transformers import DynamicCache, EncoderDecoderCache, GenerationConfig
from transformers import LogitsProcessor as Processor
from transformers import LogitsProcessorList as ProcessorList

from newsmoe.registry.hub.generation_settings import Bounds

LENGTHS = ("max_length", "min_length", "max_new_tokens", "min_new_tokens")
REPLACED = (*LENGTHS, "do_sample", "temperature", "top_p", "top_k", "min_p", "typical_p")
"""Options that each row has by itself, and those of sampling."""


class RowBounds(Processor):
    """Gives every row of a batch its own minimum and maximum length.

    `generate` has one of each for a whole batch, so that a summary would depend on its neighbours.
    """

    def __init__(self, bounds: Sequence[Bounds], beams: int, start: int, ends: Sequence[int]) -> None:
        self.min_tokens = torch.tensor([bound.min_tokens for bound in bounds]).repeat_interleave(beams)
        self.max_tokens = torch.tensor([bound.max_tokens for bound in bounds]).repeat_interleave(beams)
        self.start = start
        self.ends = list(ends)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.FloatTensor:
        """Forbid the end before a row's minimum length, and everything else at its maximum."""
        new = input_ids.shape[1] - self.start
        bounded = scores.clone()
        ends = torch.tensor(self.ends, device=scores.device)
        early = (new < self.min_tokens).nonzero().to(scores.device)
        late = (new + 1 >= self.max_tokens).nonzero().to(scores.device)
        bounded[early, ends] = -torch.inf
        bounded[late.flatten()] = -torch.inf
        bounded[late, ends] = 0.0
        return bounded  # type: ignore[return-value]  # its annotation names a legacy class


class SharedEncoderCache(EncoderDecoderCache):
    """A cache that leaves the encoder's part alone when beams change places: they all read the same text."""

    def reorder_cache(self, beam_idx: torch.LongTensor) -> None:
        """Reorder what the decoder has written; a beam is only ever continued within its own row."""
        self.self_attention_cache.reorder_cache(beam_idx)


def configure_generation(model: Any, options: Mapping[str, Any], marks: Collection[int] = ()) -> None:
    """Change some of the model's generation options; sampling is switched off.

    Lengths are left out: each row has its own. The model's configuration is replaced, since `generate` fills
    up from it whatever a configuration that it is passed leaves open.
    """
    merged = {**model.generation_config.to_dict(), **options}
    stated = {name: value for name, value in merged.items() if value is not None and name not in REPLACED}
    config = GenerationConfig.from_dict(stated)
    if config.pad_token_id is None:
        config.pad_token_id = _ends(config)[0]
    framing = {*_ends(config), config.bos_token_id, config.forced_bos_token_id, config.decoder_start_token_id}
    config.suppress_tokens = sorted(set(marks) - framing) or None
    model.generation_config = config


@torch.inference_mode()
def generate(model: Any, inputs: Mapping[str, torch.Tensor], bounds: Sequence[Bounds]) -> list[list[int]]:
    """Return the new tokens of each row, without the one that ends it and what comes after."""
    config, seq2seq = model.generation_config, model.config.is_encoder_decoder
    start = 1 if seq2seq else inputs["input_ids"].shape[1]
    beams = config.num_beams or 1
    ends = _ends(config)
    cache = SharedEncoderCache(DynamicCache(), DynamicCache()) if seq2seq and beams > 1 else None
    rows = model.generate(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        max_new_tokens=max(bound.max_tokens for bound in bounds),
        logits_processor=ProcessorList([RowBounds(bounds, beams, start, ends)]),
        **({} if cache is None else {"past_key_values": cache}),  # an empty cache is false
    )
    return [list(takewhile(lambda token: token not in ends, row)) for row in rows[:, start:].tolist()]


def _ends(config: GenerationConfig) -> list[int]:
    ends = config.eos_token_id
    if ends is None:
        raise ValueError("the model has no token that ends a text (eos_token_id)")
    return [ends] if isinstance(ends, int) else list(ends)
