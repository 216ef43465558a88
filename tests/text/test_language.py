import pytest

from newsmoe.text.language import identify_language

ENGLISH = "The council approved the new budget on Tuesday after a long debate about the tram line."
GERMAN = "Der Stadtrat hat am Dienstag nach einer langen Debatte den neuen Haushalt beschlossen."


@pytest.mark.parametrize(
    ("text", "language"),
    [
        (ENGLISH, "en"),
        (ENGLISH.upper(), "en"),
        (GERMAN, "de"),
        ("El ayuntamiento aprobó el martes el nuevo presupuesto tras un largo debate.", "es"),
        ("Le conseil municipal a adopté mardi le nouveau budget après un long débat.", "fr"),
        ("市议会周二经过长时间辩论后批准了新的预算案，并同意修建一条新的电车线路。", "zh"),
        ("Городской совет во вторник после долгих дебатов утвердил новый бюджет.", "ru"),
    ],
)
def test_the_language_of_a_sentence_is_detected(text: str, language: str) -> None:
    assert identify_language(text) == language


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "Storm",
        "Storm hits the coast",
        "2024 " * 100,
        "?! " * 100,
        "qwrtp zxcvb mnbvq plkjh gfdsa",
        "Inflation jumps to 11 per cent",
    ],
)
def test_an_ambiguous_text_has_no_language(text: str) -> None:
    assert identify_language(text) is None


def test_digits_and_space_do_not_make_a_short_text_long() -> None:
    assert identify_language("The storm" + " 1234 . " * 50) is None


def test_line_ends_do_not_matter() -> None:
    assert identify_language(ENGLISH.replace(" ", "\n\n")) == "en"


def test_only_the_start_is_read() -> None:
    start = " ".join([GERMAN] * 12)[:1000]
    assert identify_language(start + "\n" + ENGLISH * 1000) == "de"


def test_detection_is_deterministic() -> None:
    predictions = [identify_language(text) for text in (ENGLISH, GERMAN, "Storm", ENGLISH)]
    assert predictions == ["en", "de", None, "en"]
