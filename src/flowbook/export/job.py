"""Run an exported notebook under papermill and say how it ended, by our own run row.

papermill's metadata calls a killed kernel and a timeout `completed`, and an unknown parameter a
log line. So parameters are checked against the flow before anything starts, the run's id is
minted here and given to the kernel, and the exit code is read from that run in the history.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from flowbook.errors import InvalidFlow, InvalidParameters, RunFailed, UsageError
from flowbook.events import RunStatus
from flowbook.export.about import job_environment, job_metadata, mint_job_run, wanted_kernel
from flowbook.export.exits import ExitCode
from flowbook.export.stopping import Brake, trapped
from flowbook.graph.problem import errors
from flowbook.graph.registry import Registry
from flowbook.graph.spec import FlowSpec, Json, Missing
from flowbook.ids import PortName, RunId
from flowbook.plan.compile import compile_plan
from flowbook.plan.params import check_params
from flowbook.plan.plan import Plan

if TYPE_CHECKING:
    from flowbook.export.kernel import Ahead, OwnKernelManager

_STORE_ERRORS = frozenset({"StoreError", "StoreBusy", "StoreVersion", "ValueUnavailable"})


class Home(Protocol):
    """The project a job runs in, as the session offers it."""

    path: Path

    @property
    def history(self) -> Any: ...

    @property
    def registry(self) -> Registry: ...

    def load(self, path: Path | str) -> Any: ...


@dataclass(frozen=True, slots=True)
class JobResult:
    """How a job ended. `status` is None when it ended before its run began."""

    run_id: RunId
    flow: str
    status: RunStatus | None
    code: ExitCode
    report: Path
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Ending:
    """What papermill knows of the end: the error a cell raised, or that the kernel died."""

    error: str | None = None
    kind: str | None = None
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """Which run the job is: one to go on with, or a new one, with a run key if it has one.

    `begun_with`: what a run that is gone on with has for parameters, for its report to show. They
    are not checked: they are those of the version that it began with.
    """

    resumes: RunId | None = None
    key: str | None = None
    begun_with: Mapping[str, Json] = field(default_factory=dict)


def run_job(  # noqa: PLR0913 - what may be said of a job; all but two have names
    path: Path,
    params: Mapping[str, Json],
    *,
    project: Home,
    output: Path | None = None,
    timeout: float | None = None,
    on_line: Callable[[str], None] = print,
    attempt: Attempt = Attempt(),
    ahead: Ahead | None = None,
) -> JobResult:
    """Run the job at `path` to its end; blocks; called from the main thread it traps signals.

    `output` is where the executed notebook goes (else `.flowbook/reports/`), `timeout` in seconds.
    `attempt`: the run it goes on with, if one. `ahead`: a kernel that was started for a new run of
    it, and is given up where it goes on with one. A job that ends before its run began is a failed
    run in the history all the same.
    Raises `UsageError`, `InvalidFlow` or `InvalidParameters` before anything is started; whatever
    happens later is in the result.
    """
    about = job_metadata(path)
    plan = job_plan(path, project)
    refuse_wrong(plan, params)
    if ahead is not None and attempt.resumes is not None:
        ahead.drop()
    run_id = attempt.resumes or (ahead.run_id if ahead is not None else mint_job_run())
    flow = str(about["flow"])
    report = (output or report_path(project.path, flow, run_id)).resolve()
    report.parent.mkdir(parents=True, exist_ok=True)
    resumes = attempt.resumes is not None
    env = job_environment(path, project.path, run_id, key=attempt.key, resumes=resumes)
    why, ending = _execute(
        path.resolve(),
        report,
        {**attempt.begun_with, **params},
        _Terms(project, env, timeout, on_line, None if resumes else ahead),
    )
    status, error = _recorded(project, run_id)
    code = verdict(why, status, ending)
    return JobResult(run_id, flow, status, code, report, _reason(why, ending, error))


def _reason(why: ExitCode | None, ending: Ending, recorded: str | None) -> str | None:
    """What to tell of the end: who stopped it, which node failed, or why it did not begin.

    >>> _reason(None, Ending("RunFailed: node 'a' failed (cell c1, line 2): …", "RunFailed"), "…")
    "node 'a' failed (cell c1, line 2): …"
    """
    if why is not None:
        return why.meaning
    if ending.error and ending.kind in (RunFailed.__name__, UsageError.__name__):
        return ending.error.removeprefix(f"{ending.kind}: ")
    return recorded or ending.error


def job_plan(path: Path, project: Home) -> Plan:
    """What the job will run, or `InvalidFlow` with every problem."""
    loaded = project.load(path)
    wrong = errors(tuple(loaded.problems))
    if wrong:
        raise InvalidFlow(f"{path} has errors and is not run", problems=wrong)
    spec: FlowSpec = loaded.flow.spec()
    return compile_plan(spec, project.registry)


def report_path(project: Path, flow: str, run_id: str) -> Path:
    """Where the executed notebook of a run goes when nobody says otherwise."""
    return project / ".flowbook" / "reports" / f"{flow}-{run_id}.ipynb"


def is_whole(report: Path) -> bool:
    """True for an executed notebook of which papermill came to the end."""
    try:
        cells = json.loads(report.read_text(encoding="utf-8"))["cells"]
        said = [cell["metadata"].get("papermill", {}).get("status") for cell in cells]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return not {"running", "pending"} & set(said)


def verdict(why: ExitCode | None, status: RunStatus | None, ending: Ending) -> ExitCode:
    """The exit code, from why the brake was pulled, our run row, and papermill's ending.

    >>> verdict(None, RunStatus.SUCCEEDED, Ending()).name
    'OK'
    >>> verdict(None, RunStatus.FAILED, Ending(dead=True)).name
    'INFRASTRUCTURE'
    """
    if why is not None:
        return why
    if status in (RunStatus.SUCCEEDED, RunStatus.SUSPENDED):
        return ExitCode.OK
    if ending.dead or ending.kind in _STORE_ERRORS:
        return ExitCode.INFRASTRUCTURE
    if status in (RunStatus.FAILED, RunStatus.CANCELLED) or ending.kind is not None:
        return ExitCode.FAILED
    return ExitCode.INFRASTRUCTURE


@dataclass(frozen=True, slots=True)
class _Terms:
    project: Home
    env: dict[str, str]
    timeout: float | None
    on_line: Callable[[str], None]
    ahead: Ahead | None


def refuse_wrong(plan: Plan, params: Mapping[str, Json]) -> None:
    """`InvalidParameters` when the flow cannot run with these."""
    defaults = {p.name: p.default for p in plan.params if not isinstance(p.default, Missing)}
    values = {**defaults, **{PortName(name): value for name, value in params.items()}}
    problems = errors(tuple(check_params(plan, values)))
    if problems:
        raise InvalidParameters(
            f"flow {plan.flow!r} cannot run with these parameters", problems=problems
        )


def _execute(
    path: Path, report: Path, params: dict[str, Json], terms: _Terms
) -> tuple[ExitCode | None, Ending]:
    with _installed():
        from flowbook.export import kernel
    name = kernel.kernel_named(wanted_kernel(path))
    brake = Brake()
    with (
        trapped(brake.pull),
        _alarm(terms.timeout, brake.pull),
        _begun(name, terms) as begun,
    ):
        with _installed():
            from flowbook.export import engine
        logging.getLogger("papermill").setLevel(logging.ERROR)  # our lines say it, in our words
        watch = engine.Watch(terms.env, terms.on_line, brake, begun)
        try:
            ending = _papermill((path, report), params, watch, name, terms.project.path)
        except KeyboardInterrupt:
            brake.pull(ExitCode.INTERRUPTED)
            ending = Ending("stopped before its first cell")
    return brake.why, ending


def _begun(name: str, terms: _Terms) -> AbstractContextManager[OwnKernelManager | None]:
    from flowbook.export import kernel

    if terms.ahead is not None and terms.ahead.kernel is not None:
        return nullcontext(terms.ahead.kernel)
    return kernel.started(name, terms.env, terms.project.path)


@contextmanager
def _installed() -> Iterator[None]:
    """Say what is missing when an extra is not there."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"running a job needs {missing.name}, which is not installed",
            hint='pip install "flowbook[jobs]"',
        ) from None


