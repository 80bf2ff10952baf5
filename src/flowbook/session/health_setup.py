"""What has to be installed: Python, packages, the kernel, and JupyterLab with its extension."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Final

from flowbook.session.health import Check, Verdict

_PYTHON: Final = (3, 11)
_NEEDED: Final = {"duckdb": 2, "msgspec": 0, "click": 8, "anywidget": 0, "croniter": 1}
_OPTIONAL: Final = {"papermill": "jobs", "ipykernel": "jobs", "jupyterlab": "lab", "pandas": "lab"}
_SUBSHELLS: Final = 7
"""The ipykernel that has them; without one, Cancel waits for the cell that is running."""
_INTERRUPTIBLE: Final = (7, 4)
"""The ipykernel that survives interrupts: with 7.0 to 7.3 a kernel that runs nothing but
`time.sleep` answered nothing any more after 5 to 190 of them, with 7.4 it did after 1,500."""
_EXTENSION: Final = "flowbook"


def python_check() -> Check:
    """The interpreter."""
    found = f"{platform.python_implementation()} {platform.python_version()} at {sys.executable}"
    if sys.version_info < _PYTHON:
        return Check("python", Verdict.FAILED, found, "install Python 3.11 or newer")
    return Check("python", Verdict.OK, found)


def packages_check() -> Check:
    """Packages that flowbook is built on, and those of its extras."""
    versions = {name: _version(name) for name in ("flowbook", *_NEEDED, *_OPTIONAL)}
    told = ", ".join(f"{name} {version}" for name, version in versions.items() if version)
    for name, least in _NEEDED.items():
        version = versions[name]
        if version is None or _major(version) < least:
            hint = f'pip install --upgrade "{name}>={least}"'
            found = f"{name} is {version or 'missing'}; {least} or newer is needed; {told}"
            return Check("packages", Verdict.FAILED, found, hint)
    missing = [name for name in _OPTIONAL if versions[name] is None]
    if missing:
        extra = _OPTIONAL[missing[0]]
        found = f"without {', '.join(missing)}; {told}"
        return Check("packages", Verdict.WARNING, found, f'pip install "flowbook[{extra}]"')
    return Check("packages", Verdict.OK, told)


def kernel_check() -> Check:
    """The kernel that notebooks in JupyterLab get, and whether it is this interpreter."""
    try:
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel
    except ModuleNotFoundError:
        return Check("kernel", Verdict.WARNING, "no Jupyter here", 'pip install "flowbook[lab]"')
    hint = f"{sys.executable} -m ipykernel install --sys-prefix"
    try:
        argv = KernelSpecManager().get_kernel_spec("python3").argv
    except NoSuchKernel:
        return Check("kernel", Verdict.FAILED, "there is no kernel python3", hint)
    program = argv[0] if argv else ""
    known = Path(program).name in ("python", "python3") and not Path(program).is_absolute()
    if not known and not _same(program):
        found = f"python3 is {program}, which is not the Python of this flowbook"
        return Check("kernel", Verdict.WARNING, found, hint)
    return Check("kernel", Verdict.OK, f"python3 starts {' '.join(argv[:3])}")


def subshells_check() -> Check:
    """Subshells: with them a canvas answers while a cell is running."""
    version = _version("ipykernel")
    if version is None:
        return Check("subshells", Verdict.SKIPPED, "ipykernel is not installed")
    if _major(version) < _SUBSHELLS:
        found = f"ipykernel {version} has none: Cancel waits for the cell that is running"
        return Check("subshells", Verdict.FAILED, found, 'pip install --upgrade "ipykernel>=7"')
    if _numbers(version)[:2] < _INTERRUPTIBLE:
        found = f"ipykernel {version} has them, but may hang once a cell was interrupted"
        return Check("subshells", Verdict.WARNING, found, 'pip install --upgrade "ipykernel>=7.4"')
    return Check("subshells", Verdict.OK, f"ipykernel {version} has them")


def lab_check(places: Callable[[], list[str]] | None = None) -> Check:
    """JupyterLab, and the extension with the canvas: there, of this version, and enabled.

    `places` gives the folders that JupyterLab looks for extensions in.
    """
    if _version("jupyterlab") is None:
        return Check("browser", Verdict.WARNING, "no JupyterLab", 'pip install "flowbook[lab]"')
    folders = [Path(one) for one in (places or _places)()]
    manifests = [folder / _EXTENSION / "package.json" for folder in folders]
    manifest = next((path for path in manifests if path.is_file()), None)
    if manifest is None:
        hint = "install flowbook again: pip install --force-reinstall --no-deps flowbook"
        return Check("browser", Verdict.FAILED, "JupyterLab has no extension flowbook", hint)
    off = [str(path) for path in _page_configs(folders) if _is_off(path)]
    if off:
        hint = "jupyter labextension enable flowbook"
        return Check("browser", Verdict.FAILED, f"the extension is disabled by {off[0]}", hint)
    version = json.loads(manifest.read_text(encoding="utf-8")).get("version", "?")
    return Check("browser", Verdict.OK, f"extension {version} in {manifest.parent}, enabled")


SETUP: Final = (python_check, packages_check, kernel_check, subshells_check, lab_check)
"""The checks of the machine, cheapest first."""


def _places() -> list[str]:
    from jupyter_core.paths import jupyter_path

    return list(jupyter_path("labextensions"))


def _page_configs(folders: list[Path]) -> list[Path]:
    """Files that may disable it: beside the extensions, and in Jupyter's configuration."""
    from jupyter_core.paths import jupyter_config_path

    beside = [folder / "page_config.json" for folder in folders]
    return beside + [Path(one) / "labconfig" / "page_config.json" for one in jupyter_config_path()]


def _is_off(path: Path) -> bool:
    try:
        said = json.loads(path.read_text(encoding="utf-8")).get("disabledExtensions", {})
    except (OSError, ValueError, AttributeError):
        return False
    if isinstance(said, list):
        return _EXTENSION in said
    return isinstance(said, dict) and bool(said.get(_EXTENSION))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _major(version: str) -> int:
    return _numbers(version)[0]


def _numbers(version: str) -> tuple[int, ...]:
    """The parts of a version, 0 for one that is no number."""
    return tuple(int(part) if part.isdigit() else 0 for part in version.split("."))


def _same(program: str) -> bool:
    """True for this interpreter; environments link to one that they share, so links count."""
    return Path(program).absolute() == Path(sys.executable).absolute()
