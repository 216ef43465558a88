import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.text.mojibake import without_mojibake

LETTERS = "é ü ñ ç ’ “ ” – … € ° £ Ö É Ñ ß"


@pytest.mark.parametrize("encoding", ["cp1252", "latin-1"])
@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("letter", LETTERS.split())
def test_letters_that_were_decoded_wrongly_are_restored(letter: str, times: int, encoding: str) -> None:
    text = broken = f"The café’s owners {letter} and the mayor"
    for _ in range(times):
        broken = "".join(bytes([byte]).decode(encoding, "ignore") or chr(byte) for byte in broken.encode())
    assert without_mojibake(broken) == text


@pytest.mark.parametrize(
    "text", ["LE CAFÉ’S", "“IRMÃ”", "À’", "NÃO – MAÇÃ\xa0", "crâne", "mâche à l’œil", "ÂGE", "Über ‘Ä’ — Ô"]
)
def test_other_letters_stay(text: str) -> None:
    assert without_mojibake(text) == text


@given(st.text(st.characters(max_codepoint=0x2122)))
def test_what_was_restored_once_stays(text: str) -> None:
    restored = without_mojibake(text)
    assert len(restored) <= len(text)
    assert without_mojibake(f"é{restored.replace('Ã', '').replace('Â', '').replace('â', '')}")
