"""The `flowbook` command: a door that translates words into calls, and results into text.

Data goes to stdout, progress and problems to stderr, and the exit code is an `ExitCode`. Each
command lives in a module of its own, loaded when it is used, so that `flowbook --help` costs no
more than click. No command decides anything the session could decide.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from flowbook import __version__
from flowbook.cli.commands import ASKING, COMMANDS, LazyGroup
from flowbook.cli.failures import guarded
from flowbook.cli.manual import manual


@click.group(
    cls=LazyGroup,
    modules=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="flowbook %(version)s")
@manual(
    "flowbook demo",
    "flowbook run report.ipynb -p city=Oslo",
    'flowbook history sql "select flow, status from runs"',
)
def flowbook() -> None:
    """A flow is a notebook, a node is a cell, a run is a row you can query.

    Every command says its exit codes in its own --help.
    """


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal that cannot draw ✓ shows ?
    if ASKING in os.environ:
        from flowbook.cli.completions import register

        register()
    sys.exit(int(guarded(lambda: flowbook.main(argv, "flowbook", standalone_mode=False))))
