"""Which cell, which flow and which run this is, as the front end and the environment say it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowbook.cells.header import declared_name
from flowbook.events import TriggerKind
from flowbook.ids import CellId, FlowId, RunId


def cell_of(source: str) -> CellId:
    """A stand-in id where the front end sends none: the node's name keeps its identity.

    >>> cell_of("%%flow clean --retries 3")
    'clean'
    """
    return CellId(declared_name(source) or f"cell-{abs(hash(source)):x}")


def deleted_cells(shell: Any) -> list[CellId]:
    """Cells the user has deleted, as JupyterLab says with every execution."""
    parent = getattr(shell, "parent_header", None) or {}
    metadata = parent.get("metadata") if isinstance(parent, dict) else None
    deleted = (metadata or {}).get("deletedCells") or ()
    return [CellId(str(cell)) for cell in deleted]


def notebook_file(namespace: Mapping[str, Any]) -> Path | None:
    """The notebook's file, as Jupyter or VS Code say it; None where that is not known."""
    said = os.environ.get("JPY_SESSION_NAME") or namespace.get("__vsc_ipynb_file__") or ""
    file = Path(str(said))
    return file if file.suffix == ".ipynb" and file.is_file() else None


def flow_name(namespace: Mapping[str, Any]) -> FlowId:
    """The notebook's file name: of the job, of Jupyter's or VS Code's session, else `notebook`."""
    named = os.environ.get("FLOWBOOK_FLOW")
    session = os.environ.get("JPY_SESSION_NAME") or namespace.get("__vsc_ipynb_file__") or ""
    return FlowId(named or Path(str(session)).stem or "notebook")


def in_job() -> bool:
    """True in the kernel of an exported job."""
    return "FLOWBOOK_TRIGGER" in os.environ


def trigger() -> TriggerKind:
    """What starts runs here."""
    return TriggerKind(os.environ.get("FLOWBOOK_TRIGGER", TriggerKind.MANUAL))


@dataclass(frozen=True, slots=True)
class JobRun:
    """The one run that a job waits for, as it was told to be.

    `run_id`: an id for it. `resumes`: the run it goes on with. `key`: its run key. `routed`: which
    version it is of, and why.
    """

    run_id: RunId | None = None
    resumes: RunId | None = None
    key: str | None = None
    routed: str | None = None


def given_run(record: bool) -> JobRun:
    """What a job says of the one run it waits for; said once, and nothing of other runs."""
    if not record:
        return JobRun()
    given, resumes, key, routed = (
        os.environ.pop(f"FLOWBOOK_{name}", None)
        for name in ("RUN_ID", "RESUMES", "RUN_KEY", "ROUTED")
    )
    run_id = RunId(given) if given else None
    return JobRun(run_id, RunId(resumes) if resumes else None, key, routed)
