import json
from pathlib import Path

import pytest

from newsmoe.datasets.targets import TargetSource
from newsmoe.errors import InputError

TEXT = "Ada King praised Lin Marsh. King smiled."


def examples(folder: Path, element: object, **settings: object) -> list[tuple[list[str], str]]:
    (folder / "t.jsonl").write_text(json.dumps(element) + "\n")
    source = TargetSource.model_validate({"path": "t.jsonl", "content": "text", **settings})
    read = list(source.examples(folder))
    for article, mentions, _ in read:
        assert all(article.content[start:end] == text for text, _, start, end in mentions)
    return [([mention.text for mention in mentions], label) for _, mentions, label in read]


def test_a_target_is_where_its_name_stands_and_its_last_word(tmp_path: Path) -> None:
    element = {"text": TEXT, "target": "Ada King", "label": "positive"}
    assert examples(tmp_path, element) == [(["Ada King", "King"], "positive")]


def test_a_target_is_where_the_data_says(tmp_path: Path) -> None:
    element = {"text": TEXT, "target": "King", "from": 28, "to": 32, "label": "positive"}
    assert examples(tmp_path, element, start="from", end="to") == [(["King"], "positive")]


def test_a_text_may_have_several_targets(tmp_path: Path) -> None:
    element = {"text": TEXT, "tones": {"King": "neutral", "Marsh": "positive", "Byron": "negative"}}
    assert examples(tmp_path, element, targets="tones") == [(["King", "King"], "neutral"), (["Marsh"], "positive")]


def test_labels_are_mapped_and_others_left_out(tmp_path: Path) -> None:
    element = {"text": TEXT, "tones": {"King": "good", "Marsh": "odd"}}
    assert examples(tmp_path, element, targets="tones", labels={"good": "positive"}) == [(["King", "King"], "positive")]


@pytest.mark.parametrize(
    ("element", "settings", "message"),
    [
        ({"text": TEXT, "target": "King"}, {}, "no value under 'label'; keys: 'text', 'target'"),
        ({"text": TEXT, "tones": ["King"]}, {"targets": "tones"}, "expected an object of labels by target"),
        (
            {"text": TEXT, "target": "King", "label": "x", "from": 9, "to": 99},
            {"start": "from", "end": "to"},
            "the target is from 9 to 99 in a text of 40 characters",
        ),
    ],
)
def test_what_is_wrong_with_an_element_is_said(
    tmp_path: Path, element: object, settings: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        examples(tmp_path, element, **settings)
