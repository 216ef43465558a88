import json
from pathlib import Path

import pytest

from newsmoe.datasets.tagged import TaggedSource
from newsmoe.errors import InputError


def entities(folder: Path, *elements: object, **settings: object) -> list[list[tuple[str, str]]]:
    (folder / "tagged.jsonl").write_text("".join(json.dumps(element) + "\n" for element in elements))
    source = TaggedSource.model_validate({"path": "tagged.jsonl", **settings})
    return [
        [(article.content[start:end], type) for start, end, type in spans] for article, spans in source.examples(folder)
    ]


SENTENCE = {
    "tokens": ["Ada", "Lovelace", "(", "London", ")", "met", "Acme", "'s", "man", "."],
    "tags": ["B-Person", "I-Person", "O", "B-Location", "O", "O", "B-Organization", "O", "O", "O"],
}


def test_words_and_tags_become_a_text_with_entities(tmp_path: Path) -> None:
    expected = [("Ada Lovelace", "Person"), ("London", "Location"), ("Acme", "Organization")]
    assert entities(tmp_path, SENTENCE) == [expected]
    (article, _) = next(TaggedSource(path="tagged.jsonl").examples(tmp_path))
    assert article.content == "Ada Lovelace (London) met Acme's man."


def test_sentences_are_apart_in_the_text(tmp_path: Path) -> None:
    (both,) = entities(tmp_path, {"sentences": [SENTENCE, SENTENCE]}, sentences="sentences")
    assert len(both) == 6


def test_types_are_mapped_and_others_left_out(tmp_path: Path) -> None:
    assert entities(tmp_path, SENTENCE, types={"Person": "PER"}) == [[("Ada Lovelace", "PER")]]


def test_what_is_inside_of_nothing_begins_an_entity(tmp_path: Path) -> None:
    element = {"tokens": ["Ada", "Acme", "Mills"], "tags": ["I-Person", "I-Organization", "I-Organization"]}
    assert entities(tmp_path, element) == [[("Ada", "Person"), ("Acme Mills", "Organization")]]


def test_entities_of_one_type_may_follow_each_other(tmp_path: Path) -> None:
    element = {"tokens": ["Ada", "Byron"], "tags": ["B-Person", "B-Person"]}
    assert entities(tmp_path, element) == [[("Ada", "Person"), ("Byron", "Person")]]


@pytest.mark.parametrize(
    ("element", "message"),
    [
        ({"tokens": ["a"], "tags": []}, "element 1: 1 words but 0 tags"),
        ({"tokens": ["a"], "labels": ["O"]}, "expected a list of texts under 'tags'; keys: 'tokens', 'labels'"),
        ({"tokens": "a", "tags": ["O"]}, "expected a list of texts under 'tokens'"),
    ],
)
def test_what_is_wrong_with_an_element_is_said(tmp_path: Path, element: object, message: str) -> None:
    with pytest.raises(InputError, match=message):
        entities(tmp_path, element)
