import re
from pathlib import Path

import pytest

from newsmoe.errors import ConfigError
from newsmoe.settings.model import Settings
from newsmoe.settings.sources import find_config, load_settings
from newsmoe.settings.toml import read_toml
from tests.settings.support import NOTHING, write


def test_without_settings_the_defaults_hold(workdir: Path) -> None:
    assert load_settings() == Settings()
    assert Settings().gate == "auto"
    assert Settings().device == "cpu"


@pytest.mark.parametrize(
    ("file", "environment", "option", "expected"),
    [
        (False, False, None, 64),
        (True, False, None, 1),
        (False, True, None, 2),
        (True, True, None, 2),
        (True, False, 3, 3),
        (False, True, 3, 3),
        (True, True, 3, 3),
    ],
)
def test_command_line_beats_environment_beats_file_beats_default(
    workdir: Path, file: bool, environment: bool, option: int | None, expected: int
) -> None:
    if file:
        write(workdir, "batch_articles = 1")
    settings = load_settings(
        overrides={"batch_articles": option}, environment={"NEWSMOE_BATCH_ARTICLES": "2"} if environment else NOTHING
    )
    assert settings.batch_articles == expected


def test_sources_are_merged_key_by_key(workdir: Path) -> None:
    write(workdir, 'gate = "all"\ndevice = "cuda"')
    settings = load_settings(overrides={"tasks": "topic"}, environment={"NEWSMOE_DEVICE": "mps"})
    assert (settings.gate, settings.device, settings.tasks) == ("all", "mps", ("topic",))


def test_the_environment_of_the_process_is_read_by_default(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSMOE_WINDOW_ARTICLES", "9")
    assert load_settings().window_articles == 9


def test_other_variables_are_ignored(workdir: Path) -> None:
    assert load_settings(environment={"PATH": "/bin", "NEWSMOETASKS": "x"}) == Settings()


@pytest.mark.parametrize("text", ['tasks = "topic, sentiment"', 'tasks = ["topic", "sentiment"]'])
def test_a_list_may_be_written_with_commas_in_the_file(workdir: Path, text: str) -> None:
    write(workdir, text)
    assert load_settings(environment=NOTHING).tasks == ("topic", "sentiment")


@pytest.mark.parametrize(
    ("text", "tasks"),
    [
        ("topic", ("topic",)),
        (" topic ,sentiment,", ("topic", "sentiment")),
        ("topic sentiment", ("topic", "sentiment")),
        ("", ()),
    ],
)
def test_a_list_is_written_with_commas_in_the_environment(workdir: Path, text: str, tasks: tuple[str, ...]) -> None:
    assert load_settings(environment={"NEWSMOE_TASKS": text}).tasks == tasks


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("batch_token = 5", r"unknown key 'batch_token'; did you mean 'batch_tokens'\?"),
        ('[[rule]]\nuse = {}\nreasn = "x"', r"unknown key 'rule 1\.reasn'; did you mean 'reason'\?"),
        (
            '[[rule]]\nuse = {}\n[[rule]]\nuse = {}\nwhen = { topcs = "a" }',
            r"unknown key 'rule 2\.when\.topcs'; did you mean 'topics'\?",
        ),
        ("[[rule]]\nuse = {}\nwhen = { zzz = 1 }", r"'rule 1\.when\.zzz'; available: author, has_content,"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_key_of_its_table(workdir: Path, text: str, message: str) -> None:
    path = write(workdir, text)
    with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}: .*{message}"):
        load_settings(environment=NOTHING)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rule = 5", r"rule: is to be written \[\[rule\]\]"),
        ("[rule]\nuse = {}", r"rule: is to be written \[\[rule\]\]"),
        ('profile = ["a"]', 'profile: is to be written profile = "NAME"'),
        ('profile = "x"\n[profiles.x]\nrule = 5', r"rule: is to be written \[\[rule\]\]"),
        ("profiles = 5", r"profiles: is to be written \[profiles.NAME\]"),
    ],
)
def test_a_setting_of_another_shape_is_refused(workdir: Path, text: str, message: str) -> None:
    write(workdir, text)
    with pytest.raises(ConfigError, match=f"newsmoe.toml: {message}"):
        load_settings(environment=NOTHING)


