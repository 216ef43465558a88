"""Every block of the pages is right as far as it can be told without running it; or it says why not."""

import json
import re
import shlex
import tomllib
from importlib.util import find_spec
from typing import Any

import pytest
from typer.main import get_group

from newsmoe import Record, Settings
from newsmoe.cli.app import app
from newsmoe.orchestrator.session import Session
from newsmoe.registry.cards import Card
from newsmoe.serve.openapi import document
from newsmoe.serve.service import Service
from newsmoe.settings.conditions import After
from newsmoe.story import Stories
from tests.docs.pages import PAGES, README, ROOT, Block, blocks, read, without_blocks, without_generated

LANGUAGES = {"console", "json", "promql", "python", "sh", "text", "toml"}
BLOCKS = [block for page in PAGES for block in blocks(page)]
PYPROJECT = tomllib.loads(read(ROOT / "pyproject.toml"))["project"]
EXTRAS = PYPROJECT["optional-dependencies"]
MAKEFILE = read(ROOT / "Makefile")


def of(language: str) -> Any:
    """Parametrize a test with the blocks of a language that are to be checked."""
    checked = [block for block in BLOCKS if block.language == language and not block.reason]
    return pytest.mark.parametrize("block", checked, ids=str)


def command_lines(block: Block) -> list[str]:
    """Return the commands of a shell block, or of one with outputs."""
    if block.language == "console":
        return re.findall(r"^\$ (.+)$", block.text, re.MULTILINE)
    return [line for line in block.text.splitlines() if line.strip()]


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_the_language_is_named(block: Block) -> None:
    assert block.language in LANGUAGES


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_is_in_fences(page: Any) -> None:
    text = without_blocks(without_generated(read(page)))
    assert re.findall(r"\n\n {4}\S.*", text) == []
    assert "```" not in text


@of("sh")
def test_shell(block: Block) -> None:
    for line in command_lines(block):
        check_command(line)


@of("console")
def test_console(block: Block) -> None:
    lines = command_lines(block)
    assert lines
    for line in lines:
        check_command(line)


def check_command(line: str) -> None:  # noqa: C901  one case for each program
    """Fail if the line is not a command that exists, with options and extras that exist."""
    words = shlex.split(line.partition(" 2>>")[0], comments=True)
    match words:
        case ["newsmoe", *arguments]:
            check_newsmoe(arguments)
        case ["make", target]:
            assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)
        case ["source", file]:
            assert f"-m venv {file.removesuffix('/bin/activate')}\n" in MAKEFILE
        case ["pip", "install", *requirements]:
            for requirement in requirements:
                check_requirement(requirement)
        case [".venv/bin/python" | "python", "-m", "pytest", folder]:
            assert (ROOT / folder).is_dir()
        case [".venv/bin/python" | "python", "-m", module, *_]:
            assert find_spec(module)
        case ["python", file]:
            assert any(block.text.startswith(f"# {file}\n") for block in BLOCKS)
        case ["curl", *_, url]:
            with Session(Settings(journal="none")) as session:
                paths = document(Service(session))["paths"]
            assert url.removeprefix("localhost:8000").partition("?")[0] in paths
        case ["docker", *arguments]:
            check_docker(arguments)
        case _:
            pytest.fail(f"it is not known how to check {line!r}: put <!-- not checked: REASON --> before its block")


def check_docker(arguments: list[str]) -> None:
    """Fail unless it builds the image, or runs `newsmoe` in it with options that exist."""
    assert (ROOT / "Dockerfile").is_file()
    if arguments[0] != "build":
        check_newsmoe(arguments[arguments.index("newsmoe") + 1 :])


def check_newsmoe(arguments: list[str]) -> None:
    """Fail if there is no such command, or if it has no such options."""
    command: Any = get_group(app)
    name = "newsmoe"
    context = command.make_context(name, list(arguments))
    while hasattr(command, "resolve_command"):
        name, command, arguments = command.resolve_command(context, arguments)
        context = command.make_context(name, list(arguments), parent=context)


def check_requirement(requirement: str) -> None:
    """Fail if a requirement is neither newsmoe, with extras that exist, nor the backbone's package."""
    name, _, extras = requirement.rstrip("]").partition("[")
    if name == "newsmoe":
        assert set(filter(None, extras.split(","))) <= EXTRAS.keys()
    elif requirement == ".":
        assert (ROOT / "pyproject.toml").is_file()
    elif not requirement.startswith("-"):
        assert requirement in EXTRAS["embedded"]


def test_an_option_that_does_not_exist_is_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        check_command("newsmoe analyze news.json --no-such-option")
    with pytest.raises(AssertionError):
        check_command("pip install 'newsmoe[no-such-extra]'")


@of("toml")
def test_toml(block: Block) -> None:
    values = tomllib.loads(block.text)
    if "kind" in values:
        Card.model_validate(values)
    elif "after" in values:
        After.model_validate(values["after"])
    elif "project" not in values:
        assert Settings.model_validate(values) != Settings()


@of("json")
def test_json(block: Block) -> None:
    value = json.loads(block.text)
    (Stories if "stories" in value else Record).model_validate(value)


@of("python")
def test_python_compiles(block: Block) -> None:
    compile(block.text, str(block), "exec")


def test_every_extra_is_named() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", read(ROOT / "docs" / "index.md"), re.MULTILINE)
    assert sorted(rows) == sorted(EXTRAS.keys() - {"dev", "docs"})


def test_the_readme_is_short() -> None:
    assert len(read(README).splitlines()) <= 150


FOREIGN = {"--articles", "--data-binary", "--no-deps", "--repeats", "--synthetic", "--user"}
"""Options of pip, curl, benchmarks and Docker that the pages name."""


def all_options(command: Any, name: str = "newsmoe", parent: Any = None) -> set[str]:
    """Return the options of a command and of all below it."""
    context = command.make_context(name, [], parent=parent, resilient_parsing=True)
    options = {
        option
        for parameter in context.command.get_params(context)
        for option in [*parameter.opts, *parameter.secondary_opts]
    }
    children = context.command.list_commands(context) if hasattr(context.command, "list_commands") else []
    return options.union(*(all_options(command.get_command(context, child), child, context) for child in children))


def test_options_in_sentences_exist() -> None:
    options = all_options(get_group(app)) | FOREIGN
    spans = [(page.name, span) for page in PAGES for span in re.findall(r"`([^`\n]+)`", read(page))]
    named = [(page, option) for page, span in spans for option in re.findall(r"(?<!\S)--[a-z][a-z-]*", span)]
    assert [entry for entry in named if entry[1] not in options] == []


def test_commands_in_sentences_exist() -> None:
    for page in PAGES:
        for span in re.findall(r"`newsmoe ([a-z][^`\n]*)`", read(page)):
            command: Any = get_group(app)
            context = command.make_context("newsmoe", ["schema"], resilient_parsing=True)
            for word in span.split():
                if not hasattr(command, "list_commands") or not re.fullmatch(r"[a-z]+", word):
                    break
                assert word in command.list_commands(context), f"{page.name}: newsmoe {span}"
                command = command.get_command(context, word)
