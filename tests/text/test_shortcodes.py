"""Text without WordPress's shortcodes."""

import pytest

from newsmoe.text.cleaning import clean_text

CAPTION = '[caption id="attachment_1" align="left" width="300"]<img src="q.jpg" alt=""> The quay at dawn.[/caption]'


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        (f"{CAPTION}The ferry sailed.", "The ferry sailed."),
        (f"Rain.\n\n{CAPTION}\n\nThe ferry sailed.", "Rain.\n\nThe ferry sailed."),
        ("<p>Rain.</p>" + CAPTION.replace('"', "&quot;") + "<p>The ferry sailed.</p>", "Rain.\n\nThe ferry sailed."),
        ("Rain.\n\n[embed]https://video.example/1[/embed]\n\nSnow.", "Rain.\n\nSnow."),
        ('Rain.[gallery ids="1,2"]Snow.[gallery]Hail.[playlist]', "Rain.\n\nSnow.\n\nHail."),
        ('Rain.\n\n[video width=640 mp4="a.mp4"][/video]\n[audio src="a.mp3" /]\n\nSnow.', "Rain.\n\nSnow."),
        ("Rain.\n\n[youtube https://video.example/1]\n\nSnow.", "Rain.\n\nSnow."),
        ("Rain.\n\n[sourcecode]x = a[1][/sourcecode]\n\nSnow.", "Rain.\n\nSnow."),
        ('[vc_row][vc_column width="1/2"]Rain.[/vc_column][/vc_row]', "Rain."),
        ("[col]Rain.[/col][col]Snow.[/col]\n[col]Hail.[/col]", "Rain.\n\nSnow.\n\nHail."),
        ("[dropcap]T[/dropcap]he ferry [b]sailed[/b].", "The ferry sailed."),
        ('[box title="At [last]"]The ferry [sic] sailed.[/box]', "The ferry [sic] sailed."),
        ('[ad_slot id="3"]The ferry sailed.', "The ferry sailed."),
        (f"[caption]{'The ferry sailed again. ' * 250}[/caption]", ("The ferry sailed again. " * 250).strip()),
        (f"[caption width=3]Rain.\n\n{CAPTION}Snow.", "Rain.\n\nSnow."),
    ],
)
def test_shortcodes_go(text: str, plain: str) -> None:
    assert clean_text(text) == (plain, False)


@pytest.mark.parametrize(
    "text",
    [
        "He [sic] laughed [laughs] at it [1] [+12 chars] once.",
        "[Video] [video] [audio] [caption] [embed] Rain.",
        "[the minister's aide] said it's [a] ferry's [quay see=here] [see https://a.example] end.",
        "That went well [/sarcasm] for all.",
        'input[type="text"] and [[gallery]] and [quay].',
        "[caption](note) [gallery](he/him)",
    ],
)
def test_other_brackets_are_text(text: str) -> None:
    assert clean_text(text) == (text, False)


@pytest.mark.parametrize(
    "piece", ["[", "[a ", "[a]", "[a][/a]", "[/a]", '[a "', "[a '", "[a b='", "[caption]", '[a b="c"]', "[caption a=b"]
)
def test_long_texts_take_linear_time(piece: str) -> None:
    assert len(clean_text(piece * 20_000)[0]) <= 20_000 * len(piece)