def test_the_home_of_an_unknown_user_is_an_ordinary_name(workdir: Path) -> None:
    write(workdir, 'journal = "~nobody-here/x.sqlite"')
    assert load_settings(environment=NOTHING).journal == str(workdir / "~nobody-here/x.sqlite")


@pytest.mark.parametrize(
    ("variable", "nearest"), [("NEWSMOE_BATCH_TOKEN", "NEWSMOE_BATCH_TOKENS"), ("NEWSMOE_TASK", "NEWSMOE_TASKS")]
)
def test_an_unknown_variable_is_refused_with_the_nearest(workdir: Path, variable: str, nearest: str) -> None:
    with pytest.raises(ConfigError, match=f"environment: unknown variable {variable}; .*'{nearest}'"):
        load_settings(environment={variable: "1"})


@pytest.mark.parametrize("table", ["RULE", "FIELDS", "EXPERTS", "PROFILES"])
def test_tables_cannot_stand_in_the_environment(workdir: Path, table: str) -> None:
    message = f"environment: NEWSMOE_{table}: '{table.lower()}' can stand in newsmoe.toml only"
    with pytest.raises(ConfigError, match=message):
        load_settings(environment={f"NEWSMOE_{table}": "x"})


def test_a_wrong_value_in_the_file_names_the_file(workdir: Path) -> None:
    path = write(workdir, "batch_tokens = 0")
    with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}: batch_tokens: .*greater than or equal"):
        load_settings(environment={"NEWSMOE_GATE": "all"}, overrides={"device": "cpu"})


def test_a_wrong_value_in_the_environment_names_the_environment(workdir: Path) -> None:
    write(workdir, 'gate = "all"')
    with pytest.raises(ConfigError, match="^environment: threads: must be a whole number"):
        load_settings(environment={"NEWSMOE_THREADS": "many"}, overrides={"device": "cpu"})


def test_a_wrong_value_on_the_command_line_names_it(workdir: Path) -> None:
    write(workdir, 'gate = "all"')
    with pytest.raises(ConfigError, match="^command line: batch_articles: .*greater than or equal"):
        load_settings(environment={"NEWSMOE_DEVICE": "cpu"}, overrides={"batch_articles": 0})


def test_a_wrong_value_that_was_overridden_is_refused_all_the_same(workdir: Path) -> None:
    path = write(workdir, 'threads = "many"')
    with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}: threads: must be a whole number"):
        load_settings(environment={"NEWSMOE_THREADS": "2"})


def test_a_rule_is_named_by_its_number_in_its_own_source(workdir: Path) -> None:
    text = '[[rule]]\nuse = {}\nreasn = "x"\n[[profiles.quick.rule]]\nuse = {}\n'
    path = write(workdir, text)
    with pytest.raises(ConfigError, match=rf"^{re.escape(str(path))}: unknown key 'rule 1\.reasn'"):
        load_settings(environment={"NEWSMOE_PROFILE": "quick"})


def test_a_right_value_that_was_overridden_is_not_blamed(workdir: Path) -> None:
    write(workdir, "batch_tokens = 10")
    with pytest.raises(ConfigError, match="^environment: batch_tokens"):
        load_settings(environment={"NEWSMOE_BATCH_TOKENS": "many"})


def test_paths_in_the_file_are_relative_to_the_file(tmp_path: Path, workdir: Path) -> None:
    elsewhere = tmp_path / "project"
    elsewhere.mkdir()
    path = write(elsewhere, 'experts_dir = ["mine", "/opt/experts"]\ngate = "gates/mine.toml"')
    settings = load_settings(path, environment=NOTHING)
    assert settings.experts_dir == (elsewhere / "mine", Path("/opt/experts"))
    assert settings.gate == str(elsewhere / "gates/mine.toml")


