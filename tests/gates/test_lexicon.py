"""One word per thing: the names we do not use, in Python and in TypeScript.

Local variables are left alone (a loop may call an asyncio task a task); what others read is not:
modules, classes, functions, their parameters, and fields.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PYTHON = sorted((ROOT / "src" / "flowbook").rglob("*.py"))
SCRIPT = sorted(
    path for path in (ROOT / "js" / "src").rglob("*.ts*") if path.name != "generated.ts"
)

DUMPING_GROUNDS = frozenset(
    {"util", "utils", "helper", "helpers", "common", "base", "misc", "core", "manager"}
    | {"data", "types"}
)
SYNONYMS = frozenset(
    {"workflow", "workflows", "pipeline", "pipelines", "dag", "dags", "task", "tasks"}
    | {"component", "components", "execution", "executions"}
)


def words(name: str) -> list[str]:
    """`RunTaskManager` and `run_task_manager` → run, task, manager."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def python_names(text: str) -> Iterator[str]:
    """Names others read: public definitions, their parameters, and annotated fields."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            if node.name.startswith("_"):
                continue
            yield node.name
            if not isinstance(node, ast.ClassDef):
                spec = node.args
                for one in (*spec.posonlyargs, *spec.args, *spec.kwonlyargs):
                    yield one.arg
                continue
            for child in node.body:
                if isinstance(child, ast.AnnAssign) and isinstance(child.target, ast.Name):
                    yield child.target.id


def script_names(text: str) -> list[str]:
    """Exported names of a TypeScript file."""
    kinds = r"(?:const|let|function|class|interface|type|enum)"
    return re.findall(rf"^export (?:default )?(?:async )?{kinds} (\w+)", text, re.MULTILINE)


def synonyms(names: Iterator[str] | list[str]) -> list[str]:
    """Those with a word that has a house word."""
    return sorted({name for name in names if SYNONYMS.intersection(words(name))})


def dumping_grounds(text: str) -> list[str]:
    """Class names that say nothing of what the class is.

    A subclass may keep the last word of an outside base: a `KernelManager` of Jupyter's stays one.
    """
    return [
        node.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
        and DUMPING_GROUNDS.intersection(words(node.name)[-1:])
        and not any(words(ast.unparse(base))[-1:] == words(node.name)[-1:] for base in node.bases)
    ]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: str(path.relative_to(ROOT / "src")))
def test_a_python_file_speaks_the_lexicon(path):
    text = path.read_text(encoding="utf-8")
    assert path.stem not in DUMPING_GROUNDS
    assert path.parent.name not in DUMPING_GROUNDS
    assert dumping_grounds(text) == []
    assert synonyms(python_names(text)) == []


def test_typescript_speaks_the_lexicon():
    assert SCRIPT, "js/src is gone"
    stems = {path.stem.split(".")[0].lower() for path in SCRIPT}
    folders = {path.parent.name for path in SCRIPT}
    assert not (stems | folders) & DUMPING_GROUNDS
    found = {path.name: synonyms(script_names(path.read_text("utf-8"))) for path in SCRIPT}
    assert {name: bad for name, bad in found.items() if bad} == {}


def test_the_lexicon_sees_what_it_forbids():
    sin = "class TaskManager:\n    dag: int\n    def f(self, workflow): ...\ndef executionOf(): ..."
    assert synonyms(python_names(sin)) == ["TaskManager", "dag", "executionOf", "workflow"]
    assert dumping_grounds(sin) == ["TaskManager"]
    assert dumping_grounds("class OwnKernelManager(AsyncKernelManager): ...") == []
    assert synonyms(script_names("export function runPipeline() {}")) == ["runPipeline"]
