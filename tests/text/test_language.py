import pytest

from newsmoe.text.language import article_language, identify_language

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
        "Bei Bei",
        "Inflation jumps to 11 per cent",
        "Scholen dicht vanwege de storm",
    ],
)
def test_an_ambiguous_text_has_no_language(text: str) -> None:
    assert identify_language(text) is None


def test_digits_and_space_do_not_make_a_short_text_long() -> None:
    assert identify_language("The storm" + " 1234 . " * 50) is None


def test_line_ends_do_not_matter() -> None:
    assert identify_language(ENGLISH.replace(" ", "\n\n")) == "en"


def test_foreign_names_at_the_start_do_not_decide() -> None:
    text = (
        "Compañía Minera Alameda, a unit of Grupo Olivares de Sevilla, said it will close two of its mines this year."
    )
    assert identify_language(text) == "en"
    assert identify_language(text, "MINERA ALAMEDA TO CLOSE") == "en"


def test_only_the_start_is_read() -> None:
    start = " ".join([GERMAN] * 12)[:1000]
    assert identify_language(start + "\n" + ENGLISH * 1000) == "de"


def test_detection_is_deterministic() -> None:
    predictions = [identify_language(text) for text in (ENGLISH, GERMAN, "Storm", ENGLISH)]
    assert predictions == ["en", "de", None, "en"]


CAPITALS = "ALCORA TO CLOSE WEST GERMAN ALUMINIUM SMELTER"


@pytest.mark.parametrize("headline", [CAPITALS, CAPITALS.title(), "", GERMAN.upper()])
def test_the_content_decides_before_the_headline(headline: str) -> None:
    assert article_language(None, ENGLISH, headline) == "en"
    assert article_language(None, GERMAN, headline) == "de"


def test_a_first_line_in_capitals_does_not_decide() -> None:
    assert identify_language(f"{CAPITALS}\n{ENGLISH}") == "en"
    assert identify_language(f"{CAPITALS} BERLIN (Newsdesk) - {ENGLISH}") == "en"


@pytest.mark.parametrize(
    "headline",
    [
        "Town Hall Opens A New Library For Children",
        "BRIDGE CLOSED AFTER STORM DAMAGE",
        "Silence Falls On The Old Harbour Of Rotterdam",
    ],
)
def test_short_english_headlines_have_a_language(headline: str) -> None:
    assert identify_language("", headline) == "en"


@pytest.mark.parametrize(
    ("headline", "language"),
    [
        ("Incendio en una fábrica del puerto", "es"),
        ("市議会が新しい予算を可決", "ja"),
        ("警方寻找高速公路事故目击者", "zh"),
        ("시의회가 새 예산안을 통과시켰다", "ko"),
        ("Поезда стоят из-за забастовки", "ru"),
        ("Η ομάδα έχασε ξανά το Σάββατο", "el"),
        ("الشرطة تبحث عن شهود الحادث", "ar"),
    ],
)
def test_short_headlines_of_other_languages_have_theirs(headline: str, language: str) -> None:
    assert identify_language("", headline) == language


@pytest.mark.parametrize(
    ("stated", "language"),
    [
        ("de", "de"), ("de-AT", "de"), ("DE_at", "de"), ("deu", "de"), ("ger", "de"), ("German", "de"), 
        ("Deutsch", "de"),        ("Portuguese (Brazil)", "pt"), ("日本語", "ja"), ("no", "no"), (" es ", "es"),
        ("us", "en"), ("gb", "en"), ("jp", "en"), ("xx", "en"), ("un", "en"), ("NA", "en"), ("na", "en"), ("", "en"),
        ("ca", "en"), ("za", "en"), ("sg", "en"), ("und", "en"), ("unknown", "en"), ("None", "en"), (None, "en"),
    ],
)  # fmt: skip
def test_what_is_no_language_is_not_taken_for_one(stated: str | None, language: str) -> None:
    assert article_language(stated, ENGLISH) == language


def test_a_code_that_may_be_a_countrys_counts_where_the_text_does_not_tell() -> None:
    assert article_language("ca", "Barça", "2 a 1") == "ca"