def test_paths_of_a_comma_list_in_the_file_are_relative_to_the_file_too(tmp_path: Path) -> None:
    path = write(tmp_path, 'experts_dir = "mine, yours"')
    assert load_settings(path, environment=NOTHING).experts_dir == (tmp_path / "mine", tmp_path / "yours")


def test_a_gates_folder_in_the_file_is_relative_to_the_file(tmp_path: Path, workdir: Path) -> None:
    (tmp_path / "gates" / "mine").mkdir(parents=True)
    path = write(tmp_path, 'gate = "gates/mine"')
    assert load_settings(path, environment=NOTHING).gate == str(tmp_path / "gates" / "mine")
    (tmp_path / "learned").mkdir()
    assert load_settings(write(tmp_path, 'gate = "learned"'), environment=NOTHING).gate == "learned"


def test_the_home_folder_in_the_file_is_that_of_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "mine").mkdir(parents=True)
    for gate in ("~/rules.toml", "~/mine"):
        path = write(tmp_path, f'gate = "{gate}"')
        assert load_settings(path, environment=NOTHING).gate == str(tmp_path / "home" / gate[2:])


def test_a_gates_name_in_the_file_is_no_path(tmp_path: Path) -> None:
    assert load_settings(write(tmp_path, 'gate = "all"'), environment=NOTHING).gate == "all"


def test_paths_of_the_environment_and_the_command_line_are_relative_to_here(workdir: Path) -> None:
    settings = load_settings(environment={"NEWSMOE_EXPERTS_DIR": "a,b"}, overrides={"gate": "mine.toml"})
    assert settings.experts_dir == (Path("a"), Path("b"))
    assert settings.gate == "mine.toml"


def test_a_file_that_is_no_toml_is_reported_with_file_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, 'gate = "all"\ndevice = \n')
    with pytest.raises(ConfigError, match=rf"^{re.escape(str(path))}: no valid TOML: .*line 2"):
        load_settings(path, environment=NOTHING)


def test_a_file_that_is_no_utf_8_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "newsmoe.toml"
    path.write_bytes(b'# read\ngate = "\xff"')
    with pytest.raises(ConfigError, match=rf"^{re.escape(str(path))}: not in UTF-8 \(at line 2\); save it in that"):
        load_settings(path, environment=NOTHING)


def test_a_file_that_is_missing_or_a_folder_is_reported(tmp_path: Path) -> None:
    for path in (tmp_path / "none.toml", tmp_path):
        with pytest.raises(ConfigError, match=f"^{re.escape(str(path))}: cannot be read"):
            load_settings(path, environment=NOTHING)


def test_the_byte_order_mark_of_windows_editors_is_skipped(tmp_path: Path) -> None:
    path = tmp_path / "newsmoe.toml"
    path.write_bytes(b'\xef\xbb\xbfgate = "all"')
    assert read_toml(path) == {"gate": "all"}


def test_a_file_may_be_named_by_a_text(tmp_path: Path) -> None:
    assert load_settings(str(write(tmp_path, 'gate = "all"')), environment=NOTHING).gate == "all"


def test_the_nearest_file_upwards_is_found(workdir: Path) -> None:
    below = workdir / "a" / "b"
    below.mkdir(parents=True)
    outer = write(workdir, "")
    assert find_config(below) == outer
    inner = write(workdir / "a", "")
    assert find_config(below) == inner
    assert find_config(workdir) == outer


def test_a_folder_of_that_name_is_no_settings_file(workdir: Path) -> None:
    below = workdir / "a"
    (below / "newsmoe.toml").mkdir(parents=True)
    assert find_config(below) == find_config(workdir)


