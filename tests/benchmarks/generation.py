"""How much faster a `seq2seq-summarization` expert is than the usual loop, with the same tokens out.

    python -m tests.benchmarks.generation ARTICLES.json [--sample 12] [--precision fp32 int8]

No weights are downloaded: `sshleifer/distilbart-cnn-6-6` is built in its published shape with random weights,
which take as long as the real ones, and a tokenizer of its kind is trained on the articles. 65 new tokens
are forced, about what the real one writes, with its 4 beams. The loop gives one article at a time to
`generate`; the expert gets all of them at once. Both read the same text, cut where the model ends, with the
same weights. Each way is timed once the models are loaded.
"""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import torch
from tokenizers import ByteLevelBPETokenizer
from transformers import BartConfig, BartForConditionalGeneration, RobertaTokenizer

from newsmoe.analysis import Summary
from newsmoe.article import Article
from newsmoe.registry.expert import Device
from newsmoe.registry.hub.loading import quiet
from newsmoe.registry.kinds.seq2seq import Seq2Seq, whole_sentences
from newsmoe.registry.registry import Registry
from newsmoe.storage.readers import open_source
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles")
    parser.add_argument("--sample", type=int, default=12)
    parser.add_argument("--precision", nargs="+", default=["fp32", "int8"])
    asked = parser.parse_args()
    torch.set_num_threads(2)
    with open_source(asked.articles) as source:
        items = [item for item in source.articles() if isinstance(item, Article) and item.content]
    items.sort(key=lambda item: len(item.content))
    step = len(items) / asked.sample
    sample = [items[int(step * (place + 0.5))] for place in range(asked.sample)]
    with tempfile.TemporaryDirectory() as folder:
        _save_model(Path(folder) / "distilbart" / "model", [item.content for item in items])
        (Path(folder) / "distilbart" / "expert.toml").write_text(CARD, encoding="utf-8")
        expected, loop = [], 0.0
        for precision in asked.precision:
            expert = _expert(Path(folder), precision)
            if not expected:
                expected, loop = _loop(expert, sample)
                _say(f"the loop: {len(sample)} articles in {loop:.1f} s")
            started = perf_counter()
            answers = expert.predict(sample)
            seconds = perf_counter() - started
            texts = [answer.text for answer in answers if isinstance(answer, Summary)]
            same = sum(one == other for one, other in zip(texts, expected, strict=True))
            _say(
                f"{precision}: {seconds:.1f} s, {loop / seconds:.2f} times as fast, {same} summaries the same"
            )


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
        raise TypeError(f"not the kind that is measured: {type(expert).__name__}")
    return expert


@torch.inference_mode()
def _loop(expert: Seq2Seq, sample: Sequence[Article]) -> tuple[list[str], float]:
    """Return what the loop writes and how long it takes, with the expert's own model and tokenizer."""
    model: Any = expert.model
    texts = [expert.cut(article, expert.limit).pieces[0].text for article in sample]
    found, started = [], perf_counter()
    for text in texts:
        ids = expert.tokenizer(text, return_tensors="pt")["input_ids"]
        row = model.generate(
            ids, num_beams=BEAMS, do_sample=False, min_new_tokens=NEW_TOKENS - 1, max_new_tokens=NEW_TOKENS
        )
        found.append(expert.tokenizer.decode(row[0], skip_special_tokens=True))
    seconds = perf_counter() - started
    return [whole_sentences(text, finished=False) for text in found], seconds


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # a benchmark's result


if __name__ == "__main__":
    main()
