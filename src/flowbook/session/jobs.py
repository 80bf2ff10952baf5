"""Writing the job of a flow to a file."""

from __future__ import annotations

import json
import os
from pathlib import Path

from flowbook.errors import UsageError


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
