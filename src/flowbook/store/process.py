"""Who writes: this process, as its first fact names it."""

from __future__ import annotations

import os
import re
import socket
import sys
import time

from flowbook.store.facts import WriterOpened


def introduction() -> WriterOpened:
    """The first fact of this process as a writer.

    >>> introduction().pid == os.getpid()
    True
    """
    return WriterOpened(
        at=time.time(), host=socket.gethostname(), pid=os.getpid(), kernel=kernel_id()
    )


def kernel_id() -> str | None:
    """The id of the Jupyter kernel this process is, from the name of its connection file.

    None for any other process. Imports nothing: a kernel has `ipykernel` loaded already.
    """
    application = getattr(sys.modules.get("ipykernel.kernelapp"), "IPKernelApp", None)
    if application is None or not application.initialized():
        return None
    file = os.path.basename(str(application.instance().connection_file))
    named = re.fullmatch(r"kernel-(.+)\.json", file)
    return named[1] if named else None
