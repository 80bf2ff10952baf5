"""Test cells as pytest has them: a notebook is a file of tests, a test cell one of them.

The tests of a notebook that pytest has chosen are run at once, when the first of them is due, in a
project of their own; so what they look at is worked out once. Collecting runs nothing.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flowbook.errors import FlowbookError
from flowbook.graph.asserting import all_tests
from flowbook.graph.flow import Flow
from flowbook.graph.problem import errors
from flowbook.graph.spec import NodeSpec
from flowbook.session.project import Project
from flowbook.testing.cells import Ending, Verdict, judge


class CellFailed(Exception):
    """A test cell failed; `verdict` says how."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.told)
        self.verdict = verdict


class NotebookFile(pytest.File):
    """A notebook with test cells."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._open = contextlib.ExitStack()
        self._verdicts: dict[str, Verdict] | None = None

    def collect(self) -> Iterable[CellTest]:
        """Its test cells, in their order; `CollectError` for cells that nobody can read."""
        with tempfile.TemporaryDirectory() as folder, _project(self.path, folder) as project:
            try:
                loaded = project.load(self.path)
            except FlowbookError as refused:
                raise self.CollectError(str(refused)) from None
            wrong = errors((*loaded.problems, *project.check(loaded.flow)))
            if wrong and "%%flow test" in loaded.notebook.text():
                raise self.CollectError("\n".join(map(str, wrong)))
            tests = all_tests(loaded.flow.spec(), project.registry)
        for test in tests:
            yield CellTest.from_parent(self, name=str(test.id), spec=test)

    def verdict(self, test: CellTest) -> Verdict:
        """How a test cell ended; all that were chosen run when the first is asked for."""
        if self._verdicts is None or test.name not in self._verdicts:
            mine = [one for one in self.session.items if one.parent is self]
            chosen = [one.spec for one in mine if isinstance(one, CellTest)]
            self._verdicts = self._judged(chosen if test.spec in chosen else [test.spec])
        return self._verdicts[test.name]

    def _judged(self, tests: list[NodeSpec]) -> dict[str, Verdict]:
        flow = self._flow()
        with _beside(self.path):
            return judge(flow, tests, allow=self.config.getoption("--flowbook-allow"))

    def _flow(self) -> Flow:
        folder = self._open.enter_context(tempfile.TemporaryDirectory())
        project = self._open.enter_context(_project(self.path, folder))
        return project.read_notebook(self.path)

    def teardown(self) -> None:
        """Close its project, and leave nothing behind."""
        self._verdicts = None
        self._open.close()
        super().teardown()


class CellTest(pytest.Item):
    """One test cell."""

    parent: NotebookFile

    def __init__(self, *, spec: NodeSpec, **given: Any) -> None:
        super().__init__(**given)
        self.spec = spec

    def runtest(self) -> None:
        """Raise `CellFailed` unless it held."""
        verdict = self.parent.verdict(self)
        if verdict.ending is Ending.SKIPPED:
            pytest.skip(verdict.told)
        if verdict.ending is Ending.FAILED:
            raise CellFailed(verdict)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Cell, line and traceback of a cell that failed; what flowbook says of its own errors."""
        failure = excinfo.value
        if isinstance(failure, CellFailed):
            return Told.of(self.path, failure.verdict)
        if isinstance(failure, FlowbookError):
            return str(failure)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The notebook, and the test's name."""
        return self.path, None, self.name


@dataclass(frozen=True)
class Told:
    """A failure as pytest prints it: whole, and in one line for its summary."""

    text: str
    reprcrash: SimpleNamespace

    @classmethod
    def of(cls, path: Path, verdict: Verdict) -> Told:
        """What to say of a test cell that failed."""
        text = f"{path.name}, {verdict.place}\n\n{verdict.traceback or verdict.told}".rstrip()
        first = verdict.told.splitlines()[0] if verdict.told else "failed"
        crash = SimpleNamespace(path=str(path), lineno=verdict.line or 0, message=first)
        return cls(text, crash)

    def __str__(self) -> str:
        return self.text

    def toterminal(self, terminal: Any) -> None:
        """Write it, line by line."""
        for line in self.text.splitlines():
            terminal.line(line)


@contextlib.contextmanager
def _project(notebook: Path, folder: str) -> Iterator[Project]:
    project = Project(notebook.parent, store=Path(folder) / ".flowbook")
    try:
        yield project
    finally:
        project.close()


@contextlib.contextmanager
def _beside(notebook: Path) -> Iterator[None]:
    """Work where the notebook lies, as a kernel does: its files and modules are found."""
    folder = str(notebook.parent)
    with contextlib.chdir(folder):
        sys.path.insert(0, folder)
        try:
            yield
        finally:
            with contextlib.suppress(ValueError):
                sys.path.remove(folder)
