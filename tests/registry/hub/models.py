"""Tiny real models with their tokenizers, saved as those on the hub are; their weights are random.

Nothing here is learned but the vocabularies, from the sample in the repository, so a summary is gibberish
and a label is arbitrary. Both depend on the text, though, and are the same in every run.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch
import transformers as hf
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from tests.support import SAMPLE

SEED = 19
VOCABULARY = 1000

LIMIT = 64
"""How many tokens a model takes; LED takes twice, Mixtral eight times as many."""

SENTIMENT = ("negative", "neutral", "positive")
NLI = ("contradiction", "neutral", "entailment")
TAGS = ("O", "B-PER", "I-PER", "B-LOC")

CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "{% if message['role'] == 'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}"
    "{% elif message['role'] == 'assistant' %}{{ ' ' + message['content'] + eos_token }}"
    "{% else %}{{ raise_exception('Only user and assistant roles are supported!') }}{% endif %}"
    "{% endfor %}"
)
"""Mixtral's, which has no system role."""

BART_SIZES: dict[str, Any] = {
    "d_model": 32,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 64,
    "decoder_ffn_dim": 64,
    "init_std": 0.3,  # so much that two texts differ; also below
}
T5_SIZES: dict[str, Any] = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 2, "num_heads": 2}
BERT_SIZES: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "initializer_range": 0.3,
}

TrainedExpert = tuple["hf.PreTrainedModel", "hf.PreTrainedTokenizerBase"]
"""In quotes, as below: transformers imports a class when it is named, and every run of pytest imports this module."""

Pieces = list[tuple[str, float]]


def make_model(architecture: str, folder: Path) -> Path:
    """Save a tiny model of one of `ARCHITECTURES` in `folder`, with its tokenizer; return the folder."""
    with torch.random.fork_rng(devices=()), torch.no_grad():
        torch.manual_seed(SEED)
        model, tokenizer = ARCHITECTURES[architecture]()
        _enliven(model, tokenizer)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_pickle_only(folder: Path, copy: Path) -> Path:
    """Copy the model in `folder`, its weights as a pickle of PyTorch's instead of safetensors."""
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    torch.save(load_file(folder / "model.safetensors"), copy / "pytorch_model.bin")
    return copy


def _bart() -> TrainedExpert:
    tokenizer = hf.RobertaTokenizer(**_byte_level(), model_max_length=LIMIT)
    config = hf.BartConfig(vocab_size=len(tokenizer), max_position_embeddings=LIMIT, **BART_SIZES)
    model = hf.BartForConditionalGeneration(config)
    model.generation_config = hf.GenerationConfig(
        bos_token_id=0,
        pad_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=2,
        forced_bos_token_id=0,
        forced_eos_token_id=2,
        max_length=40,
        min_length=5,
        num_beams=4,
        length_penalty=2.0,
        no_repeat_ngram_size=3,
        early_stopping=True,
    )
    return model, tokenizer


def _led() -> TrainedExpert:
    tokenizer = hf.RobertaTokenizer(**_byte_level(), model_max_length=2 * LIMIT)
    config = hf.LEDConfig(
        vocab_size=len(tokenizer),
        max_encoder_position_embeddings=2 * LIMIT,
        max_decoder_position_embeddings=LIMIT,
        attention_window=16,
        **BART_SIZES,
    )
    model = hf.LEDForConditionalGeneration(config)
    model.generation_config.update(max_length=40, num_beams=2, no_repeat_ngram_size=3, early_stopping=True)
    return model, tokenizer


def _pegasus() -> TrainedExpert:
    unused = [f"<unk_{number}>" for number in range(2, 103)]
    tokenizer = hf.PegasusTokenizer(
        vocab=_pieces("<pad>", "</s>", "<mask_1>", "<mask_2>", *unused, "<unk>"), model_max_length=LIMIT
    )
    config = hf.PegasusConfig(vocab_size=len(tokenizer), max_position_embeddings=LIMIT, **BART_SIZES)
    model = hf.PegasusForConditionalGeneration(config)
    model.generation_config.update(max_length=LIMIT, num_beams=4, length_penalty=0.6)
    return model, tokenizer