def _papermill(
    paths: tuple[Path, Path], params: dict[str, Json], watch: Any, kernel: str, folder: Path
) -> Ending:
    from nbclient.exceptions import DeadKernelError
    from papermill.exceptions import PapermillException, PapermillExecutionError
    from papermill.execute import execute_notebook

    from flowbook.export.engine import ENGINE

    path, report = paths
    try:
        execute_notebook(
            str(path),
            str(report),
            parameters=params,
            engine_name=ENGINE,
            kernel_name=kernel,
            language="python",
            progress_bar=False,
            cwd=str(folder),
            watch=watch,
        )
    except PapermillExecutionError as failure:
        return Ending(f"{failure.ename}: {failure.evalue}", failure.ename)
    except DeadKernelError:
        return Ending("the kernel died", dead=True)
    except (PapermillException, RuntimeError, OSError) as failure:
        return Ending(f"{type(failure).__name__}: {failure}", dead=True)
    return Ending()


def _recorded(project: Home, run_id: RunId) -> tuple[RunStatus | None, str | None]:
    try:
        row = project.history.run(run_id)
    except UsageError:
        return None, None
    return RunStatus(row.status), row.error


@contextmanager
def _alarm(seconds: float | None, pull: Callable[[ExitCode], None]) -> Iterator[None]:
    if seconds is None:
        yield
        return
    timer = threading.Timer(seconds, pull, (ExitCode.TIMEOUT,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
