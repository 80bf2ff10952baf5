"""The verbs about versions: publish the flow, list them, go back to one."""

from __future__ import annotations

from typing import Any

import click

from flowbook.magics.kernel_notebook import KernelNotebook, note
from flowbook.magics.offering import offer_patches
from flowbook.magics.verbs.group import verbs
from flowbook.session.feeding import changes


@verbs.command()
@click.option("--note", "said", default="", help="What is new in it.")
@click.pass_obj
def publish(notebook: KernelNotebook, said: str) -> Any:
    """Let the flow as it is now be the version that others run; editing goes on in a draft."""
    version = notebook.flow.publish(said)
    note(f"version {version.number} is published")
    return version


@verbs.command()
@click.pass_obj
def versions(notebook: KernelNotebook) -> Any:
    """The versions of the flow that ran or were published, the first one first."""
    return notebook.flow.versions()


@verbs.command()
@click.argument("version")
@click.pass_obj
def rollback(notebook: KernelNotebook, version: str) -> Any:
    """Give the flow the meaning of a version, by its number or hash; undo takes it back."""
    before = dict(notebook.live.cells)
    back = notebook.flow.rollback(version)
    if notebook.link is None or not notebook.link.connected:  # else the document follows by itself
        patches = changes(before, notebook.live.cells)
        offer_patches(notebook, patches, label=f"Roll back to version {version}", before=before)
    return back
