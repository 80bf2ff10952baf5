"""The guide names every command, every option and every exit code, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from flowbook.cli import flowbook
from flowbook.cli.manual import manual
from flowbook.export.exits import ExitCode

PAGE = (Path(__file__).parents[2] / "docs" / "guides" / "cli.md").read_text(encoding="utf-8")


def commands(
    command: click.Command = flowbook, path: tuple[str, ...] = ("flowbook",)
) -> Iterator[tuple[str, click.Command]]:
    """Every command with its words; groups that only hold others are left out."""
    ctx = click.Context(command)
    group = command if isinstance(command, click.Group) else None
    if group is None or group.invoke_without_command:
        yield " ".join(path), command
    if group is not None:
        for name in group.list_commands(ctx):
            yield from commands(group.get_command(ctx, name), (*path, name))


COMMANDS = dict(commands())


def section(title: str) -> str:
    match = re.search(rf"^##+ {re.escape(title)}$", PAGE, re.MULTILINE)
    assert match, f"docs/guides/cli.md has no section {title!r}"
    rest = PAGE[match.end() :]
    end = re.search(r"^##", rest, re.MULTILINE)
    return rest[: end.start()] if end else rest


def test_every_command_has_a_section_and_every_section_a_command():
    assert sorted(re.findall(r"^##+ `(flowbook[^`]*)`$", PAGE, re.MULTILINE)) == sorted(COMMANDS)


@pytest.mark.parametrize("words", COMMANDS)
def test_every_option_of_a_command_is_in_its_table(words):
    rows = re.findall(r"^\| (`-[^|]*) \|", section(f"`{words}`"), re.MULTILINE)
    documented = sorted(name for row in rows for name in re.findall(r"`([^`]+)`", row))
    options = [one for one in COMMANDS[words].params if isinstance(one, click.Option)]
    assert documented == sorted(
        name for option in options for name in (*option.opts, *option.secondary_opts)
    )


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_an_example_in_the_guide(words):
    (block,) = re.findall(r"```console\n(.*?)```", section(f"`{words}`"), re.DOTALL)
    assert all(line.startswith(words) for line in block.splitlines())


def test_every_exit_code_is_documented():
    rows = re.findall(r"^\| `(\d+)` \| `(\w+)` \| (.*) \|$", section("Exit codes"), re.MULTILINE)
    assert [(int(number), name, text.replace("`", "")) for number, name, text in rows] == [
        (code.value, code.name, code.meaning) for code in ExitCode
    ]


def test_help_keeps_the_lines_of_examples_and_codes():
    @click.command("x")
    @manual("flowbook x --one", "flowbook x --two", codes=(ExitCode.OK, ExitCode.TIMEOUT))
    def command() -> None:
        """Do x."""

    text = command.get_help(click.Context(command))
    assert "    flowbook x --one\n    flowbook x --two\n" in text
    assert "      0  all went well\n    124  it took longer" in text
