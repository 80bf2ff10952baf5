"""The wheel gate misses nothing that a user would miss."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

WHEEL = Path(__file__).with_name("wheel.py")
DATA = "flowbook-0.1.0.data/data"
WHOLE = {
    "flowbook/py.typed": 0,
    "flowbook/sandbox/prelude.js": 10,
    "flowbook/sandbox/static/quickjs.wasm": 1000,
    "flowbook/sandbox/static/quickjs.LICENSES.txt": 10,
    "flowbook/widget/static/widget.js": 1000,
    "flowbook/widget/static/widget.css": 10,
    f"{DATA}/share/jupyter/labextensions/flowbook/package.json": 10,
    f"{DATA}/share/jupyter/labextensions/flowbook/install.json": 10,
    f"{DATA}/share/jupyter/labextensions/flowbook/static/remoteEntry.0a1b.js": 10,
    f"{DATA}/etc/jupyter/jupyter_server_config.d/flowbook.json": 10,
    "flowbook-0.1.0.dist-info/licenses/LICENSE": 10,
}


def check(tmp_path: Path, files: dict[str, int]) -> subprocess.CompletedProcess[str]:
    path = tmp_path / "flowbook-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, size in files.items():
            wheel.writestr(name, b" " * size)
    return subprocess.run(
        [sys.executable, str(WHEEL), str(path)], capture_output=True, text=True, check=False
    )


def test_a_whole_wheel_passes(tmp_path):
    done = check(tmp_path, WHOLE)
    assert (done.returncode, done.stdout.strip()) == (
        0,
        "flowbook-0.1.0-py3-none-any.whl: 11 files, all there",
    )


@pytest.mark.parametrize("name", WHOLE)
def test_a_missing_file_fails(tmp_path, name):
    done = check(tmp_path, {other: size for other, size in WHOLE.items() if other != name})
    assert done.returncode == 1
    assert "missing:" in done.stdout


@pytest.mark.parametrize(
    "extra", ["flowbook/widget/static/widget.js.map", "flowbook/labextension/package.json"]
)
def test_what_must_stay_home_fails(tmp_path, extra):
    done = check(tmp_path, WHOLE | {extra: 1})
    assert done.returncode == 1
    assert f"must not be there: {extra}" in done.stdout


def test_a_development_build_fails(tmp_path):
    done = check(tmp_path, WHOLE | {"flowbook/widget/static/widget.js": 2_000_000})
    assert done.returncode == 1
    assert "development build" in done.stdout
