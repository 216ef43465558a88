"""Texts in other encodings than UTF-8 are read right, or refused; and what was detected is said."""

import bz2
import csv
import gzip
import io
import json
import lzma
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from backports import zstd

from newsmoe import Article
from newsmoe.errors import InputError
from newsmoe.ingest.source import open_source, open_stream
from newsmoe.settings.model import Settings
from tests.cli.support import newsmoe
from tests.support import read as read_records

TEXTS = {
    "de": "Der Stadtrat beschließt am Dienstag über die Straßenbahn. Die Grünen fordern höhere Zuschüsse für Bürger.",
    "fr": "Le conseil a voté mardi le budget. L'opposition dénonce une décision précipitée et espère un débat public.",
    "es": "El ayuntamiento aprobó el martes la ampliación del tranvía. La oposición pidió más información.",
    "sv": "Kommunen höjer avgifterna för småbåtar. Många ägare är missnöjda och överväger att flytta båtarna.",
    "pl": "Rada miasta przyjęła we wtorek budżet. Mieszkańcy żądają nowych chodników i ścieżek, także na Śródmieściu.",
    "cs": "Zastupitelé schválili v úterý rozpočet města. Lidé žádají opravu chodníků, říká šéf stavebního úřadu.",
    "tr": "Belediye meclisi salı günü bütçeyi onayladı. Muhalefet, kararın aceleyle alındığını söyledi ve itiraz etti.",
    "el": "Το δημοτικό συμβούλιο ενέκρινε την Τρίτη τον προϋπολογισμό. Η αντιπολίτευση ζητεί δημόσια συζήτηση.",
    "ru": "Городской совет во вторник утвердил бюджет. Жители требуют ремонта дорог, мэр обещает второй паром летом.",
    "uk": "Міська рада у вівторок ухвалила бюджет. Мешканці вимагають ремонту доріг, а мер обіцяє другий пором улітку.",
    "he": "מועצת העיר אישרה ביום שלישי את התקציב. התושבים דורשים שיפוץ כבישים וראש העיר מבטיח מעבורת שנייה.",
    "ar": "وافق مجلس المدينة يوم الثلاثاء على الميزانية. السكان يطالبون بإصلاح الطرق والعمدة يعد بعبارة ثانية.",
    "th": "สภาเมืองอนุมัติงบประมาณเมื่อวันอังคาร ชาวบ้านเรียกร้องให้ซ่อมถนน และนายกสัญญาว่าจะเพิ่มเรือข้ามฟาก",
    "ja": "市議会は火曜日に新しい予算を可決した。住民は道路の修理を求めており、市長は夏に二隻目の船を約束した。",
    "zh": "市议会周二通过了新的预算。居民要求修理道路，市长答应夏天增加一艘渡轮。反对党说决定太匆忙，应该公开讨论。",
    "zh-tw": "市議會週二通過了新的預算。居民要求修理道路，市長答應夏天增加一艘渡輪。反對黨說決定太匆忙，應該公開討論。",
    "ko": "시의회는 화요일에 새 예산안을 통과시켰다. 주민들은 도로 보수를 요구하고 시장은 두 번째 배를 약속했다.",
}
ENCODINGS = [
    ("de", "latin-1"), ("fr", "cp1252"), ("fr", "mac_roman"), ("es", "cp1252"), ("sv", "cp850"), ("pl", "cp1250"),
    ("pl", "iso8859-2"), ("cs", "cp1250"), ("tr", "cp1254"), ("el", "cp1253"), ("el", "iso8859-7"), ("ru", "cp1251"),
    ("ru", "koi8-r"), ("ru", "cp866"), ("ru", "iso8859-5"), ("ru", "mac_cyrillic"), ("uk", "cp1251"), ("uk", "koi8-u"),
    ("he", "cp1255"), ("ar", "cp1256"), ("th", "cp874"), ("ja", "shift_jis"), ("ja", "euc-jp"), ("ja", "iso2022_jp"),
    ("zh", "gb18030"), ("zh-tw", "big5"), ("ko", "euc-kr"),
]  # fmt: skip


def as_csv(text: str) -> str:
    table = io.StringIO()
    csv.writer(table).writerows([("id", "title", "content"), (1, text[:20].strip(), text), (2, "x", text)])
    return table.getvalue()


def as_json(text: str) -> str:
    return json.dumps([{"id": 1, "title": text[:20].strip(), "content": text}, {"content": text}], ensure_ascii=False)


def as_lines(text: str) -> str:
    return "".join(json.dumps({"id": number, "content": text}, ensure_ascii=False) + "\n" for number in (1, 2))


FORMATS: dict[str, Callable[[str], str]] = {"csv": as_csv, "json": as_json, "jsonl": as_lines}


def opened(path: Path, content: bytes, encoding: str | None = None) -> tuple[list[str], list[str]]:
    """Return the contents of the articles, and what is said of the input."""
    path.write_bytes(content)
    with open_source(str(path), Settings(encoding=encoding)) as source:
        contents = [item.content for item in source.articles() if isinstance(item, Article)]
        return contents, [notice for notice in source.notices() if "read as" in notice]


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(("language", "encoding"), ENCODINGS)
def test_an_encoding_is_detected_and_said_once(tmp_path: Path, language: str, encoding: str, format: str) -> None:
    text = TEXTS[language]
    contents, notices = opened(tmp_path / f"news.{format}", FORMATS[format](text).encode(encoding))
    assert contents == [text, text]
    assert len(notices) == 1


