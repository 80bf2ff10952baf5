"""`%%flow` defines a node and runs it; `%flow` asks and commands.

A door: it finds out which cell is being run, hands its text to `LiveNotebook`, starts runs through
the `Project`, and shows what came back. In a job (`FLOWBOOK_TRIGGER` set) cells only define, and
one `%flow run --record` runs the flow.
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

from IPython.core.magic import Magics, line_cell_magic, magics_class
from IPython.display import display

from flowbook.cells.flow_line import split_options
from flowbook.cells.header import declared_name, is_flow_cell, parse_cell
from flowbook.errors import UsageError
from flowbook.events import TriggerKind
from flowbook.graph.flow import Flow
from flowbook.graph.options import did_you_mean
from flowbook.ids import CellId, FlowId, NodeId, RunId
from flowbook.plan.params import coerce_params
from flowbook.run.handle import Run
from flowbook.run.rules.phase import Outcome
from flowbook.session.live import LiveNotebook
from flowbook.session.progress import narrate, queued_line
from flowbook.session.project import project
from flowbook.session.start import Start

_PATIENCE = 0.5
"""Seconds after which a cell says that its run waits for its turn."""
_RECENT = """
select id, flow, status, trigger, started_at, duration_ms from runs order by started_at desc limit ?
"""


class _Parser(argparse.ArgumentParser):
    """argparse that raises instead of ending the kernel."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%{self.prog}: {message}", hint=self.format_usage().strip())


def _parser(verb: str, help_text: str) -> _Parser:
    return _Parser(prog=f"flow {verb}", description=help_text, add_help=False)


def _with_params(parser: _Parser) -> _Parser:
    parser.add_argument("-p", "--param", action="append", default=[], metavar="NAME=VALUE")
    return parser