def test_the_nearest_file_upwards_from_here_is_read(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(workdir, "threads = 3")
    (workdir / "inbox").mkdir()
    monkeypatch.chdir(workdir / "inbox")
    assert load_settings(environment=NOTHING).threads == 3


def test_a_file_that_is_named_replaces_the_one_found(tmp_path: Path, workdir: Path) -> None:
    write(workdir, "threads = 3")
    named = tmp_path / "other.toml"
    named.write_text("batch_articles = 5")
    settings = load_settings(named, environment=NOTHING)
    assert (settings.threads, settings.batch_articles) == (None, 5)


# profiles

PROFILED = """
tasks = ["topic"]
[[rule]]
use = { topic = "topic-zero-shot" }

[profiles.quick]
tasks = ["summarization"]
experts_dir = "mine"
[[profiles.quick.rule]]
use = { summarization = "lead" }
"""


def test_a_requested_profile_beats_the_file_and_its_rules_come_first(workdir: Path) -> None:
    (workdir / "newsmoe.toml").write_text(PROFILED)
    settings = load_settings(overrides={"profile": "quick"}, environment={})
    assert (settings.profile, settings.tasks) == ("quick", ("summarization",))
    assert settings.experts_dir == (workdir / "mine",)
    assert [list(rule.use) for rule in settings.rule] == [["summarization"], ["topic"]]
    told = load_settings(overrides={"tasks": "sentiment"}, environment={"NEWSMOE_PROFILE": "quick"})
    assert told.tasks == ("sentiment",)


def test_a_profile_that_the_file_names_is_overridden_by_the_rest_of_the_file(workdir: Path) -> None:
    (workdir / "newsmoe.toml").write_text('profile = "quick"\n' + PROFILED)
    settings = load_settings(environment={})
    assert settings.tasks == ("topic",)
    assert [list(rule.use) for rule in settings.rule] == [["topic"], ["summarization"]]


def test_the_tutorials_profile_holds_only_its_pair(workdir: Path) -> None:
    settings = load_settings(overrides={"profile": "tutorial"}, environment={})
    assert settings.tasks == ("summarization", "sentiment")
    assert [rule.use for rule in settings.rule] == [
        {"summarization": "distilbart-cnn-6-6", "sentiment": "distilbert-sst-2"}
    ]


def test_an_unknown_profile_is_reported_with_the_nearest(workdir: Path) -> None:
    with pytest.raises(ConfigError, match="no profile is called 'tutoral'; did you mean 'tutorial'"):
        load_settings(overrides={"profile": "tutoral"}, environment={})


def test_the_error_of_an_unknown_key_names_the_profile(workdir: Path) -> None:
    (workdir / "newsmoe.toml").write_text('[profiles.quick]\ntaks = ["topic"]\n')
    with pytest.raises(ConfigError, match="profile 'quick': unknown key 'taks'; did you mean 'tasks'"):
        load_settings(overrides={"profile": "quick"}, environment={})


@pytest.mark.parametrize(
    ("profile", "problem"),
    [
        ('[profiles.quick]\ntaks = ["topic"]', "profile 'quick': unknown key 'taks'; did you mean 'tasks'?"),
        ("[profiles.quick]\nthreads = 0", "profile 'quick': threads: must be greater than or equal to 1"),
        ("[profiles]\nquick = 5", "profile 'quick': must be a table of keys and values"),
    ],
)
def test_a_wrong_profile_is_refused_though_another_one_is_in_force(workdir: Path, profile: str, problem: str) -> None:
    path = write(workdir, f'profile = "tutorial"\n[profiles.other]\ntasks = ["topic"]\n{profile}')
    with pytest.raises(ConfigError, match=f"^{re.escape(f'{path}: {problem}')}$"):
        load_settings(environment=NOTHING)


def test_a_journal_in_the_file_is_relative_to_the_file(tmp_path: Path) -> None:
    for value, place in (
        ("kept.sqlite", str(tmp_path / "kept.sqlite")),
        ("~/kept.sqlite", str(Path.home() / "kept.sqlite")),
        ("none", "none"),
        ("postgresql://me@there/news", "postgresql://me@there/news"),
    ):
        path = write(tmp_path, f'journal = "{value}"')
        assert load_settings(path, environment=NOTHING).journal == place
