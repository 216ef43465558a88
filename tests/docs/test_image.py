"""The container: what it is built from is there; it is built and run where there is Docker."""

import fnmatch
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, read
from tests.support import SAMPLE

DOCKERFILE = read(ROOT / "Dockerfile")


def test_what_is_copied_is_in_the_context() -> None:
    included = [line[1:] for line in read(ROOT / ".dockerignore").splitlines() if line.startswith("!")]
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    copied = [source for line in lines for source in line.split()]
    assert copied
    for source in copied:
        assert (ROOT / source).exists()
        assert any(fnmatch.fnmatch(source, pattern) for pattern in included), source


def test_the_backbone_is_the_one_of_the_makefile() -> None:
    [pinned] = re.findall(r"^BACKBONE := (.+)$", read(ROOT / "Makefile"), re.MULTILINE)
    assert f"--no-deps {pinned}\n" in DOCKERFILE


def test_it_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (.+)$", DOCKERFILE, re.MULTILINE) == ["newsmoe"]


@pytest.mark.slow
def test_it_is_built_and_analyzes_a_mounted_folder(tmp_path: Path) -> None:
    if shutil.which("docker") is None:
        pytest.skip("Docker is not installed")
    if subprocess.run(["docker", "info"], capture_output=True, timeout=60).returncode:
        pytest.skip("the Docker daemon cannot be reached")
    subprocess.run(["docker", "build", "--quiet", "--tag", "newsmoe-test", str(ROOT)], check=True)
    shutil.copy(SAMPLE, tmp_path)
    user, mount = f"{os.getuid()}:{os.getgid()}", f"{tmp_path}:/data"
    run = ["docker", "run", "--rm", "--network", "none", "--user", user, "--volume", mount, "newsmoe-test"]
    subprocess.run([*run, "analyze", SAMPLE.name], check=True)
    records = json.loads((tmp_path / "analyzed_news_data.json").read_text(encoding="utf-8"))
    assert {record["status"] for record in records} == {"ok"}
    size = subprocess.run(
        ["docker", "image", "inspect", "--format", "{{.Size}}", "newsmoe-test"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(size.stdout) < 600e6
