import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsmoe.errors import InputError
from newsmoe.ingest.formats import BadElement
from newsmoe.ingest.source import open_source, read_elements
from tests.strategies import CELLS, FEW


def elements(folder: Path, content: str | bytes, name: str = "a.csv") -> list[Any]:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_elements(name, path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("csv")


@pytest.mark.slow
@FEW
@given(st.lists(st.tuples(CELLS, CELLS), max_size=4))
def test_what_a_csv_writer_wrote_is_read_back(folder: Path, rows: Sequence[tuple[str, str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("id", "text"), *rows])
    assert elements(folder, text.getvalue()) == [{"id": identifier, "text": cell} for identifier, cell in rows]


@pytest.mark.parametrize("name", ["a.csv", "a.tsv", "a.csv.gz", "a.tsv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_the_suffix_determines_the_delimiter(tmp_path: Path, name: str, encoding: str, line_end: str) -> None:
    comma = "\t" if "tsv" in name else ","
    text = line_end.join([f"id{comma} headline ", "", f'7{comma}"One{comma} é"', ""]).encode(encoding)
    content = gzip.compress(text) if name.endswith(".gz") else text
    assert elements(tmp_path, content, name) == [{"id": "7", "headline": f"One{comma} é"}]


def test_semicolons_are_the_delimiter_where_commas_are_not(tmp_path: Path) -> None:
    rows = elements(tmp_path, '\nid;text\n1;"One; two, three"\n2,5;b\n')
    assert rows == [{"id": "1", "text": "One; two, three"}, {"id": "2,5", "text": "b"}]
    assert elements(tmp_path, "text\none; two\n") == [{"text": "one; two"}]


def test_a_row_of_another_length_affects_no_other_row(tmp_path: Path) -> None:
    rows = elements(tmp_path, "id,text\n1,a\n2\n3,c,d\n4,\n")
    assert rows == [
        {"id": "1", "text": "a"},
        BadElement("line 3: 1 cells, where the header names 2 columns"),
        BadElement("line 4: 3 cells, where the header names 2 columns"),
        {"id": "4", "text": ""},
    ]


def notices(folder: Path, content: str) -> list[str]:
    path = folder / "a.csv"
    path.write_text(content)
    with open_source(str(path)) as source:
        assert len(list(source.articles())) == source.count
        return [notice.removeprefix(f"{path}: ") for notice in source.notices()]


def test_cells_that_a_row_lacks_are_empty(tmp_path: Path) -> None:
    table = 'id,text,url,date\n1,a\n2,"b, ""c""",u\n3,"d, e\n\nf"\n'
    assert [tuple(row.values()) for row in elements(tmp_path, table)] == [
        ("1", "a", "", ""),
        ("2", 'b, "c"', "u", ""),
        ("3", "d, e\n\nf", "", ""),
    ]
    message = "rows with fewer cells than the header: 3; the cells that they lack were read as empty"
    assert notices(tmp_path, table) == [message]


def test_cells_beyond_the_header_that_are_empty_are_left_out(tmp_path: Path) -> None:
    rows = elements(tmp_path, "id,text\n1,a,,\n2,b, \n3,c,,d\n")
    assert rows[:2] == [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}]
    assert rows[2:] == [BadElement("line 4: 4 cells, where the header names 2 columns")]


@pytest.mark.parametrize(
    "torn",
    [
        '1,Storm,"He said "no\nmore" to it, and left"\n',
        '1,Storm,"He said "no\nmore, and left\nat once, again"\n',
        '1,"Storm,He said\n',
        "1,Storm,He said\nmore\n",
    ],
)
def test_a_part_of_a_row_is_no_row_with_few_cells(tmp_path: Path, torn: str) -> None:
    rows = elements(tmp_path, f"id,title,text,url\n{torn}7,Sun,It shone.,u\n8,Rain\n")
    assert isinstance(rows[-3], BadElement)
    assert not any(isinstance(row, dict) and row["id"].startswith(("more", "at once")) for row in rows)
    assert [row["id"] for row in rows[-2:]] == ["7", "8"]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_header_that_is_repeated_is_left_out(tmp_path: Path, mark: str) -> None:
    table = f"id,text\n1,a\n{mark}id, text\n2,text\n{mark}id,text\n"
    assert elements(tmp_path, table) == [{"id": "1", "text": "a"}, {"id": "2", "text": "text"}]
    assert notices(tmp_path, table) == ["rows that repeat the header: 2; they were left out"]


def test_an_unclosed_quote_is_text(tmp_path: Path) -> None:
    rows = elements(tmp_path, 'id,text\n1,a\n2,"b\n3,c\n4\n')
    assert rows == [
        {"id": "1", "text": "a"},
        {"id": "2", "text": '"b'},
        {"id": "3", "text": "c"},
        BadElement("line 5: 1 cells, where the header names 2 columns"),
    ]
    assert elements(tmp_path, 'id,"text\n1,a\n') == [{"id": "1", '"text': "a"}]


UNQUOTED = """id	title	text
1	Ferry late	"We waited an hour, said one commuter.
2	Mayor promises boat	A second boat will come.
3	Council votes	"No more delays" was what the council asked for.
4	"Fares" stay	Tickets cost the same, "they said"
5	"Quoted whole"	"A ""second"" boat."
6	"Half quoted	a boat"
7	Storm	"It rained
8	Sun	It shone."
"""


@pytest.mark.parametrize("name", ["a.tsv", "a.csv"])
def test_quotes_that_enclose_no_cell_are_text_between_tabs(tmp_path: Path, name: str) -> None:
    rows = elements(tmp_path, UNQUOTED, name)
    assert [row["id"] for row in rows] == list("12345678")
    assert rows[0]["text"] == '"We waited an hour, said one commuter.'
    assert rows[2]["text"] == '"No more delays" was what the council asked for.'
    assert (rows[3]["title"], rows[3]["text"]) == ('"Fares" stay', 'Tickets cost the same, "they said"')
    assert (rows[4]["title"], rows[4]["text"]) == ("Quoted whole", 'A "second" boat.')
    assert (rows[5]["title"], rows[5]["text"]) == ('"Half quoted', 'a boat"')
    assert (rows[6]["text"], rows[7]["text"]) == ('"It rained', 'It shone."')


def test_quotes_that_enclose_no_cell_are_text_between_commas(tmp_path: Path) -> None:
    table = """id,title,text
1,Ferry late,"We waited an hour
2,Council votes,"No more delays" was the demand.
3,"No more delays" they said,the "council"
4,"He said "go" to us, all of us",a boat
5,Storm, "It rained, it blew"
6,"Two
lines, and ""quotes"" too",c
"""
    assert [tuple(row.values()) for row in elements(tmp_path, table)] == [
        ("1", "Ferry late", '"We waited an hour'),
        ("2", "Council votes", '"No more delays" was the demand.'),
        ("3", '"No more delays" they said', 'the "council"'),
        ("4", 'He said "go" to us, all of us', "a boat"),
        ("5", "Storm", "It rained, it blew"),
        ("6", 'Two\nlines, and "quotes" too', "c"),
    ]


TABS = CELLS.map(lambda cell: "".join(character for character in cell if character not in "\t\r\n"))


@FEW
@given(st.lists(st.tuples(TABS, TABS.map('"{}'.format)), max_size=6))
def test_no_row_of_an_unquoted_table_is_lost(folder: Path, rows: Sequence[tuple[str, str]]) -> None:
    table = "".join(f"{number}\t{title}\t{text}\n" for number, (title, text) in enumerate(rows))
    read = elements(folder, f"id\ttitle\ttext\n{table}", "a.tsv")
    assert [row["id"] for row in read] == [str(number) for number in range(len(rows))]


QUOTES = "a'b,'c", "'a", "'a'b,", "''',", "'a' 'b", ",'", "'x''y,"  # with ' for a quotation mark


@pytest.mark.parametrize("cell", QUOTES)
@pytest.mark.parametrize("end", ["", "\n"])
def test_quotes_take_linear_time(tmp_path: Path, cell: str, end: str) -> None:
    content = f"{cell}{end}".replace("'", '"') * 5_000  # this took seconds once
    rows = elements(tmp_path, f"id,text\n1,{content}\n2,b\n")
    assert rows[-1] == {"id": "2", "text": "b"}


def test_of_columns_with_the_same_name_the_first_with_a_value_counts(tmp_path: Path) -> None:
    rows = elements(tmp_path, "id,text,text\n1,,a\n2,b,c\n3, ,\n")
    assert [row["text"] for row in rows] == ["a", "b", ""]


def test_a_last_line_without_an_end_is_whole(tmp_path: Path) -> None:
    assert elements(tmp_path, 'id,text\n1,"a"') == [{"id": "1", "text": "a"}]


def test_a_cell_may_be_long_and_hold_nul(tmp_path: Path) -> None:
    long = "word \x00" * 200_000
    assert elements(tmp_path, f"id,text\n1,{long}\n2,b\n") == [{"id": "1", "text": long}, {"id": "2", "text": "b"}]


@pytest.mark.parametrize("content", ["", "\n\n", gzip.compress(b"", mtime=0)])
def test_a_file_without_a_header_is_refused(tmp_path: Path, content: str | bytes) -> None:
    with pytest.raises(InputError, match=r"^a.csv: the file is empty; expected a first row"):
        elements(tmp_path, content)


def test_a_header_alone_has_no_articles(tmp_path: Path) -> None:
    assert elements(tmp_path, "id,headline\n") == []


def test_a_damaged_gzip_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the compressed file is damaged"):
        elements(tmp_path, gzip.compress(b"id,text\n" * 500)[:-12])


def test_rows_become_articles(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("id,title,text,tags,words\n7,Storm,It rained.,\"['a', 'b']\",2\n8,x\n")
    with open_source(str(path)) as source:
        article, short = source.articles()
    assert (article.id, article.headline) == ("7", "Storm")
    assert getattr(article, "topics") == ("a", "b")  # noqa: B009  # the other kind of item has none
    assert (short.id, short.headline) == ("8", "x")
    assert source.count == 2


QUOTING = 'It sailed.\n\n"I missed two birthdays, and a funeral," she said.\n\nThe end.'
ROWS = [("Ferry", QUOTING), ("Quay", 'The "new" crane\nis \\ red.'), ("Storm", '"'), ("Sun", "It shone."), ("Rain", "")]


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_quotation_marks_with_backslashes_are_read(tmp_path: Path, delimiter: str) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, doublequote=False, escapechar="\\", lineterminator="\n")
    writer.writerows([("title", "text"), *ROWS])
    assert [tuple(row.values()) for row in elements(tmp_path, text.getvalue())] == ROWS


def test_what_mysql_wrote_is_read(tmp_path: Path) -> None:
    table = (
        'id,title,text\n1,"Ferry","\\"It sailed,\\" she said.\\\nAll, in all.\\\n\\"Yes.\\""\n2,\\N,"a"\n3,"b",\\N\n'
    )
    rows = [tuple(row.values()) for row in elements(tmp_path, table)]
    assert rows == [("1", "Ferry", '"It sailed," she said.\nAll, in all.\n"Yes."'), ("2", "", "a"), ("3", "b", "")]


def test_backslashes_in_a_well_formed_table_are_text(tmp_path: Path) -> None:
    rows = [("a", "C:\\"), ("b", '{"c": "a \\"d\\", e"}'), ("c", "\\"), ("d", "\\N")]
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([("title", "text"), *rows])
    assert [tuple(row.values()) for row in elements(tmp_path, text.getvalue())] == rows


def test_backslashes_take_linear_time(tmp_path: Path) -> None:
    content = '\\"' * 200_000 + "\\" * 200_001
    assert len(elements(tmp_path, f'id,text\n2,"a, \\"b\\"\nc"\n1,"{content}"\n')) > 1


@pytest.mark.parametrize(
    ("titles", "count"),
    [
        ("# exported 2 March 2026\n", 1),
        ("Articles of the week,,\n", 1),
        ('"Our\nexport"\n\n1,,\n', 2),
        ("\nsep=,\nExport\n", 1),
        ("Export\r\n", 1),
        ("Made by us, today\n" * 9, 9),
    ],
)
def test_rows_above_the_header_are_left_out(tmp_path: Path, titles: str, count: int) -> None:
    table = f'{titles}id,title,text,date\n1,Ferry,"It sailed,\nat last.",2026-03-02\n2,Quay,b,\n3\n'
    rows = elements(tmp_path, table)
    assert rows[:2] == [
        {"id": "1", "title": "Ferry", "text": "It sailed,\nat last.", "date": "2026-03-02"},
        {"id": "2", "title": "Quay", "text": "b", "date": ""},
    ]
    line = table.count("\n")
    assert rows[2:] == [BadElement(f"line {line}: 1 cells, where the header names 4 columns")]
    assert notices(tmp_path, table) == [f"rows above the header: {count}; they were left out"]


def test_a_row_with_names_is_no_header_below_one(tmp_path: Path) -> None:
    table = "page,copy\n1,a\ntext,title\n"
    assert elements(tmp_path, table) == [{"page": "1", "copy": "a"}, {"page": "text", "copy": "title"}]
    assert elements(tmp_path, "copy\ntext\n") == [{"copy": "text"}]
    assert len(elements(tmp_path, "copy\nOne, text, three\nTwo\nThree, four\nFive\n")) == 4


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_numbers_of_rows_that_have_no_name_are_no_cell_too_many(tmp_path: Path, delimiter: str) -> None:
    rows = [["title", "text"], ["1", "Mill", "A mill burned."], ["2", "Quay", "A quay, closed."]]
    text = "\n".join(delimiter.join(f'"{cell}"' for cell in row) for row in rows)
    name = "a.csv" if delimiter == "," else "a.tsv"
    assert elements(tmp_path, text, name) == [
        {"": number, "title": title, "text": text} for number, title, text in rows[1:]
    ]
    assert isinstance(elements(tmp_path, text.replace('"2"', '"3"'), name)[0], BadElement)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("| title | text |\n| --- | :---: |\n| Mill | A mill burned. |\n", 1),
        (" title | text\n-------+------\n Mill  | A mill burned.\n(1 row)\n\n", 2),
        ("+------+------+\n| title | text |\n+------+------+\n| Mill | A mill burned. |\n+------+------+\n", 2),
    ],
)
def test_lines_of_dashes_are_left_out_of_a_table(tmp_path: Path, text: str, count: int) -> None:
    path = tmp_path / "table.txt"
    path.write_text(text)
    with open_source(str(path)) as source:
        (article,) = source.articles()
        messages = source.log_notices()
    assert (article.headline, getattr(article, "content", "")) == ("Mill", "A mill burned.")
    assert f"{path}: lines between rows, or that count them: {count}; they were left out" in messages


@pytest.mark.parametrize(
    "header",
    [
        "Заголовок;Текст;Дата;Ссылка;Автор", "标题;正文;日期;链接;作者", "Başlık;İçerik;Tarih;url;author",
        "Tytuł;Treść;date;Link;Autor", "제목;본문;date;url;author", "タイトル;本文;date;url;author",
        "العنوان;النص;date;url;author", "Titre;Texte;date;Lien;Auteur", "Título;Contenido;Fecha;Enlace;Autor",
        "Title;Text;Time;Title_URL;Author",
    ],
)  # fmt: skip
def test_columns_may_be_named_in_other_languages(tmp_path: Path, header: str) -> None:
    path = tmp_path / "table.csv"
    path.write_text(f"{header}\nMill burns;A mill burned in the night.;2026-03-02;https://a.example/1;Ada\n")
    with open_source(str(path)) as source:
        (article,) = source.articles()
    assert (article.headline, article.url, getattr(article, "content", "")) == (
        "Mill burns",
        "https://a.example/1",
        "A mill burned in the night.",
    )
    assert (getattr(article, "publication_date", ""), getattr(article, "author", "")) == ("2026-03-02", "Ada")