def _t5_tokenizer() -> "hf.T5Tokenizer":
    sentinels = [(f"<extra_id_{number}>", 0.0) for number in reversed(range(100))]
    return hf.T5Tokenizer(vocab=_pieces("<pad>", "</s>", "<unk>") + sentinels, model_max_length=LIMIT)


def _t5() -> TrainedExpert:
    tokenizer = _t5_tokenizer()
    summarization = {
        "early_stopping": True,
        "length_penalty": 2.0,
        "max_length": 40,
        "min_length": 5,
        "no_repeat_ngram_size": 3,
        "num_beams": 4,
        "prefix": "summarize: ",
    }
    config = hf.T5Config(
        vocab_size=len(tokenizer),
        decoder_start_token_id=0,
        n_positions=LIMIT,
        task_specific_params={"summarization": summarization},
        **T5_SIZES,
    )
    return hf.T5ForConditionalGeneration(config), tokenizer


def _switch_transformers() -> TrainedExpert:
    tokenizer = _t5_tokenizer()
    config = hf.SwitchTransformersConfig(
        vocab_size=len(tokenizer),
        decoder_start_token_id=0,
        num_experts=4,
        num_decoder_layers=2,
        num_sparse_encoder_layers=1,
        num_sparse_decoder_layers=1,
        **T5_SIZES,
    )
    return hf.SwitchTransformersForConditionalGeneration(config), tokenizer


def _distilbert() -> TrainedExpert:
    tokenizer = hf.DistilBertTokenizer(vocab=_word_pieces(), model_max_length=LIMIT)
    config = hf.DistilBertConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=LIMIT,
        dim=32,
        n_layers=1,
        n_heads=2,
        hidden_dim=64,
        initializer_range=0.3,
        **_labels(SENTIMENT),
    )
    return hf.DistilBertForSequenceClassification(config), tokenizer


def _tagger() -> TrainedExpert:
    tokenizer = hf.DistilBertTokenizer(vocab=_word_pieces(), model_max_length=LIMIT)
    sizes: dict[str, Any] = {"dim": 32, "n_layers": 1, "n_heads": 2, "hidden_dim": 64, "initializer_range": 0.3}
    config = hf.DistilBertConfig(vocab_size=len(tokenizer), max_position_embeddings=LIMIT, **sizes, **_labels(TAGS))
    return hf.DistilBertForTokenClassification(config), tokenizer


def _roberta() -> TrainedExpert:
    tokenizer = hf.RobertaTokenizer(**_byte_level(), model_max_length=LIMIT)
    config = hf.RobertaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=LIMIT + 2,  # its positions are counted from 2
        type_vocab_size=1,
        **BERT_SIZES,
        **_labels(SENTIMENT),
    )
    return hf.RobertaForSequenceClassification(config), tokenizer


def _deberta_v2() -> TrainedExpert:
    vocabulary = [*_pieces("[PAD]", "[CLS]", "[SEP]", "[UNK]"), ("[MASK]", 0.0)]
    tokenizer = hf.DebertaV2Tokenizer(vocab=vocabulary)
    config = hf.DebertaV2Config(
        vocab_size=len(tokenizer),
        max_position_embeddings=LIMIT,
        relative_attention=True,
        position_buckets=32,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        pos_att_type=["p2c", "c2p"],
        position_biased_input=False,
        **BERT_SIZES,
        **_labels(SENTIMENT),
    )
    return hf.DebertaV2ForSequenceClassification(config), tokenizer


def _nli() -> TrainedExpert:
    tokenizer = hf.BertTokenizer(vocab=_word_pieces(), model_max_length=LIMIT)
    config = hf.BertConfig(vocab_size=len(tokenizer), max_position_embeddings=LIMIT, **BERT_SIZES, **_labels(NLI))
    return hf.BertForSequenceClassification(config), tokenizer


