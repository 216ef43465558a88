"""Journals of other packages, by the scheme of their URLs."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from newsmoe.errors import JournalError, PluginError
from newsmoe.journal.journal import existing_journal
from newsmoe.journal.store import JOURNALS
from tests.journal.support import STORM, keep, stored

MEMORY = """
from newsmoe.errors import JournalError
from newsmoe.journal.store import JournalStats, without_password

SERVERS = {}


class MemoryStore:
    def __init__(self, url, *, create):
        self.place = without_password(url)
        if not create and url not in SERVERS:
            raise JournalError(f"{self.place}: there is no journal yet")
        self.stored, self.reports = SERVERS.setdefault(url, ({}, []))

    def find(self, cache_key, articles):
        return [self.stored[cache_key, key][0] for key in articles if (cache_key, key) in self.stored]

    def put(self, rows, time):
        self.stored.update({row[:2]: (row, time) for row in rows})

    def rows(self):
        return (row for row, _ in list(self.stored.values()))

    def delete(self, rows):
        for row in rows:
            del self.stored[row[:2]]

    def delete_until(self, time):
        old = [row for row, stored in self.stored.values() if stored <= time]
        self.delete(old)
        return len(old)

    def put_run(self, started, report):
        self.reports.append(report)

    def runs(self):
        return list(enumerate(self.reports, start=1))[::-1]

    def stats(self):
        experts, articles = map(set, zip(*self.stored)) if self.stored else ((), ())
        return JournalStats(len(self.stored), len(experts), len(articles), len(self.reports), 0)

    def close(self):
        pass
"""


@pytest.fixture(autouse=True)
def memory(install: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the package with the journal."""
    monkeypatch.setattr(JOURNALS, "_loaded", {})
    points = {"memory": "memory_journal:MemoryStore"}
    install("memory", {"memory_journal": MEMORY}, points, "newsmoe.journals")


def test_a_journal_of_another_package() -> None:
    place = "memory://me:secret@here/news"
    with pytest.raises(JournalError, match=r"^memory://me@here/news: there is no journal yet"):
        existing_journal(place)
    keep(place)
    assert stored(place) == {"a": STORM}
    with existing_journal(place) as journal:
        journal.keep_run("monday", "{}")
        assert journal.runs() == [(1, "{}")]
        assert journal.stats() == (1, 1, 1, 1, 0)
        assert (journal.verify(), journal.prune(0), journal.stats().predictions) == (0, 1, 0)


def test_a_run_uses_a_journal_of_another_package(workdir: Path) -> None:
    from newsmoe import Settings
    from newsmoe.jobs.files import analyze_files

    Path("a.json").write_text('[{"headline": "Storm", "content": "It rained. The road is closed."}]')
    settings = Settings(journal="memory://news", tasks=("summarization",))
    first, second = (analyze_files("a.json", name, settings) for name in ("b.json", "c.json"))
    assert [sum(e.reused for e in report.experts.values()) for report in (first, second)] == [0, 1]
    with existing_journal("memory://news") as journal:
        assert [number for number, _ in journal.runs()] == [2, 1]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("class Odd: ...", r"the journal Odd of odd_journal failed: TypeError: Odd\(\) takes no arguments"),
        ("def Odd(url, create): raise OSError('no server')", r"failed: OSError: no server \(odd_journal.py, line 1\)"),
        ("def Odd(url, create): return 3", "failed: TypeError: it has no place and no find and no put and no rows"),
    ],
)
def test_a_journal_that_cannot_be_used_is_named(
    install: Callable[..., None], monkeypatch: pytest.MonkeyPatch, code: str, message: str
) -> None:
    monkeypatch.delitem(sys.modules, "odd_journal", raising=False)
    install("odd", {"odd_journal": code}, {"odd": "odd_journal:Odd"}, "newsmoe.journals")
    with pytest.raises(PluginError, match=message):
        existing_journal("odd://here")


def test_an_unknown_scheme_is_reported_with_those_that_exist() -> None:
    with pytest.raises(JournalError, match="redis://...: a journal is a file, or .*postgres, .*memory$"):
        existing_journal("redis://here")
