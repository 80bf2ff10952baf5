"""One at a time: what is decided on a look must still hold when it is journalled.

Deleting, pinning and changing a setting first look at what is there and then append facts. Whoever
does so holds the folder's `change.lock` from the look to the acknowledgement, so that two processes
never delete the same run twice, nor one a run that the other is pinning. Runs and values need no
turn: their writers own what they write.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from flowbook.errors import StoreError
from flowbook.store.flocks import held
from flowbook.store.layout import Layout

TURN_SECONDS = 30.0
"""How long to wait for one's turn: a bulk deletion of a hundred thousand runs takes seconds."""


@contextmanager
def turn(layout: Layout, budget: float = TURN_SECONDS) -> Iterator[None]:
    """Hold the turn; without a folder there is nothing to take turns about, and none is made.

    Raises `StoreBusy` when nobody gives it up within `budget` seconds, `StoreError` when the
    folder cannot be written.

    >>> import tempfile; from pathlib import Path
    >>> with turn(Layout(Path(tempfile.mkdtemp()))):
    ...     pass
    """
    path = layout.change
    try:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except (FileNotFoundError, NotADirectoryError):
        yield
        return
    except OSError as error:
        raise StoreError(
            f"nothing can be changed in {layout.root}: {error.strerror}",
            hint="open the project where it can be written",
        ) from error
    hint = "try again when it is done; nothing was changed"
    with held(fd, path, budget, by="another deletion or change", hint=hint):
        yield
