"""The front door is one explicit list: it resolves, it is documented, and it opens lightly."""

import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import flowbook
from flowbook import errors

ROOT = Path(__file__).parents[1]
HEAVY = (
    "IPython",
    "anywidget",
    "duckdb",
    "httpx",
    "ipywidgets",
    "jsonschema",
    "jupyter_server",
    "matplotlib",
    "networkx",
    "numpy",
    "pandas",
    "papermill",
    "pyarrow",
    "sqlglot",
)


def documented() -> list[str]:
    """Names in the first column of the front-door tables of the reference page."""
    page = (ROOT / "docs" / "reference.md").read_text(encoding="utf-8")
    section = page.split("\n## Front door\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^\| `(\w+)", section, re.MULTILINE)


def in_a_new_interpreter(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_list_has_no_doubles():
    assert len(flowbook.__all__) == len(set(flowbook.__all__))


def test_the_documented_front_door_is_the_front_door():
    assert sorted(documented()) == sorted(flowbook.__all__)


@pytest.mark.parametrize("name", flowbook.__all__)
def test_a_listed_name_resolves_and_explains_itself(name):
    member = getattr(flowbook, name)
    if inspect.isclass(member) or inspect.isroutine(member):
        assert inspect.getdoc(member), f"{name} has no docstring"


def test_every_public_error_is_at_the_front_door():
    public = {
        name
        for name, member in vars(errors).items()
        if inspect.isclass(member)
        and issubclass(member, errors.FlowbookError)
        and not name.startswith("_")
    }
    assert public <= set(flowbook.__all__)


def test_dir_offers_the_front_door():
    assert set(flowbook.__all__) <= set(dir(flowbook))


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Flux'"):
        flowbook.Flux  # noqa: B018 - the look-up is what is tested


def test_the_version_lives_once():
    package = json.loads((ROOT / "js" / "package.json").read_text(encoding="utf-8"))
    assert flowbook.__version__ == package["version"]


def test_importing_flowbook_imports_nothing_heavy():
    code = f"import sys, flowbook; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert in_a_new_interpreter(code) == "[]"


def test_naming_the_flow_imports_nothing_heavy():
    code = (
        f"import sys; from flowbook import Flow; print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    assert in_a_new_interpreter(code) == "[]"
