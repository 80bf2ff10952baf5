"""Tab in a flow of a hundred nodes with wide tables: our matcher, against the whole completer."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from IPython.core.completer import CompletionContext, provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config

NODES = 100
TIMES = 30
TEXTS = {
    "line": "%flow run --from n9",
    "head": "%%flow x(a=n9",
    "option": "%%flow x\n#| retr",
    "column": '%%flow x\nn99["c',
    "attribute": "%%flow x\nn99.c",
    "name": "%%flow x\nn9",
    "sql": "%%flow sql x\nselect c from n99 where c",
    "settings": "%%flow http x\nmeth",
}


def main() -> list[dict[str, object]]:
    """A row for each kind of text: what the matcher takes, and the completer with all the others."""
    before = Path.cwd()
    with TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            shell = _shell()
            return [_row(shell, name, text) for name, text in TEXTS.items()]
        finally:
            os.chdir(before)


def _row(shell: InteractiveShell, name: str, text: str) -> dict[str, object]:
    lines = text.split("\n")
    context = CompletionContext(
        token="",
        full_text=text,
        cursor_position=len(lines[-1]),
        cursor_line=len(lines) - 1,
        limit=None,
    )
    (matcher,) = shell.Completer.custom_matchers
    with provisionalcompleter():
        assert list(shell.Completer.completions(text, len(text))), name
        ours = _timed(lambda: matcher(context))
        whole = _timed(lambda: list(shell.Completer.completions(text, len(text))))
    return {
        "where": name,
        "matcher, median ms": round(statistics.median(ours), 2),
        "matcher, most ms": round(max(ours), 1),
        "completer, median ms": round(statistics.median(whole), 1),
    }


def _timed(ask: Callable[[], object]) -> list[float]:
    """Milliseconds of each of several times."""
    took = []
    for _ in range(TIMES):
        start = time.perf_counter()
        ask()
        took.append((time.perf_counter() - start) * 1000)
    return took


def _shell() -> InteractiveShell:
    quiet = Config()
    quiet.HistoryManager.enabled = False
    shell = InteractiveShell(config=quiet)
    shell.run_line_magic("load_ext", "flowbook")
    shell.run_cell("import pandas as pd\nmode = %flow mode define")
    for number in range(NODES):
        shell.run_cell(
            f"%%flow n{number}\npd.DataFrame({{f'c{{i}}': [i] for i in range(200)}})",
            cell_id=f"n{number}",
        )
    with capture_output():
        shell.run_cell("run = %flow run")
    return shell