@magics_class
class FlowMagics(Magics):
    """The notebook's own flow, at the keyboard."""

    def __init__(self, shell: Any) -> None:
        super().__init__(shell)
        self.kernel_shell = shell
        self.project = project()
        flow = Flow(_flow_name(shell.user_ns), host=self.project)
        self.live = LiveNotebook(self.project, flow, shell.user_ns)
        self.cell: CellId = CellId("")
        self.source = ""
        self.define_only = self.is_job = "FLOWBOOK_TRIGGER" in os.environ
        self.verbs: dict[str, Callable[[list[str]], Any]] = {
            "run": self.run,
            "show": self.show,
            "history": self.history,
            "check": self.check,
            "rm": self.remove,
            "mode": self.mode,
            "options": self.options,
        }

    @property
    def flow_of_notebook(self) -> Flow:
        """The live flow that `%load_ext flowbook` offers as `flow`."""
        return self.live.flow

    @line_cell_magic("flow")  # type: ignore[arg-type]  # IPython types the line form only
    def flow(self, line: str, cell: str | None = None) -> Any:
        """`%%flow [kind] name[(inputs)] [-> outputs] [--options]`, or `%flow verb …`."""
        if cell is not None:
            return self._define(f"%%flow {line}\n{cell}".rstrip("\n"))  # IPython adds one
        words = shlex.split(line)
        if not words:
            return self.live.flow
        verb, *rest = words
        action = self.verbs.get(verb)
        if action is None:
            raise UsageError(
                f"%flow has no verb {verb!r}", hint=did_you_mean(verb, tuple(self.verbs))
            )
        return action(rest)

    @line_cell_magic("flowbook")  # type: ignore[arg-type]  # as above
    def flowbook(self, line: str, cell: str | None = None) -> Any:
        """The same as `%flow`, for notebooks where another extension owns that name."""
        return self.flow(line, cell)

    # ------------------------------------------------------------ cells

    def _define(self, source: str) -> None:
        defined = self.live.define(self.cell or _cell_of(source), source)
        for note in defined.notes:
            sys.stderr.write(f"note: {note}\n")
        self.reopen()
        if defined.node is None:
            self.kernel_shell.run_cell(parse_cell(source).body, silent=True).raise_error()
        elif defined.waits:
            sys.stdout.write(f"{defined.waits}\n")
        elif not self.define_only:
            self._run_node(defined.node.id)

    def _run_node(self, node: NodeId) -> None:
        how = Start(trigger=TriggerKind.CELL, targets=[node], part=True, rerun=[node])
        run = self.project.start(self.live.flow, {}, how)
        if not run.settled(_PATIENCE) and run.waits_for:
            sys.stdout.write(f"{queued_line(run.waits_for)}\n")
        if not run.rest().status.over:
            sys.stdout.write(f"{run!r}\n")
            return
        run.raise_for_status()
        if run[node].outcome is Outcome.SKIPPED:
            sys.stdout.write(f"{node} was skipped: the branch it hangs on was not taken\n")
            return
        value = run[node].output
        if value is not None:
            display(value)  # type: ignore[no-untyped-call]  # IPython is half typed

    def reopen(self, *, whole: bool = False) -> None:
        """Let lost runs of this notebook go on, once its cells mean what they meant then."""
        if not self.is_job:
            self.project.reopening.look(self.live.flow, whole=whole)

    def before_cell(self, info: Any) -> None:
        """IPython's `pre_run_cell`: which cell is this, and does it bind names we should know?"""
        raw = self.source = info.raw_cell or ""
        self.cell = CellId(str(getattr(info, "cell_id", None) or "")) or _cell_of(raw)
        self.live.forget(_deleted_cells(self.kernel_shell))

    def catch_up(self) -> None:
        """Notice the cells that ran before the extension was loaded, parameters above all."""
        for raw in self.kernel_shell.history_manager.input_hist_raw[1:-1]:
            self.live.notice(_cell_of(raw), raw)

    def after_cell(self, result: Any) -> None:
        """IPython's `post_run_cell`: a plain cell that ran may have bound names or parameters."""
        info = result.info
        if result.success and info is not None and info.raw_cell:
            self.live.notice(self.cell, info.raw_cell)
            self.reopen()

    # ------------------------------------------------------------ verbs

    def run(self, words: list[str]) -> Run:
        """`%flow run [nodes…] [-p name=value…] [--bg] [--priority N]`: run, with live progress.

        With `--record` a run that does not succeed is an error of its cell.
        """
        parser = _with_params(_parser("run", "Run the flow."))
        parser.add_argument("nodes", nargs="*")
        parser.add_argument("--bg", action="store_true")
        parser.add_argument("--record", action="store_true")
        parser.add_argument("--priority", type=int)
        asked = parser.parse_args(words)
        targets = [NodeId(node) for node in asked.nodes] or None
        typed = coerce_params(self.project.plan(self.live.flow, targets), asked.param)
        run_id = _given_run_id(asked.record)
        how = Start(_trigger(), targets, run_id=run_id, priority=asked.priority)
        run = self.project.start(self.live.flow, typed, how)
        self.reopen(whole=True)
        if asked.bg:
            return run
        narrate(run, sys.stdout.write, rests=not asked.record)
        return run.wait().raise_for_status() if asked.record else run.rest()

    def show(self, words: list[str]) -> Any:
        """`%flow show`: the canvas."""
        _parser("show", "Show the canvas.").parse_args(words)
        return self.live.flow.canvas()

    def history(self, words: list[str]) -> Any:
        """`%flow history [--sql QUERY] [--limit N]`: runs as a table."""
        parser = _parser("history", "Runs of this project.")
        parser.add_argument("--sql")
        parser.add_argument("--limit", type=int, default=20)
        asked = parser.parse_args(words)
        if asked.sql:
            return self.project.history.sql(asked.sql)
        return self.project.history.sql(_RECENT, [max(1, asked.limit)])

    def check(self, words: list[str]) -> list[str]:
        """`%flow check`: every problem, one line each; an empty list when all is well."""
        _parser("check", "Check the flow.").parse_args(words)
        seen = dict.fromkeys(map(str, (*self.live.problems(), *self.live.flow.check())))
        return list(seen)

    def remove(self, words: list[str]) -> Flow:
        """`%flow rm NODE`: take a node out of the flow; its cell stays."""
        parser = _parser("rm", "Remove a node.")
        parser.add_argument("node")
        self.live.remove(NodeId(parser.parse_args(words).node))
        return self.live.flow

    def mode(self, words: list[str]) -> str:
        """`%flow mode define|run`: whether running a `%%flow` cell also runs its node."""
        parser = _parser("mode", "What running a cell does.")
        parser.add_argument("mode", nargs="?", choices=("define", "run"))
        asked = parser.parse_args(words).mode
        if asked:
            self.define_only = asked == "define"
        return "define" if self.define_only else "run"

    def options(self, _words: list[str]) -> None:
        """`%flow options name=value …`: what is recorded of the flow's runs."""
        if not split_options(self.source)[1]:
            raise UsageError(
                "%flow options is read from the notebook's text, and is not there",
                hint="write it at the start of a line of a cell, outside of any block",
            )
        if is_flow_cell(self.source):
            return  # its definition has said so already
        for note in self.live.say(self.cell, self.source):
            sys.stderr.write(f"note: {note}\n")


