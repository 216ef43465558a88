"""How much faster `newsmoe` is than the usual script: distilbart and distilbert in a loop over the articles.

    python -m tests.benchmarks.tutorial ARTICLES.json [--sample 6]

No weights are downloaded: the models of `sshleifer/distilbart-cnn-6-6` and
`distilbert-base-uncased-finetuned-sst-2-english` are built in their published shapes with random weights,
which take as long as the real ones. Random models do not know where a summary ends, so 65 new tokens are
forced, about as many as the real one writes, with its 4 beams. As in the script, both models read one article
at a time. Texts are truncated at the models' limits; the script does not do that and fails on long ones.
Tokens are counted by the backbone's tokenizer, whose counts on English are close to those of the two models.

The loop is timed on a sample, evenly spread over the articles by length, without loading; `newsmoe analyze`
is timed as a command, with start-up, loading and writing, on its second run.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import torch
from transformers import BartConfig, BartForConditionalGeneration, DistilBertConfig, DistilBertForSequenceClassification

from newsmoe.article import Article
from newsmoe.ingest.source import open_source
from newsmoe.registry.backbone.pool import BackbonePool
from newsmoe.registry.device import Device

NEW_TOKENS, BEAMS = 65, 4
BART_LIMIT, DISTILBERT_LIMIT = 1024, 512
DISTILBART = {
    "vocab_size": 50264,
    "d_model": 1024,
    "encoder_layers": 6,
    "decoder_layers": 6,
    "encoder_ffn_dim": 4096,
    "decoder_ffn_dim": 4096,
    "encoder_attention_heads": 16,
    "decoder_attention_heads": 16,
    "max_position_embeddings": 1024,
}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("articles")
    parser.add_argument("--sample", type=int, default=6)
    arguments = parser.parse_args()
    lengths = sorted(_lengths(arguments.articles))
    step = len(lengths) / arguments.sample
    sample = [lengths[int(step * (place + 0.5))] for place in range(arguments.sample)]
    ours = [_newsmoe(arguments.articles) for _ in range(2)][-1]
    print(f"newsmoe analyze: {len(lengths)} articles in {ours:.1f} s")
    theirs = _loop(sample)
    whole = theirs / len(sample) * len(lengths)
    print(
        f"the loop: {len(sample)} articles of {sample} tokens in {theirs:.1f} s, so {whole:.0f} s for all;"
        f" newsmoe is {whole / ours:.0f} times as fast"
    )


def _lengths(articles: str) -> list[int]:
    backbone = BackbonePool().backbone(Device())
    with open_source(articles) as source:
        read = [backbone.read(item) for item in source.articles() if isinstance(item, Article)]
    return [sum(map(len, reading.windows)) for reading in read]


def _newsmoe(articles: str) -> float:
    start = [sys.executable, "-c", "from newsmoe.cli.app import main; main()"]
    command = [*start, "analyze", articles, "-q", "--no-journal"]  # or the second run reads from the first's
    with tempfile.TemporaryDirectory() as folder:
        started = perf_counter()
        subprocess.run([*command, "-o", str(Path(folder) / "out.json")], check=True)
        return perf_counter() - started


@torch.inference_mode()
def _loop(sample: list[int]) -> float:
    torch.manual_seed(0)
    bart = BartForConditionalGeneration(BartConfig(**DISTILBART)).eval()
    distilbert = DistilBertForSequenceClassification(DistilBertConfig()).eval()
    started = perf_counter()
    for tokens in sample:
        ids = torch.randint(10, 20_000, (1, tokens))
        bart.generate(
            ids[:, :BART_LIMIT], num_beams=BEAMS, do_sample=False, min_new_tokens=NEW_TOKENS, max_new_tokens=NEW_TOKENS
        )
        distilbert(ids[:, :DISTILBERT_LIMIT])
    return perf_counter() - started


if __name__ == "__main__":
    main()
