"""What the notebook of a job keeps of its run: the canvas as the run left it."""

from __future__ import annotations

import os

from flowbook.events import RunCreated, RunStatus
from flowbook.export.mime import mime_bundle
from flowbook.export.places import heard
from flowbook.magics.kernel_notebook import KernelNotebook
from flowbook.run.handle import Run
from flowbook.session.places import given_places


def show_frozen(notebook: KernelNotebook, run: Run) -> None:
    """Display how the nodes stood when the run ended, with their table unless all went well.

    Of a run that goes on nothing is shown, nor of one of another version than that of the cells.
    """
    (created, *_) = run.events() or (None,)
    if not run.status.over or not isinstance(created, RunCreated):
        return
    if created.version != notebook.project.plan(notebook.flow).version:
        return
    from flowbook.widget.frozen import as_left  # noqa: PLC0415 - few cells draw

    spec, home = notebook.flow.spec(), notebook.project
    places = heard(os.environ, spec) or given_places(home.folder, spec)
    table = "" if run.status is RunStatus.SUCCEEDED else mime_bundle(run)["text/html"]
    about = {"flowbook": {"run": str(run.id)}}  # by which whoever reads the notebook finds it
    notebook.shell.display_pub.publish(as_left(run, spec, places, home.registry, table), about)
