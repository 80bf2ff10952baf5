"""Put the tour project on disk, without ever overwriting what somebody has changed."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from flowbook.errors import UsageError

FILES: Final = ("tour.ipynb", "README.md")
"""What the project consists of; its data stays in the package, behind the weather service."""


def write(directory: str | Path) -> Path:
    """Write the tour into `directory`, making it if need be; returns the notebook's path.

    Writing it twice is no change. `UsageError` names a file that is there and differs, and then
    nothing is written.
    """
    directory = Path(directory)
    shipped = {name: _shipped(name) for name in FILES}
    absent = {}
    for name, content in shipped.items():
        path = directory / name
        if not path.exists():
            absent[path] = content
        elif not path.is_file() or path.read_bytes() != content:
            raise UsageError(
                f"{path} is there already and is not the tour as it ships; nothing was written",
                hint="choose another directory, or move that file away",
            )
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for path, content in absent.items():
            path.write_bytes(content)
    except OSError as error:
        raise UsageError(
            f"cannot write the tour into {directory}: {error.strerror}",
            hint="choose a directory you may write to",
        ) from error
    return directory / "tour.ipynb"


def _shipped(name: str) -> bytes:
    return resources.files("flowbook.tour").joinpath(name).read_bytes()
