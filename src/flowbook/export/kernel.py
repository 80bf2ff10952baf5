"""The kernel of a job: the interpreter that this process runs in, started before it is needed.

A kernel takes longer to come up than the job takes to be read and checked, and papermill to load,
and neither needs the other for it. So the kernel of `flowbook job run` is started first, as
nbclient would start it, and all that is loaded meanwhile; a job that is refused, or goes on with
another run, ends it again. This room therefore knows jupyter_client, and not papermill.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import run_sync

from flowbook.export.about import NATIVE
from flowbook.ids import RunId

QUIET = ("--IPKernelApp.log_level=40",)
"""Its warning about TCP without encryption is no news of the job."""
_FORGETFUL = "--HistoryManager.hist_file=:memory:"
"""What nbclient says to kernels that it starts: nobody typed their cells in, so none is kept."""


class OwnKernelManager(AsyncKernelManager):
    """Starts `python3` as the interpreter this process runs in, whatever a kernelspec says."""

    @property
    def kernel_spec(self) -> KernelSpec | None:
        if self.kernel_name == NATIVE:
            return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())
        return super().kernel_spec


@dataclass(frozen=True, slots=True)
class Ahead:
    """A kernel that comes up before it is known whether it is needed, and the run it was told of.

    `kernel`: None where it could not be started.
    """

    run_id: RunId
    kernel: OwnKernelManager | None

    def drop(self) -> None:
        """End the kernel: nobody needs it."""
        if self.kernel is not None:
            run_sync(_end)(self.kernel)


def kernel_named(wanted: str) -> str:
    """The kernelspec a job asks for, if there is one of that name here, else `python3`."""
    known = wanted == NATIVE or wanted in KernelSpecManager().find_kernel_specs()
    return wanted if known else NATIVE


@contextmanager
def started(name: str, env: Mapping[str, str], folder: Path) -> Iterator[OwnKernelManager | None]:
    """A kernel that comes up meanwhile, in `folder`, with `env` beside our own environment.

    It is gone when the context ends. None when it cannot be started: nbclient, which then tries it
    itself, says why, and papermill writes it down.
    """
    kernel = OwnKernelManager(kernel_name=name)
    try:
        run_sync(_start)(kernel, {**os.environ, **env}, str(folder))
    except (OSError, RuntimeError):
        yield None
        return
    try:
        yield kernel
    finally:
        run_sync(_end)(kernel)


async def _start(kernel: OwnKernelManager, env: Mapping[str, str], folder: str) -> None:
    await kernel.start_kernel(extra_arguments=[*QUIET, _FORGETFUL], env=dict(env), cwd=folder)


async def _end(kernel: OwnKernelManager) -> None:
    if kernel.has_kernel:  # papermill did not come to its cells
        await kernel.shutdown_kernel(now=True)
