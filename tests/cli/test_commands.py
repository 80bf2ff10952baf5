"""The command line as a whole: what there is, what is misspelt, what is loaded."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from flowbook.cli import flowbook
from flowbook.cli.commands import COMMANDS


def test_a_misspelt_command_is_guessed(ask):
    code, out, err = ask("hist")
    assert (code, out) == (2, "")
    assert "there is no command 'hist'; did you mean 'history'?" in err


def test_a_misspelt_sub_command_is_an_error_with_help(ask):
    code, _, err = ask("history", "sq")
    assert code == 2
    assert "'sq'" in err


def test_a_misspelt_option_is_guessed(ask):
    code, _, err = ask("history", "--jsn")
    assert code == 2
    assert "--json" in err
    assert err.endswith("hint: flowbook history --help\n")


def test_a_file_that_is_missing_is_named(ask):
    code, _, err = ask("check", "gone.ipynb")
    assert code == 2
    assert "'gone.ipynb'" in err


def test_the_version_is_said(ask):
    code, out, _ = ask("--version")
    assert code == 0
    assert out.startswith("flowbook ")


@pytest.mark.parametrize("words", [[name] for name in COMMANDS] + [["job", "run"]])
def test_every_command_has_help_with_an_example(ask, words):
    code, out, _ = ask(*words, "--help")
    assert code == 0
    assert f"flowbook {' '.join(words)}" in out.partition("Example:")[2]


def test_every_command_that_ends_says_its_exit_codes():
    def leaves(command, path=()):
        if isinstance(command, click.Group) and not command.invoke_without_command:
            for name in command.list_commands(click.Context(command)):
                yield from leaves(command.get_command(click.Context(command), name), (*path, name))
        else:
            yield path, command

    silent = [path for path, command in leaves(flowbook) if "Exit codes:" not in command.help]
    assert silent == []


def test_help_loads_no_engine_store_or_notebook_library():
    code = (
        "import sys\nfrom flowbook.cli import main\n"
        "try: main(['--version'])\nexcept SystemExit: pass\n"
        "heavy = ('duckdb', 'pandas', 'nbformat', 'papermill', 'flowbook.run', 'flowbook.store')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_module_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "flowbook.cli", "nope"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