def _mixtral() -> TrainedExpert:
    vocabulary, merges = _byte_pairs("<unk>", "<s>", "</s>")
    backend = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", vocabulary["<s>"])]
    )
    tokenizer = hf.PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    )
    tokenizer.chat_template = CHAT_TEMPLATE
    config = hf.MixtralConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=8 * LIMIT,
        num_key_value_heads=1,
        num_local_experts=4,
        **BERT_SIZES,
    )
    return hf.MixtralForCausalLM(config), tokenizer


ARCHITECTURES: Mapping[str, Callable[[], TrainedExpert]] = {
    "bart": _bart,
    "t5": _t5,
    "pegasus": _pegasus,
    "led": _led,
    "switch-transformers": _switch_transformers,
    "distilbert": _distilbert,
    "tagger": _tagger,
    "roberta": _roberta,
    "deberta-v2": _deberta_v2,
    "nli": _nli,
    "mixtral": _mixtral,
}


def _enliven(model: "hf.PreTrainedModel", tokenizer: "hf.PreTrainedTokenizerBase") -> None:
    """Make what a decoder says depend on the text more than on its last token, and readable."""
    if model.config.is_encoder_decoder:
        decoder = dict(model.get_decoder().named_modules())
        for name, module in decoder.items():
            if name.endswith(("encoder_attn.out_proj", "EncDecAttention.o", "EncDecAttention.q")):
                module.weight *= 4
        last = [module for name, module in decoder.items() if name.endswith("norm")][-1]
        last.weight.normal_()  # with ones, a token is by its embedding the likeliest to follow itself
    if model.can_generate():
        vocabulary = tokenizer.get_vocab()
        odd = [index for token, index in vocabulary.items() if len(token) == 1 and not token.isascii()]
        model.get_output_embeddings().weight[odd] = 0  # bytes that are no letters by themselves


def _labels(names: tuple[str, ...]) -> dict[str, Any]:
    return {"id2label": dict(enumerate(names)), "label2id": {name: label for label, name in enumerate(names)}}


@cache
def _texts() -> list[str]:
    elements = json.loads(SAMPLE.read_text(encoding="utf-8"))
    return [f"{element['headline']}\n{element['content'] or ''}" for element in elements]


@cache
def _byte_pairs(*special: str) -> tuple[dict[str, int], list[tuple[str, str]]]:
    """Learn the vocabulary and merges of byte-level BPE."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    model = json.loads(tokenizer.to_str())["model"]
    return model["vocab"], [(left, right) for left, right in model["merges"]]


def _byte_level() -> dict[str, Any]:
    """Give the vocabulary of RoBERTa, BART and LED, which has the mask at its end."""
    vocabulary, merges = _byte_pairs("<s>", "<pad>", "</s>", "<unk>")
    return {"vocab": {**vocabulary, "<mask>": len(vocabulary)}, "merges": merges}


@cache
def _word_pieces() -> dict[str, int]:
    """Learn the vocabulary of BERT."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    letters = sorted(set(tokenizer.normalizer.normalize_str("".join(_texts()))) - set(" "))
    # With the letters' order given, what merges first among equals does not change from run to run.
    inner = [f"##{letter}" for letter in letters]
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *inner]
    trainer = trainers.WordPieceTrainer(vocab_size=VOCABULARY, special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(_texts(), trainer)
    return tokenizer.get_vocab()


def _pieces(*special: str) -> Pieces:
    """Give the pieces of a unigram model, the special ones first."""
    return [(token, 0.0) for token in special] + _unigram()


@cache
def _unigram() -> Pieces:
    """Learn what sentencepiece does."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    trainer = trainers.UnigramTrainer(
        vocab_size=VOCABULARY, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(_texts(), trainer)
    learned = json.loads(tokenizer.to_str())["model"]["vocab"]
    learned = [(piece, score) for piece, score in learned if piece != "<unk>"]
    # Rare letters have the lowest scores, all but equal, in an order that changes from run to run.
    lowest = min(score for _, score in learned)
    pieces = [(piece, round(max(score, lowest + 0.01), 3)) for piece, score in learned]
    return sorted(pieces, key=lambda piece: (-piece[1], piece[0]))