def test_the_notice_names_file_and_encoding(tmp_path: Path) -> None:
    _, notices = opened(tmp_path / "news.csv", as_csv(TEXTS["ru"]).encode("cp1251"))
    assert notices == [f"{tmp_path / 'news.csv'}: read as windows-1251"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
@pytest.mark.parametrize("language", ["de", "ru", "zh"])
def test_unicode_is_read_with_or_without_a_mark(tmp_path: Path, language: str, encoding: str) -> None:
    for format, made in FORMATS.items():
        content = made(TEXTS[language]).encode(encoding)
        assert opened(tmp_path / f"{encoding}.{format}", content) == ([TEXTS[language]] * 2, [])


@pytest.mark.parametrize(
    ("text", "bad", "plain"),
    [
        (TEXTS["ru"] * 3, b" caf\xe9", " café"),
        ("The ferry was late. " * 50, b"It\x92s the \x93third\x94 time", "It’s the “third” time"),
        ("Short. ", b"caf\xe9 \x93bar\x94 \x81", "café “bar” \ufffd"),
    ],
)
def test_single_bytes_that_are_not_utf8_are_windows_1252(tmp_path: Path, text: str, bad: bytes, plain: str) -> None:
    content = as_lines(text + "HERE").encode().replace(b"HERE", bad)
    contents, notices = opened(tmp_path / "news.jsonl", content)
    assert contents == [text + plain] * 2
    assert [notice.partition(": ")[2] for notice in notices] in (
        ["bytes that are not UTF-8 were read as windows-1252"],
        ["read as windows-1252"],
    )


UNCERTAIN = '[{"title": "渡轮", "content": "晚点"}]'.encode("gbk")


@pytest.mark.parametrize("content", [UNCERTAIN, b'[{"title": "' + bytes(range(0xA0, 0x100)) + b'"}]'])
def test_what_cannot_be_detected_with_certainty_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(InputError, match=r"news.json: not UTF-8, .* --encoding, such as --encoding windows-1251"):
        opened(tmp_path / "news.json", content)


def test_the_users_encoding_goes_before_what_would_be_detected(tmp_path: Path) -> None:
    assert opened(tmp_path / "news.json", UNCERTAIN, "gbk") == (["晚点"], [])
    assert opened(tmp_path / "other.json", as_json(TEXTS["fr"]).encode(), "latin-1")[0] != TEXTS["fr"]


def test_a_character_cut_at_a_chunk_is_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for size in (1, 2, 3, 7):
        monkeypatch.setattr("newsmoe.ingest.encoding.CHUNK", size + 60)
        for language, encoding in (("ru", "utf-8"), ("zh", "gb18030"), ("ja", "shift_jis")):
            contents, _ = opened(tmp_path / f"{size}{encoding}.csv", as_csv(TEXTS[language]).encode(encoding))
            assert contents == [TEXTS[language]] * 2


def test_a_command_takes_the_encoding(workdir: Path) -> None:
    (workdir / "a.json").write_bytes(UNCERTAIN)
    done = newsmoe("analyze", "a.json", "--tasks", "summarization")
    assert done.exit_code == 1
    assert "--encoding" in done.stderr
    done = newsmoe("analyze", "a.json", "--tasks", "summarization", "--encoding", "gb2312")
    assert done.exit_code == 0
    assert read_records(workdir / "analyzed_a.json")[0]["headline"] == "渡轮"


def test_an_unknown_encoding_is_refused(workdir: Path) -> None:
    (workdir / "a.json").write_bytes(UNCERTAIN)
    done = newsmoe("analyze", "a.json", "--encoding", "windows-1250x")
    assert done.exit_code == 1
    assert "there is no encoding 'windows-1250x'" in done.stderr


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": zstd.compress,
}


@pytest.mark.parametrize("suffix", PACKERS)
@pytest.mark.parametrize("format", FORMATS)
def test_packed_files_are_read(tmp_path: Path, format: str, suffix: str) -> None:
    content = PACKERS[suffix](FORMATS[format](TEXTS["ru"]).encode("cp1251"))
    contents, notices = opened(tmp_path / f"news.{format}.{suffix}", content)
    assert contents == [TEXTS["ru"]] * 2
    assert len(notices) == 1


def damaged(packed: bytes) -> Iterator[bytes]:
    yield packed[:-9]
    yield packed[:6] + b"?" * 20 + packed[26:]


@pytest.mark.parametrize("suffix", PACKERS)
def test_a_damaged_packed_file_is_named(tmp_path: Path, suffix: str) -> None:
    for content in damaged(PACKERS[suffix](as_lines("".join(map(chr, range(0x4E00, 0x6000)))).encode())):
        with pytest.raises(InputError, match=rf"news.jsonl.{suffix}: the compressed file is damaged: "):
            opened(tmp_path / f"news.jsonl.{suffix}", content)


def test_an_encoding_that_cannot_be_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="a.json: cannot be decoded: UTF-16 stream does not start with BOM; name another"
    ):
        opened(tmp_path / "a.json", b'[{"headline": "A"}]', "utf-16")


def test_what_is_read_from_a_copy_is_called_by_its_name() -> None:
    with (
        pytest.raises(InputError, match="^the mail: "),
        open_stream("the mail", io.BytesIO(b"\x80\x80\x80\x81"), Settings()),
    ):
        pass
