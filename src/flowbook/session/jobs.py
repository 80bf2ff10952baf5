"""The job of a flow as a file, and what the history has of one that never came to its run."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

from flowbook.cells.notebook import Cell
from flowbook.cells.patches import write
from flowbook.cells.source import read
from flowbook.errors import UsageError
from flowbook.events import RunCompleted, RunCreated, RunStatus, TriggerKind
from flowbook.events.values import ErrorInfo
from flowbook.export.exits import ExitCode
from flowbook.export.job import JobResult
from flowbook.export.notebook import export_notebook
from flowbook.graph.flow_options import JournalMode
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec
from flowbook.ids import CellId, EventSeq, FlowId
from flowbook.plan.compile import version_of
from flowbook.plan.plan import Plan
from flowbook.session.recording import recording_of, told_params
from flowbook.session.versions import Stored, stored_spec
from flowbook.store.history import History
from flowbook.store.store import Store


class Home(Protocol):
    """Where a job belongs; `flowbook.Project` is one."""

    @property
    def store(self) -> Store: ...
    @property
    def secrets(self) -> Any: ...


def write_job(path: Path, text: str) -> bool:
    """Write `text` to `path`, whole or not at all; False when it was so already.

    Raises `UsageError` when it cannot be written.

    >>> from tempfile import mkdtemp
    >>> path = Path(mkdtemp()) / "jobs" / "report.ipynb"
    >>> write_job(path, "{}"), write_job(path, "{}")
    (True, False)
    """
    try:
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return False
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as failure:
        raise UsageError(f"cannot write {path}: {failure.strerror}") from None
    return True


def is_job(path: Path, flow: str) -> bool:
    """True for a file that was written as a job of that flow."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))["metadata"]["flowbook"]
        return "version" in said and said["flow"] == flow
    except (OSError, ValueError, LookupError, TypeError):
        return False


def record_unstarted(
    home: Home, plan: Plan, result: JobResult, params: Mapping[str, Any], key: str | None
) -> JobResult:
    """Let a job that ended before its run began be a failed run, or a cancelled one.

    A schedule whose job died in its setup cell, or whose kernel never came up, must not look as if
    nothing had been due. A run that began is left as it is.
    """
    if result.status is not None or plan.options.journal is JournalMode.OFF:
        return result
    stopped = result.code in (ExitCode.TIMEOUT, ExitCode.INTERRUPTED, ExitCode.TERMINATED)
    status = RunStatus.CANCELLED if stopped else RunStatus.FAILED
    recording = recording_of(plan.options, home.store, home.secrets)
    sink = home.store.sink if recording is None else recording.sink
    message = result.error or result.code.meaning
    now = time.time()
    created = RunCreated(
        run=result.run_id,
        seq=EventSeq(0),
        at=now,
        flow=plan.flow,
        version=plan.version,
        trigger=TriggerKind.PAPERMILL,
        nodes=tuple(step.node for step in plan.steps),
        params=told_params(params, recording),
        key=key,
        host=socket.gethostname(),
        pid=os.getpid(),
    )
    error = ErrorInfo("JobFailed", f"the job ended before its run began: {message}")
    over = RunCompleted(
        run=result.run_id, seq=EventSeq(1), at=now, status=status, ms=0.0, error=error
    )
    sink.append([created, over]).result()
    return replace(result, status=status)


def version_job(
    history: History, registry: Registry, flow: FlowId, which: str, **terms: Any
) -> tuple[str, int]:
    """The job of a version of the history as text, and the version's number.

    `which`: its number, its hash or the beginning of that; `terms`: those of `export_notebook`.
    Raises `UsageError` when there is no such version, or no cells can say what it means.
    """
    stored = stored_spec(history, flow, which)
    text, spec = written_out(stored, registry)
    return export_notebook(text, spec, registry, number=stored.number, **terms), stored.number


def written_out(stored: Stored, registry: Registry) -> tuple[str, FlowSpec]:
    """A version of the history as the text of a notebook, and the flow that it holds.

    It is the same text whatever became of the notebook that the version was written in. Raises
    `UsageError` when no cells can say what it means.
    """
    notebook = write(stored.spec, registry)
    if stored.setup:
        plain = Cell.code(CellId("captured"), stored.setup)
        notebook = notebook.with_cells((notebook.cells[0], plain, *notebook.cells[1:]))
    parsed = read(notebook, registry, stored.spec.id)
    if version_of(parsed.spec) != stored.version:
        raise UsageError(
            f"version {stored.number} of flow {stored.spec.id!r} cannot be written as cells",
            hint="export the notebook as it is: --draft",
        )
    return notebook.text(), parsed.spec