def _cell_of(source: str) -> CellId:
    """A stand-in id where the front end sends none: the node's name keeps its identity."""
    return CellId(declared_name(source) or f"cell-{abs(hash(source)):x}")


def _deleted_cells(shell: Any) -> list[CellId]:
    parent = getattr(shell, "parent_header", None) or {}
    metadata = parent.get("metadata") if isinstance(parent, dict) else None
    deleted = (metadata or {}).get("deletedCells") or ()
    return [CellId(str(cell)) for cell in deleted]


def _flow_name(namespace: Mapping[str, Any]) -> FlowId:
    """The notebook's file name: of the job, of Jupyter's or VS Code's session, else `notebook`."""
    named = os.environ.get("FLOWBOOK_FLOW")
    session = os.environ.get("JPY_SESSION_NAME") or namespace.get("__vsc_ipynb_file__") or ""
    return FlowId(named or Path(str(session)).stem or "notebook")


def _trigger() -> TriggerKind:
    return TriggerKind(os.environ.get("FLOWBOOK_TRIGGER", TriggerKind.MANUAL))


def _given_run_id(record: bool) -> RunId | None:
    """The id a job minted for the one run it waits for; used once."""
    given = os.environ.pop("FLOWBOOK_RUN_ID", None) if record else None
    return RunId(given) if given else None


def with_body(lines: list[str]) -> list[str]:
    r"""The lines of a cell; a node whose head says all gets the body that IPython insists on.

    >>> with_body(["%%flow try guard"]), with_body(["1 + 1"])
    (['%%flow try guard\n', '\n'], ['1 + 1'])
    """
    if lines and is_flow_cell(lines[0]) and not "".join(lines[1:]):
        return [lines[0].rstrip("\n") + "\n", "\n"]
    return lines


def register(shell: Any) -> None:
    """Put the magics and `flow` into an IPython shell; twice is once."""
    if getattr(shell, "_flowbook", None) is not None:
        return
    magics = FlowMagics(shell)
    shell._flowbook = magics  # noqa: SLF001 - IPython keeps extensions' state on the shell
    shell.register_magics(magics)
    shell.events.register("pre_run_cell", magics.before_cell)
    if with_body not in shell.input_transformers_cleanup:
        shell.input_transformers_cleanup.insert(0, with_body)
    shell.events.register("post_run_cell", magics.after_cell)
    shell.user_ns.setdefault("flow", magics.flow_of_notebook)
    magics.catch_up()
    magics.reopen()
