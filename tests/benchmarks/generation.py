"""How much faster a `seq2seq-summarization` expert is than the usual loop, and what each step gains.

    python -m tests.benchmarks.generation ARTICLES.json [--sample 12] [--repeats 2] [--threads 2]

No weights are downloaded: `sshleifer/distilbart-cnn-6-6` is built in its published shape with random
weights, which take as long as the real ones, and a tokenizer of its kind is trained on the articles. 65
new tokens are forced, about as many as the real one writes, with its 4 beams. The loop passes one article
at a time to `generate`. Each row of the table adds a step to the previous one, on the same texts,
truncated at the model's limit, with the same weights; loading is not included. The loop is timed once,
all else `--repeats` times, and the lowest time counts. Processor seconds, over all threads, are more
reliable on a busy machine, whose load is shown. A summary is the same if all its tokens are those of the
loop.
"""

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, NamedTuple
from unittest.mock import patch

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import BartConfig, BartForConditionalGeneration, EncoderDecoderCache, RobertaTokenizer

from newsmoe.article import Article
from newsmoe.ingest.source import open_source
from newsmoe.registry import batching
from newsmoe.registry.batching import cut_batches
from newsmoe.registry.device import Device
from newsmoe.registry.hub import generation
from newsmoe.registry.hub.chunks import Chunk
from newsmoe.registry.hub.loading import quiet
from newsmoe.registry.kinds.seq2seq import Seq2Seq
from newsmoe.registry.registry import Registry
from tests.benchmarks.tutorial import BEAMS, DISTILBART, NEW_TOKENS

CARD = f"""
name = "distilbart"
task = "summarization"
kind = "seq2seq-summarization"
description = "random weights"
[settings]
model = "./model"
num_beams = {BEAMS}
min_new_tokens = {NEW_TOKENS}
max_new_tokens = {NEW_TOKENS}
"""


Rows = list[list[int]]
Batches = Callable[[Sequence[int], int], Iterator[list[int]]]


class Timed(NamedTuple):
    """Summaries, and the time that they took."""

    rows: Rows  # tokens of each summary
    seconds: float
    processor: float  # seconds, over all threads


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles")
    parser.add_argument("--sample", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    with open_source(arguments.articles) as source:
        items = [item for item in source.articles() if isinstance(item, Article) and item.content]
    sample = _spread(items, arguments.sample)
    with tempfile.TemporaryDirectory() as folder:
        _save_model(Path(folder) / "distilbart" / "model", [item.content for item in items])
        (Path(folder) / "distilbart" / "expert.toml").write_text(CARD, encoding="utf-8")
        expert = _expert(Path(folder), "fp32")
        chunks = [expert.split(article).chunks[0] for article in sample]
        _say(f"{len(chunks)} articles of {sorted(chunk.tokens for chunk in chunks)} tokens")
        _say(f"{'':32}{'seconds':>9}{'times':>7}{'processor s':>13}{'times':>7}{'same':>6}{'load':>6}")
        loop = _row("the loop, one at a time", lambda: _loop(expert, chunks), None, 1)
        add = partial(_row, loop=loop, repeats=arguments.repeats)
        with patch.object(generation, "SharedEncoderCache", EncoderDecoderCache):
            add("batches, as they come", lambda: _batched(expert, chunks, as_they_come))
            add("+ of like length", lambda: _batched(expert, chunks))
        add("+ beams share the encoder's cache", lambda: _batched(expert, chunks))
        expert = _expert(Path(folder), "int8")
        add("+ int8", lambda: _batched(expert, chunks))


def _spread(items: Sequence[Article], size: int) -> list[Article]:
    """Return a sample of the articles, evenly spread over their lengths, in their order."""
    by_length = sorted(range(len(items)), key=lambda place: len(items[place].content))
    step = len(items) / size
    places = sorted(by_length[int(step * (number + 0.5))] for number in range(size))
    return [items[place] for place in places]


def _row(name: str, write: Callable[[], Rows], loop: Timed | None, repeats: int) -> Timed:
    load = os.getloadavg()[0]
    result = min((_timed(write) for _ in range(repeats)), key=lambda timed: timed.processor)
    base = loop or result
    same = sum(row == other for row, other in zip(result.rows, base.rows, strict=True))
    _say(
        f"{name:32}{result.seconds:9.1f}{base.seconds / result.seconds:7.2f}"
        f"{result.processor:13.1f}{base.processor / result.processor:7.2f}{same:6}{load:6.1f}"
    )
    return result


def _timed(write: Callable[[], Rows]) -> Timed:
    started, used = perf_counter(), process_time()
    rows = write()
    return Timed(rows, perf_counter() - started, process_time() - used)


def _save_model(folder: Path, texts: Sequence[str]) -> None:
    byte_pairs = ByteLevelBPETokenizer()
    byte_pairs.train_from_iterator(
        texts, 30_000, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"], show_progress=False
    )
    folder.mkdir(parents=True)
    byte_pairs.save_model(str(folder))
    tokenizer = RobertaTokenizer(vocab=str(folder / "vocab.json"), merges=str(folder / "merges.txt"))
    torch.manual_seed(0)
    # the published 0.02 leaves all tokens about equally likely, which no trained model does
    model = BartForConditionalGeneration(BartConfig(**DISTILBART, init_std=0.05))
    with quiet():
        tokenizer.save_pretrained(folder)
        model.save_pretrained(folder)


def _expert(folder: Path, precision: str) -> Seq2Seq:
    changes = {"distilbart": {"precision": precision}}
    expert = Registry([folder], changes, plugins=False, builtin=False).build("distilbart")
    expert.load(Device())
    if not isinstance(expert, Seq2Seq):
        raise TypeError(f"expected a Seq2Seq expert: {type(expert).__name__}")
    return expert


@torch.inference_mode()
def _loop(expert: Seq2Seq, chunks: Sequence[Chunk]) -> Rows:
    """Return the summaries of the loop, by the expert's model and tokenizer."""
    model: Any = expert.model
    rows = []
    for chunk in chunks:
        ids = expert.tokenizer(chunk.text, return_tensors="pt")["input_ids"]
        row = model.generate(
            ids, num_beams=BEAMS, do_sample=False, min_new_tokens=NEW_TOKENS - 1, max_new_tokens=NEW_TOKENS
        )
        rows.append(row[0, 1:-1].tolist())  # without the start and end tokens
    return rows


def _batched(expert: Seq2Seq, chunks: Sequence[Chunk], batches: Batches = cut_batches) -> Rows:
    """Return the summaries of the expert, in batches cut by `batches`."""
    with patch.object(batching, "cut_batches", batches):
        return expert.in_batches(chunks, expert.generate)


def as_they_come(lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """Yield batches within the budget of `cut_batches`, in the order of the articles."""
    batch: list[int] = []
    for index, length in enumerate(lengths):
        longest = max([length, *(lengths[other] for other in batch)])
        if batch and longest * (len(batch) + 1) > max_tokens:
            yield batch
            batch = []
        batch.append(index)
    yield batch


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main()
