"""What an exported job says of itself, and what its kernel is told of the run that it is to be.

Loads neither nbformat nor a session: whoever starts a job reads this first.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flowbook.errors import UsageError
from flowbook.export.places import told_of
from flowbook.ids import RunId, mint_uuid7

NATIVE = "python3"
"""The kernel of a job that names none: this interpreter."""


def job_metadata(path: Path) -> Mapping[str, Any]:
    """The `flowbook` metadata of an exported notebook; `UsageError` when it is none."""
    about = _metadata(path).get("flowbook", {})
    if "format" not in about or "flow" not in about:
        raise UsageError(
            f"{path} is not an exported job",
            hint=f"export it first: flowbook export {path} --to jobs/",
        )
    return dict(about)


def wanted_kernel(path: Path) -> str:
    """The kernelspec that a job asks for, by name."""
    return str(_metadata(path).get("kernelspec", {}).get("name", NATIVE))


def home_of(job: Path, source: str) -> Path:
    """The folder whose project a job belongs to: its author's notebook's, if that is there."""
    author = (job.resolve().parent / source) if source else job
    return author.resolve().parent if author.is_file() else job.resolve().parent


def mint_job_run() -> RunId:
    """A run id for a job to hand to its kernel."""
    return RunId(mint_uuid7(time.time_ns() // 1_000_000, secrets.randbits(74)))


def job_environment(
    job: Path, root: Path, run_id: RunId, *, key: str | None, resumes: bool
) -> dict[str, str]:
    """What the job's kernel is told: the project at `root`, the run, and where its nodes stand.

    `resumes`: the run is one that is gone on with. Raises `UsageError` for a notebook that is no
    exported job.

    >>> from tempfile import mkdtemp
    >>> job = Path(mkdtemp()) / "tour.ipynb"
    >>> about = {"format": 1, "flow": "tour", "number": 3}
    >>> _ = job.write_text(json.dumps({"metadata": {"flowbook": about}, "cells": []}))
    >>> told = job_environment(job, job.parent, RunId("r"), key=None, resumes=False)
    >>> told["FLOWBOOK_RUN_ID"], told["FLOWBOOK_ROUTED"]
    ('r', 'pinned(3): as exported')
    """
    about = job_metadata(job)
    env = {
        **told_of(job),
        "FLOWBOOK_PROJECT": str(root),
        "FLOWBOOK_TRIGGER": "papermill",
        "FLOWBOOK_SOURCE": str(about.get("source", "")),
        "FLOWBOOK_FLOW": str(about["flow"]),
        "FLOWBOOK_RESUMES" if resumes else "FLOWBOOK_RUN_ID": run_id,
    }
    if key is not None:
        env["FLOWBOOK_RUN_KEY"] = key
    if "number" in about:
        env["FLOWBOOK_ROUTED"] = f"pinned({about['number']}): as exported"
    return env


def _metadata(path: Path) -> dict[str, Any]:
    """All metadata of a notebook; what nbformat has to say of it takes long, and papermill asks."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as failure:
        raise UsageError(f"cannot read {path}: {failure.strerror}") from None
    try:
        metadata = json.loads(text)["metadata"]
        return metadata if "format" in metadata["flowbook"] else {}
    except (ValueError, LookupError, TypeError):
        from flowbook.export.notebook import parse_notebook

        return dict(parse_notebook(text, str(path)).metadata)
