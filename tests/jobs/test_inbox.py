import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsmoe.errors import ConfigError, InputError, LockedError, OutputError
from newsmoe.jobs.inbox import Inbox, ScanResult, open_inbox
from newsmoe.jobs.inbox_state import STATE, output_name, written_with
from newsmoe.output.dead_letters import default_errors
from newsmoe.output.run_report import default_report
from tests.jobs.support import SETTLE, Analyst, Clock, CrashError, put
from tests.support import LogCapture


class Desk:
    """An inbox, its outputs, an analyst and a clock; the process can crash and be restarted."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.analyst = Analyst()
        self.folder, self.outbox = folder / "in", folder / "out"
        self.folder.mkdir()
        self._open = ExitStack()
        self.inbox = self.restart()

    def restart(self) -> Inbox:
        self._open.close()
        opened = open_inbox(self.folder, self.outbox, settle=SETTLE, clock=self.clock)
        self.inbox = self._open.enter_context(opened)
        return self.inbox

    def close(self) -> None:
        self._open.close()

    def put(self, name: str, content: str, age: float = 0) -> Path:
        return put(self.folder / name, content, self.clock.now - age)

    def scan(self, after: float = 900) -> ScanResult:
        self.clock.now += after
        return self.inbox.scan(self.analyst)

    def outputs(self) -> dict[str, str]:
        return {path.name: path.read_text() for path in sorted(self.outbox.iterdir()) if path.name[0] != "."}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    yield made
    made.close()


# what is new


def test_a_file_is_analyzed_once(desk: Desk) -> None:
    desk.put("news-data.json", "one")
    assert desk.scan() == ScanResult(files=1, articles=1)
    assert desk.scan() == ScanResult()
    assert desk.analyst.done == [("news-data.json", "one")]
    assert desk.outputs() == {"analyzed_news_data.json": "one"}


def test_a_file_is_not_analyzed_again_after_a_restart(desk: Desk) -> None:
    desk.put("a.json", "one")
    desk.scan()
    desk.restart()
    assert desk.scan() == ScanResult()


def test_new_content_under_the_same_name_is_analyzed_to_the_same_output(desk: Desk) -> None:
    desk.put("a.json", "one")
    desk.scan()
    desk.put("a.json", "two")
    desk.scan()
    assert desk.analyst.done == [("a.json", "one"), ("a.json", "two")]
    assert desk.outputs() == {"analyzed_a.json": "two"}


def test_a_file_that_was_only_touched_is_not_analyzed_again(desk: Desk) -> None:
    desk.put("a.json", "one")
    desk.scan()
    desk.put("a.json", "one")
    assert desk.scan() == desk.scan() == ScanResult()


def test_a_file_under_a_new_name_gets_an_output_of_that_name(desk: Desk) -> None:
    desk.put("a.json", "one").rename(desk.folder / "b.json")
    desk.scan()
    (desk.folder / "b.json").rename(desk.folder / "c.json")
    desk.scan()
    assert desk.outputs() == {"analyzed_b.json": "one", "analyzed_c.json": "one"}


def test_an_output_that_was_removed_is_not_written_again(desk: Desk) -> None:
    desk.put("a.json", "one")
    desk.scan()
    (desk.outbox / "analyzed_a.json").unlink()
    assert desk.scan() == ScanResult()


def test_a_file_that_comes_back_is_not_analyzed_again(desk: Desk) -> None:
    path = desk.put("a.json", "one")
    desk.scan()
    path.rename(desk.folder.parent / "elsewhere")
    desk.scan()
    (desk.folder.parent / "elsewhere").rename(path)
    assert desk.scan() == ScanResult()


@pytest.mark.parametrize(
    "name", [".hidden.json", "a.json.tmp", "a.part", "A.PART", "a.json.crdownload", "a.json~", "a.swp"]
)
def test_hidden_and_temporary_files_are_left_alone(name: str, desk: Desk) -> None:
    desk.put(name, "one")
    assert desk.scan() == ScanResult()


def test_what_is_no_file_is_left_alone(desk: Desk) -> None:
    (desk.folder / "folder.json").mkdir()
    (desk.folder / "nowhere.json").symlink_to("missing")
    os.mkfifo(desk.folder / "pipe.json")
    assert desk.scan() == ScanResult()


def test_a_link_to_a_file_is_a_file(desk: Desk) -> None:
    (desk.folder / "a.json").symlink_to(put(desk.folder.parent / "far.json", "one", desk.clock.now))
    desk.scan()
    assert desk.outputs() == {"analyzed_a.json": "one"}


def test_a_name_that_is_no_text_is_reported_once_and_left_alone(desk: Desk, log: LogCapture) -> None:
    (desk.folder / os.fsdecode(b"caf\xe9.json")).write_text("one")
    desk.put("a.json", "one")
    assert desk.scan().files == 1
    desk.scan()
    assert [record.getMessage().endswith("its name is no UTF-8") for record in log.records] == [True]


# outputs of their own


def test_files_that_would_share_an_output_get_one_each(desk: Desk) -> None:
    for name in ("a-b.json", "a_b.json", "a-b.jsonl", "a_b.json.gz"):
        desk.put(name, name)
    desk.scan()
    outputs = desk.outputs()
    assert sorted(outputs.values()) == ["a-b.json", "a-b.jsonl", "a_b.json", "a_b.json.gz"]
    assert outputs["analyzed_a_b.json"] == "a-b.json"
    assert all(name.startswith("analyzed_a_b") and name.endswith(".json") for name in outputs)


def test_an_output_is_not_reused_for_another_file_when_the_first_is_gone(desk: Desk) -> None:
    desk.put("a.json", "one")
    desk.scan()
    (desk.folder / "a.json").unlink()
    desk.put("a.jsonl", "two")
    desk.restart()
    desk.scan()
    assert sorted(desk.outputs().values()) == ["one", "two"]


@pytest.mark.parametrize("names", [("a.errors.jsonl", "a.jsonl"), ("a.jsonl", "a.errors.jsonl")])
def test_an_output_does_not_take_the_name_of_a_file_of_errors(names: tuple[str, str]) -> None:
    first = output_name(names[0], "jsonl", set())
    second = Path(output_name(names[1], "jsonl", set(written_with(Path(first)))))
    assert {first, default_errors(Path(first)).name}.isdisjoint({second.name, default_errors(second).name})


@pytest.mark.parametrize("names", [("a.json", "a.run.json"), ("a.run.json", "a.json")])
def test_an_output_does_not_take_the_name_of_a_report(names: tuple[str, str], desk: Desk) -> None:
    for name in names:
        desk.put(name, name)
        desk.scan()
    outputs = [desk.outbox / name for name in desk.outputs()]
    assert len({*outputs, *map(default_report, outputs)}) == 4


# files that are still being written


def test_a_file_that_was_just_written_waits_for_the_next_scan(desk: Desk) -> None:
    desk.put("a.json", "one")
    assert desk.scan(after=SETTLE - 1) == ScanResult(pending=1)
    assert desk.scan(after=1) == ScanResult(files=1, articles=1)


def test_a_file_that_grows_waits_whatever_its_time_stamp(desk: Desk) -> None:
    desk.put("a.json", "o", age=3)
    assert desk.scan(after=0).pending == 1
    desk.put("a.json", "on", age=9999)
    assert desk.scan(after=5).pending == 1
    desk.restart()
    assert desk.scan(after=5).files == 1
    assert desk.analyst.done == [("a.json", "on")]


def test_a_file_from_the_future_is_taken_when_it_has_stayed_the_same(desk: Desk) -> None:
    desk.put("a.json", "one", age=-9999)
    assert desk.scan().pending == 1
    desk.restart()
    assert desk.scan(after=SETTLE).files == 1


def test_a_clock_that_is_set_back_makes_no_file_wait_longer(desk: Desk) -> None:
    desk.put("a.json", "one")
    assert desk.scan(after=1).pending == 1
    assert desk.scan(after=-1_000_000).pending == 1
    assert desk.scan(after=SETTLE) == ScanResult(files=1, articles=1)
    assert desk.scan(after=-1_000_000) == ScanResult()


def test_a_file_that_changes_while_it_is_analyzed_is_analyzed_again(desk: Desk) -> None:
    desk.put("a.json", "one")
    desk.analyst.meanwhile = lambda name: desk.put(name, "one and two")
    assert desk.scan() == ScanResult(pending=1)
    desk.analyst.meanwhile = lambda name: None
    assert desk.scan() == ScanResult(files=1, articles=1)
    assert desk.outputs() == {"analyzed_a.json": "one and two"}


def test_a_file_removed_while_it_is_analyzed_is_no_error(desk: Desk, log: LogCapture) -> None:
    path = desk.put("a.json", "!")
    desk.scan(after=0)

    def gone(job: object) -> None:
        path.unlink()
        raise InputError("a.json: cannot be read: No such file or directory")

    desk.clock.now += SETTLE
    desk.inbox.scan(gone)  # type: ignore[arg-type]
    assert desk.scan() == ScanResult()
    assert log.records == []


# what goes wrong


def test_a_file_without_articles_is_reported_once_and_stops_no_other(desk: Desk, log: LogCapture) -> None:
    desk.put("a.json", "!")
    desk.put("b.json", "two")
    assert desk.scan() == ScanResult(files=1, articles=1, unreadable=1)
    desk.restart()
    desk.put("a.json", "!")
    assert desk.scan() == ScanResult()
    assert log.messages == [f"{desk.folder / 'a.json'}: not valid JSON; left alone until it changes"]
    desk.put("a.json", "mended")
    assert desk.scan().files == 1


def test_an_unreadable_file_is_reported_once_and_analyzed_when_readable(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.put("a.json", "one")
    with monkeypatch.context() as patch:
        patch.setattr("newsmoe.jobs.inbox.hashlib.file_digest", _denied)
        assert [desk.scan().unreadable for _ in range(3)] == [1, 0, 0]
    assert desk.scan().files == 1


def _denied(file: object, method: str) -> None:
    raise PermissionError(13, "Permission denied")


def test_an_output_that_cannot_be_written_stops_no_other_and_is_retried(desk: Desk) -> None:
    (desk.outbox / "analyzed_a.json").mkdir()
    desk.put("a.json", "one")
    desk.put("b.json", "two")
    assert desk.scan() == ScanResult(files=1, articles=1, unwritten=1)
    (desk.outbox / "analyzed_a.json").rmdir()
    assert desk.scan() == ScanResult(files=1, articles=1)


def test_each_file_is_a_line_in_the_log(desk: Desk, log: LogCapture) -> None:
    log.set_level(logging.INFO)
    desk.put("a.json", "Rowers take gold")
    desk.scan()
    desk.scan()
    output = desk.outbox / "analyzed_a.json"
    assert log.messages == [f"a.json: 1 article, 0 with errors, 0.1 s -> {output}"]


def test_an_inbox_that_goes_away_is_an_error_and_nothing_is_forgotten(desk: Desk) -> None:
    desk.put("a.json", "one")
    desk.scan()
    desk.folder.rename(desk.folder.with_name("gone"))
    with pytest.raises(InputError, match="cannot be read: No such file or directory"):
        desk.scan()
    desk.folder.with_name("gone").rename(desk.folder)
    assert desk.scan() == ScanResult()


# opening


def test_no_other_process_can_work_on_the_same_outputs(desk: Desk) -> None:
    with pytest.raises(LockedError, match="another newsmoe watch is at work"), open_inbox(desk.folder, desk.outbox):
        pass
    desk.close()
    with open_inbox(desk.folder, desk.outbox):
        pass


def test_an_inbox_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder"), open_inbox(tmp_path / "in", tmp_path / "out"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_outputs_do_not_go_to_the_inbox(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="would come in again"), open_inbox(tmp_path, tmp_path / "."):
        pass


def test_outputs_may_go_to_the_folder_that_the_inbox_is_in(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    put(tmp_path / "in" / "a.json", "one", 0)
    with open_inbox(tmp_path / "in", tmp_path) as inbox:
        assert inbox.scan(Analyst()) == ScanResult(files=1, articles=1)
    assert (tmp_path / "analyzed_a.json").read_text() == "one"


def test_an_outbox_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"), open_inbox(tmp_path, tmp_path / "file" / "x"):
        pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"version": 2}', '{"files": {"a": {}}}'])
def test_a_damaged_state_is_an_error_that_says_what_to_do(content: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / STATE).write_text(content)
    with pytest.raises(InputError, match="without it, all files"), open_inbox(tmp_path / "in", tmp_path):
        pass


# crashes


def crash(name: str) -> None:
    raise CrashError


def test_a_crash_between_output_and_state_only_repeats_the_analysis(desk: Desk) -> None:
    desk.put("a.json", "one")
    desk.put("a.jsonl", "two")
    desk.analyst.meanwhile = lambda name: crash(name) if name == "a.jsonl" else None
    with pytest.raises(CrashError):
        desk.scan()
    desk.analyst.meanwhile = lambda name: None
    before = desk.outputs()
    desk.restart()
    assert desk.scan() == ScanResult(files=1, articles=1)
    assert desk.analyst.done == [("a.json", "one"), ("a.jsonl", "two"), ("a.jsonl", "two")]
    assert desk.outputs() == before
    assert sorted(before.values()) == ["one", "two"]


def test_a_file_that_repeatedly_kills_the_process_is_left_alone(desk: Desk, log: LogCapture) -> None:
    desk.put("deadly.json", "one")
    desk.put("other.json", "two")
    desk.analyst.meanwhile = lambda name: crash(name) if name == "deadly.json" else None
    for number in range(3):
        desk.put(f"a{number}.json", "new meanwhile, and before it in the alphabet")
        with pytest.raises(CrashError):
            desk.scan()
        desk.restart()
    assert desk.scan() == ScanResult(files=1, articles=1, unreadable=1)
    assert "deadly.json: the process died 3 times while it read this file" in log.text
    assert desk.scan() == ScanResult()
    desk.restart()
    assert desk.scan() == ScanResult()
    desk.analyst.meanwhile = lambda name: None
    desk.put("deadly.json", "changed")
    assert desk.scan() == ScanResult(files=1, articles=1)
    assert desk.inbox.state.begun == {}


def test_an_interrupt_or_a_full_disk_does_not_count_as_a_crash(desk: Desk) -> None:
    def fails(error: BaseException) -> None:
        raise error

    desk.put("a.json", "one")
    for _ in range(3):
        desk.analyst.meanwhile = lambda name: fails(KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            desk.scan()
        desk.restart()
        desk.analyst.meanwhile = lambda name: fails(OutputError("the disk is full"))
        assert desk.scan() == ScanResult(unwritten=1)
        desk.restart()
    desk.analyst.meanwhile = lambda name: None
    assert desk.scan() == ScanResult(files=1, articles=1)


def test_temporary_files_of_a_killed_run_are_removed(desk: Desk) -> None:
    desk.put("a.json", "one")
    desk.scan(after=0)
    for name in (STATE, "analyzed_a.json", "analyzed_a.run.json"):
        (desk.outbox / f".{name}.4711.tmp").touch()
    desk.restart()
    desk.scan()
    assert [path.name for path in desk.outbox.iterdir() if path.name.endswith(".tmp")] == []


NAMES = st.sampled_from(["a.json", "a.jsonl", "a-b.json", "a_b.json"])
CONTENTS = st.sampled_from(["one", "two", "three and four", "!"])
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), NAMES, CONTENTS),
        st.tuples(st.just("rename"), NAMES, NAMES),
        st.tuples(st.just("remove"), NAMES),
        st.tuples(st.just("wait"), st.sampled_from([1, 5, SETTLE, 900])),
        st.tuples(st.sampled_from(["scan", "crash", "restart"])),
    ),
    max_size=25,
)


def happen(desk: Desk, event: str, *details: object) -> None:
    desk.clock.now += 0.001
    match (event, *details):
        case ("put", str(name), str(content)):
            desk.put(name, content)
        case ("rename", str(old), str(new)):
            with suppress(FileNotFoundError):
                (desk.folder / old).rename(desk.folder / new)
        case ("remove", str(name)):
            (desk.folder / name).unlink(missing_ok=True)
        case ("wait", int(seconds)):
            desk.clock.now += seconds
        case ("scan",):
            desk.scan(after=0)
        case ("restart",):
            desk.restart()
        case ("crash",):
            desk.analyst.meanwhile = crash
            with suppress(CrashError):
                desk.scan(after=0)
            desk.analyst.meanwhile = lambda name: None
            desk.restart()


@pytest.mark.slow
@settings(max_examples=40)
@given(EVENTS)
def test_whatever_happens_each_file_has_one_output_of_its_last_content(events: list[tuple[object, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))
        for event, *details in events:
            happen(desk, str(event), *details)
        desk.scan()
        desk.scan()
        done = list(desk.analyst.done)
        assert desk.scan() == ScanResult()
        desk.restart()
        assert desk.scan() == ScanResult()
        desk.close()
        assert desk.analyst.done == done
        crashes = sum(event == "crash" for event, *_ in events)
        for name in {name for name, _ in done}:
            contents = [content for other, content in done if other == name]
            assert sum(previous == next_ for previous, next_ in zip(contents, contents[1:], strict=False)) <= crashes
        present = {path.name: path.read_text() for path in desk.folder.iterdir()}
        outputs = {name: desk.outbox / state.output for name, state in desk.inbox.state.files.items()}
        assert len(set(outputs.values())) == len(outputs)
        for name, content in present.items():
            assert content == "!" or outputs[name].read_text() == content
