"""The wheel gate: what travels to users, and what must not.

Run as `python tests/gates/wheel.py path.whl`. Users of the wheel have no node, so the built
canvas and the JupyterLab extension have to be inside; source maps have not.
"""

from __future__ import annotations

import re
import sys
import zipfile
from collections.abc import Iterable

WIDGET_BYTES = 450_000
REQUIRED = (
    r"flowbook/py\.typed",
    r"flowbook/sandbox/prelude\.js",
    r"flowbook/sandbox/static/quickjs\.wasm",
    r"flowbook/sandbox/static/quickjs\.LICENSES\.txt",
    r"flowbook/widget/static/widget\.js",
    r"flowbook/widget/static/widget\.css",
    r"flowbook-.*/share/jupyter/labextensions/flowbook/package\.json",
    r"flowbook-.*/share/jupyter/labextensions/flowbook/install\.json",
    r"flowbook-.*/share/jupyter/labextensions/flowbook/static/remoteEntry\..*\.js",
    r"flowbook-.*/etc/jupyter/jupyter_server_config\.d/flowbook\.json",
    r"flowbook-.*/licenses/LICENSE",
)
FORBIDDEN = (r".*\.map", r".*node_modules.*", r".*__pycache__.*", r"flowbook/labextension/.*")


def problems(sizes: dict[str, int]) -> Iterable[str]:
    """What is wrong with a wheel of these files."""
    for pattern in REQUIRED:
        if not any(re.fullmatch(f".*{pattern}", name) for name in sizes):
            yield f"missing: {pattern}"
    for pattern in FORBIDDEN:
        for name in sizes:
            if re.fullmatch(pattern, name):
                yield f"must not be there: {name}"
    widget = sizes.get("flowbook/widget/static/widget.js", 0)
    if widget > WIDGET_BYTES:
        yield f"widget.js has {widget} bytes, at most {WIDGET_BYTES}: is it a development build?"


def main(path: str) -> int:
    """Print what is wrong with the wheel at `path`; 1 when anything is."""
    with zipfile.ZipFile(path) as wheel:
        sizes = {one.filename: one.file_size for one in wheel.infolist()}
    found = list(problems(sizes))
    print(*(found or [f"{path.rsplit('/', 1)[-1]}: {len(sizes)} files, all there"]), sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
