import re
import shutil
from pathlib import Path

import pytest

from newsmoe.errors import CardError
from newsmoe.registry.cards import Card, builtin_folder, read_card

LEAST = 'name = "mine"\ntask = "topic"\nkind = "lead"\ndescription = "d"\n'


def write(folder: Path, text: str) -> Path:
    (folder / "expert.toml").write_text(text, encoding="utf-8")
    return folder


def test_a_card_needs_name_task_kind_and_description_only(tmp_path: Path) -> None:
    card = read_card(write(tmp_path, LEAST))
    assert (card.name, card.task, card.kind, card.description) == ("mine", "topic", "lead", "d")
    assert (card.languages, card.needs_content, card.settings, card.quality) == ((), False, {}, [])
    assert card.folder == tmp_path


def test_a_card_says_where_its_weights_come_from_and_how_good_they_are(tmp_path: Path) -> None:
    text = (
        LEAST + '[training]\ndata = ["A (MIT)"]\ncommand = "train it"\n'
        '[[quality]]\ndata = "A, dev"\n[quality.figures]\naccuracy = 0.5\nmacro-F1 = 0.25\n'
    )
    card = read_card(write(tmp_path, text))
    assert card.training is not None
    assert card.training.data == ["A (MIT)"]
    assert card.quality[0].figures == {"accuracy": 0.5, "macro-F1": 0.25}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (LEAST.replace("kind", "kinds"), "kind: is missing; unknown key 'kinds'; did you mean 'kind'?"),
        (LEAST + 'licens = "MIT"', "unknown key 'licens'; did you mean 'licence'?"),
        (
            LEAST + '[[quality]]\ndta = "x"\n[quality.figures]\na = 1',
            "unknown key 'quality 1.dta'; did you mean 'data'?",
        ),
        (LEAST + '[[quality]]\ndata = "x"\n[quality.figures]\na = true', "quality 1.figures.a: must be a number"),
        (LEAST.replace("mine", "Mine"), "name: must be lower-case letters"),
        (LEAST.replace("mine", "../mine"), "name: must be lower-case letters"),
        (LEAST.replace("topic", ""), "task: must be lower-case letters"),
        (LEAST + 'languages = "en"', "languages: must be a list"),
        (LEAST + 'languages = ["Englisch"]', "languages: 'Englisch' is no language; use a code such as en"),
        (LEAST + "[settings", "no valid TOML: "),
        (LEAST + "description = 'again'", "no valid TOML: Cannot overwrite a value (at "),
    ],
)
def test_an_inconsistent_card_is_reported_with_file_and_key(tmp_path: Path, text: str, problem: str) -> None:
    path = write(tmp_path, text) / "expert.toml"
    with pytest.raises(CardError, match=f"^{re.escape(str(path))}: .*{re.escape(problem)}"):
        read_card(tmp_path)


def test_a_folder_without_a_card_is_reported(tmp_path: Path) -> None:
    with pytest.raises(CardError, match=r"expert\.toml: cannot be read: .*No such file"):
        read_card(tmp_path)


def test_a_card_that_is_not_utf_8_is_reported(tmp_path: Path) -> None:
    (tmp_path / "expert.toml").write_bytes(b'name = "\xff"')
    with pytest.raises(CardError, match=r"not in UTF-8 \(at line 1\); save it in that encoding"):
        read_card(tmp_path)


@pytest.mark.parametrize("name", ["en", "EN", "English", "en-GB", "eng"])
def test_a_language_may_be_named_in_the_ways_that_articles_name_it(tmp_path: Path, name: str) -> None:
    assert read_card(write(tmp_path, f'{LEAST}languages = ["{name}", "nds"]')).languages == ("en", "nds")


def test_changed_settings_replace_key_by_key_and_leave_the_card_alone() -> None:
    card = Card(name="a", task="t", kind="lead", description="d", settings={"sentences": 3, "max_tokens": 9})
    changed = card.with_settings({"sentences": 5})
    assert changed.settings == {"sentences": 5, "max_tokens": 9}
    assert card.settings["sentences"] == 3


@pytest.fixture
def trained(tmp_path: Path) -> Path:
    """A copy of an expert with weights."""
    return Path(shutil.copytree(builtin_folder() / "sentiment-news", tmp_path / "copy"))


def test_the_fingerprint_does_not_depend_on_where_the_card_lies(trained: Path) -> None:
    original = read_card(builtin_folder() / "sentiment-news")
    assert read_card(trained).fingerprint() == original.fingerprint()
    assert re.fullmatch(r"[0-9a-f]{16}", original.fingerprint())


def test_the_fingerprint_changes_with_settings_and_with_weights(trained: Path) -> None:
    card = read_card(trained)
    seen = {card.fingerprint()}
    seen.add(card.with_settings({"temperature": 2.0}).fingerprint())
    seen.add(card.model_copy(update={"kind": "zero-shot"}).fingerprint())
    seen.add(card.model_copy(update={"name": "other"}).fingerprint())
    weights = bytearray((trained / "head.safetensors").read_bytes())
    weights[-1] ^= 1
    (trained / "head.safetensors").write_bytes(weights)
    seen.add(card.fingerprint())
    (trained / "adapter.safetensors").write_bytes(b"more")
    seen.add(card.fingerprint())
    assert len(seen) == 6


def test_the_fingerprint_does_not_change_with_descriptive_keys(trained: Path) -> None:
    card = read_card(trained)
    other = card.model_copy(update={"description": "better", "licence": "MIT", "training": None})
    (trained / "README.md").write_text("other")
    assert other.fingerprint() == card.fingerprint()


@pytest.mark.parametrize("path", sorted(builtin_folder().glob("*/expert.toml")), ids=lambda path: path.parent.name)
def test_a_built_in_card_is_named_like_its_folder_and_states_its_licence(path: Path) -> None:
    card = read_card(path.parent)
    assert card.name == path.parent.name
    assert card.licence
    assert card.description.endswith(".")


@pytest.mark.parametrize("weights", sorted(builtin_folder().glob("*/head.safetensors")), ids=str)
def test_weights_trained_here_state_their_data_and_quality(weights: Path) -> None:
    card = read_card(weights.parent)
    assert card.training is not None
    assert card.training.data
    assert card.quality
