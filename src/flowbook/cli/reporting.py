"""The report of a run that is over, with the flow as the run left it."""

from __future__ import annotations

from pathlib import Path

from flowbook.cli.opening import Opened
from flowbook.events import RunCreated
from flowbook.export.report import Reportable, write_report
from flowbook.plan.compile import version_of
from flowbook.session.places import given_places


def write_drawn(opened: Opened, run: Reportable, path: Path) -> Path:
    """Write the report of a run of the opened notebook's flow to `path`.

    Nothing is drawn of a run of another version than the notebook's: its nodes may be others.
    Raises `UsageError` when it cannot be written.
    """
    spec = opened.flow.spec()
    created = next((one for one in run.events() if isinstance(one, RunCreated)), None)
    drawn = None
    if created is not None and created.version == version_of(spec):
        from flowbook.widget.frozen import as_left  # only reports draw

        places = given_places(opened.project.folder, spec)
        drawn = as_left(run, spec, places, opened.project.registry)
    return write_report(run, opened.text, spec, path, drawn)
