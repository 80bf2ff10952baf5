"""A flow of three nodes, run the three ways there are: by a kernel, a process and papermill.

It runs in a folder of its own that is gone afterwards, so that no history tells of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from flowbook.session.health import Check, Verdict
from flowbook.tour.first import first_notebook

_FLOW: Final = "doctor"
_PATIENCE: Final = 180.0
"""Seconds a way may take; a machine with much to do needs some."""
_OURS: Final = "FLOWBOOK_"


def runs() -> Iterator[Check]:
    """The three, each with its time in ms."""
    with tempfile.TemporaryDirectory(prefix="flowbook-doctor-") as made:
        folder = Path(made).resolve()
        notebook = folder / f"{_FLOW}.ipynb"
        notebook.write_text(first_notebook(_FLOW), encoding="utf-8")
        yield _by_kernel(notebook)
        elsewhere = folder / "worker.ipynb"
        elsewhere.write_text(first_notebook("worker", " --on process"), encoding="utf-8")
        yield _by_words("run by a process", ["run", elsewhere.name, "--no-report"], folder)
        ready = _by_words("run by papermill", ["export", notebook.name, "--to", "jobs"], folder)
        if ready.verdict is not Verdict.OK:
            yield ready
            return
        yield _by_words("run by papermill", ["job", "run", f"jobs/{notebook.name}"], folder)


def environment() -> dict[str, str]:
    """Ours, without what would send the runs into somebody's project."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}


def _by_words(name: str, words: list[str], folder: Path) -> Check:
    """A command of ours in a process of its own."""
    line = [sys.executable, "-m", "flowbook.cli", *words]
    began = time.monotonic()
    try:
        ended = subprocess.run(  # noqa: S603  # our own interpreter, no shell
            line, cwd=folder, env=environment(), capture_output=True, text=True, timeout=_PATIENCE
        )
    except subprocess.TimeoutExpired:
        return Check(name, Verdict.FAILED, f"not done after {_PATIENCE:g} s", _slow(words))
    if ended.returncode != 0:
        said = [one for one in ended.stderr.splitlines() if one.startswith("error: ")]
        found = (said or ended.stderr.splitlines() or ["it said nothing"])[-1]
        hints = [one for one in ended.stderr.splitlines() if one.startswith("hint: ")]
        hint = hints[-1].removeprefix("hint: ") if hints else _slow(words)
        return Check(name, Verdict.FAILED, found.removeprefix("error: "), hint)
    return Check(name, Verdict.OK, "three nodes succeeded", ms=_ms(began))


def _by_kernel(notebook: Path) -> Check:
    name = "run by a kernel"
    try:
        from jupyter_client.manager import start_new_kernel
    except ModuleNotFoundError:
        return Check(name, Verdict.SKIPPED, "no Jupyter here", 'pip install "flowbook[lab]"')
    began = time.monotonic()
    folder = str(notebook.parent)
    try:
        manager, client = start_new_kernel(
            startup_timeout=_PATIENCE,
            kernel_name="python3",
            cwd=folder,
            env=environment(),
            extra_arguments=["--IPKernelApp.log_level=40"],
        )
    except (RuntimeError, OSError, LookupError) as failure:
        return Check(name, Verdict.FAILED, f"the kernel did not start: {failure}", _KERNEL)
    try:
        error = _feed(client, notebook)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
        manager.cleanup_resources()
    if error:
        return Check(name, Verdict.FAILED, error, _KERNEL)
    return Check(name, Verdict.OK, "three nodes succeeded", ms=_ms(began))


def _feed(client: object, notebook: Path) -> str:
    """Define the notebook's cells in a kernel and run its flow; what went wrong, '' if nothing."""
    from flowbook.cells.notebook import Notebook

    cells = Notebook.parse(notebook.read_text(encoding="utf-8")).cells
    code = [cell.source for cell in cells if cell.type == "code"]
    load, *nodes = code
    for source in (load, "%flow mode define", *nodes, _RUN):
        try:
            reply = client.execute_interactive(  # type: ignore[attr-defined]  # jupyter's client
                source, timeout=_PATIENCE, output_hook=lambda _message: None, allow_stdin=False
            )
        except (TimeoutError, RuntimeError) as failure:
            return f"the kernel did not answer to {source.splitlines()[0]!r}: {failure}"
        content = reply["content"]
        if content["status"] != "ok":
            return f"{content.get('ename')}: {content.get('evalue')}"
    return ""


_RUN: Final = "run = %flow run\nrun.raise_for_status()"
"""A run that fails raises nothing of itself."""
_KERNEL: Final = f"{sys.executable} -m ipykernel install --sys-prefix; then look at its log"


def _slow(words: list[str]) -> str:
    return f"try it by hand: flowbook {' '.join(words)}, with FLOWBOOK_DEBUG=1"


def _ms(began: float) -> float:
    return round((time.monotonic() - began) * 1000, 1)
