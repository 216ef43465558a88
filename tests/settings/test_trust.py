"""Files that another user wrote, or could have written, are not obeyed unless they are named."""

import os
from pathlib import Path

import pytest

from newsmoe.errors import ConfigError
from newsmoe.settings.sources import load_settings
from newsmoe.settings.trust import distrusted
from tests.cli.support import newsmoe
from tests.settings.support import write

ANOTHER = 12_345
as_root = pytest.mark.skipif(
    not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files to other users"
)


@as_root
def test_a_configuration_of_another_user_is_refused_and_can_be_named(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(workdir, 'journal = "postgresql://x@elsewhere/db"')
    os.chown(workdir / "newsmoe.toml", ANOTHER, ANOTHER)
    deep = workdir / "deep"
    deep.mkdir()
    monkeypatch.chdir(deep)
    with pytest.raises(ConfigError, match=r"newsmoe\.toml: is not used, because it belongs to another user \(12345\)"):
        load_settings()
    assert load_settings(workdir / "newsmoe.toml").journal == "postgresql://x@elsewhere/db"
    assert load_settings(Path(os.devnull)).journal is None


@as_root
def test_a_link_of_another_user_to_a_file_of_ones_own_is_refused(workdir: Path) -> None:
    target = workdir / "own"
    target.write_text("batch_articles = 1")
    (workdir / "newsmoe.toml").symlink_to(target)
    assert load_settings().batch_articles == 1
    os.lchown(workdir / "newsmoe.toml", ANOTHER, ANOTHER)
    with pytest.raises(ConfigError, match="another user"):
        load_settings()


@pytest.mark.parametrize(("part", "reason"), [("newsmoe.toml", "all users may write it"), ("", "may write its folder")])
def test_what_all_users_may_write_is_refused(workdir: Path, part: str, reason: str) -> None:
    write(workdir, "batch_articles = 1")
    (workdir / part).chmod(0o777)
    with pytest.raises(ConfigError, match=reason):
        load_settings()
    workdir.chmod(0o1777)  # as /tmp: others cannot replace the file
    (workdir / "newsmoe.toml").chmod(0o644)
    assert load_settings().batch_articles == 1


@as_root
def test_cards_of_another_user_are_read_only_where_their_folder_is_named(workdir: Path) -> None:
    (workdir / "experts").mkdir()
    os.chown(workdir / "experts", ANOTHER, ANOTHER)
    refused = newsmoe("experts", "list")
    assert refused.exit_code == 1
    assert "name it with --experts-dir experts" in refused.stderr
    assert newsmoe("experts", "list", "--experts-dir", "experts").exit_code == 0


def test_a_file_of_ones_own_is_trusted(workdir: Path) -> None:
    write(workdir, "")
    assert distrusted(workdir / "newsmoe.toml") is None
