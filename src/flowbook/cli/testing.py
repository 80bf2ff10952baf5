"""`flowbook test`: run a notebook's flow as a test, or make a test of a run."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flowbook.cli.manual import manual
from flowbook.cli.opening import open_notebook, stand_in
from flowbook.cli.options import json_option, notebook_argument, params_option
from flowbook.cli.output import as_json as plain
from flowbook.cli.output import echo_json, echo_table
from flowbook.cli.place import Asked, notebook_option, with_history
from flowbook.errors import RunError, UsageError
from flowbook.export.exits import ExitCode
from flowbook.graph.asserting import all_tests
from flowbook.session.notebooks import notebook_of

if TYPE_CHECKING:
    from flowbook.run.handle import Run
    from flowbook.session.project import Project
    from flowbook.testing.seen import Seen

Command = TypeVar("Command", bound=Callable[..., Any])

_CODES = (ExitCode.OK, ExitCode.FAILED, ExitCode.USAGE, ExitCode.INFRASTRUCTURE)


class Given(click.ParamType[tuple[str, Any]]):
    """A name and JSON, from text such as `fetch=[1, 2]`, or `fetch=@rows.json` for a file."""

    name = "given"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, Any]:
        name, sign, text = value.partition("=")
        try:
            read = Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text
            return name, json.loads(read)
        except OSError as failure:
            self.fail(f"cannot read {text[1:]}: {failure.strerror}", param, ctx)
        except ValueError:
            shown = value if sign else f"{value}=…"
            self.fail(f"{shown!r} is no JSON: write {name}='[1, 2]' or {name}=@file", param, ctx)


class _Tests(click.Group):
    """`flowbook test NOTEBOOK` is `flowbook test cells NOTEBOOK`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.commands and args[0].endswith(".ipynb"):
            args = ["cells", *args]
        return super().resolve_command(ctx, args)


@click.group("test", cls=_Tests)
@click.pass_context
@manual(
    "flowbook test orders.ipynb",
    "flowbook test run orders.ipynb --mock fetch=@rows.json",
    "flowbook test record 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
    codes=_CODES,
)
def command(ctx: click.Context) -> None:
    """Run test cells, run flows as tests, and make tests of runs; pytest runs those.

    A test changes nothing outside: nodes that may do so are mocked, or stand for what they gave
    before, or are allowed by name.
    """
    ctx.obj = Asked(None, as_json=False)


_stands_in = (
    click.option(
        "--mock",
        "mocks",
        multiple=True,
        type=Given(),
        metavar="NODE=JSON",
        help="What a node gives.",
    ),
    click.option(
        "--answer",
        "answers",
        multiple=True,
        type=Given(),
        metavar="NODE=JSON",
        help="What comes to a node, or signal, that is waited for.",
    ),
    click.option("--seen", metavar="RUN|FOLDER", help="Let nodes give what they gave in that run."),
    click.option(
        "--allow", multiple=True, metavar="NODE", help="Let a node, or kind, have effects."
    ),
)


def standing_in(function: Command) -> Command:
    """What stands for nodes that may not run in a test."""
    for option in reversed(_stands_in):
        function = option(function)
    return function


@command.command("cells")
@notebook_argument
@params_option
@standing_in
@click.option("--only", multiple=True, metavar="TEST", help="Run this test; may be given again.")
@json_option
@manual(
    "flowbook test cells orders.ipynb --mock fetch=@rows.json",
    "flowbook test orders.ipynb --only test_clean",
    codes=_CODES,
)
def cells(
    notebook: Path, params: tuple[str, ...], seen: str | None, as_json: bool, **said: Any
) -> ExitCode:
    """Run the test cells of NOTEBOOK, and say of each whether it held.

    They run in one test run with what they look at. `flowbook test NOTEBOOK` is short for it.
    """
    from flowbook.testing.cells import Ending, chosen, judge

    opened = open_notebook(notebook)
    opened.refuse_errors()
    tests = all_tests(opened.flow.spec(), opened.project.registry)
    if not tests:
        raise UsageError(
            f"{notebook} has no test cells", hint="write one: %%flow test NODE, and assertions"
        )
    wanted = chosen(tests, said["only"])
    looked = None if seen is None else _seen(opened.project, seen)
    stand_in(opened.path.parent)
    found = judge(
        opened.flow,
        wanted,
        opened.typed(params) if params else {},
        mocks=dict(said["mocks"]),
        answers=dict(said["answers"]),
        allow=list(said["allow"]),
        seen=looked,
    ).values()
    failed = any(one.ending is Ending.FAILED for one in found)
    if as_json:
        echo_json({"tests": [asdict(one) for one in found]})
    else:
        rows = [(one.test, one.ending.value, one.told.partition("\n")[0]) for one in found]
        echo_table(("test", "outcome", "told"), rows)
        for one in found:
            if one.ending is Ending.FAILED:
                click.echo(f"\n{one.test}, {one.place}\n{one.traceback or one.told}", err=True)
    return ExitCode.FAILED if failed else ExitCode.OK


@command.command("run")
@notebook_argument
@params_option
@standing_in
@click.option("--only", multiple=True, metavar="NODE", help="Run this node and what it needs.")
@json_option
@manual(
    "flowbook test run orders.ipynb --mock fetch='[{\"total\": 3}]' --answer approve=true",
    "flowbook test run orders.ipynb --seen 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90",
    codes=_CODES,
)
def run(
    notebook: Path, params: tuple[str, ...], seen: str | None, as_json: bool, **said: Any
) -> ExitCode:
    """Run the flow of NOTEBOOK as a test, and list how its nodes ended.

    Its run stands in the history with trigger test.
    """
    opened = open_notebook(notebook)
    opened.refuse_errors()
    looked = None if seen is None else _seen(opened.project, seen)
    stand_in(opened.path.parent)
    ended = opened.flow.test(
        opened.typed(params) if params else {},
        mocks=dict(said["mocks"]),
        answers=dict(said["answers"]),
        allow=list(said["allow"]),
        only=list(said["only"]) or None,
        seen=looked,
    )
    code = ExitCode.OK if ended.status.value == "succeeded" else ExitCode.FAILED
    there = opened.project.plan(opened.flow).index  # without what is only read, and tests
    nodes = [_told(ended, str(node.id)) for node in opened.flow.spec().nodes if node.id in there]
    if as_json:
        echo_json({"run": ended.id, "status": ended.status.value, "nodes": nodes})
        return code
    echo_table(("node", "outcome", "gave"), [[one[k] for k in _SHOWN] for one in nodes])
    return code


_SHOWN = ("node", "outcome", "told")


def _told(ended: Run, node: str) -> dict[str, Any]:
    of = ended[node]
    outcome = "not over" if of.outcome is None else of.outcome.value
    found: dict[str, Any] = {"node": node, "outcome": outcome}
    if of.error is not None and outcome == "failed":
        return {**found, "told": f"{of.error.type}: {of.error.message}"}
    try:
        output = plain(of.output)
    except RunError:
        return {**found, "told": ""}
    text = json.dumps(output, ensure_ascii=False, default=str)
    return {**found, "output": output, "told": text if len(text) <= 80 else f"{text[:79]}…"}


@command.command("record")
@click.argument("run_id", metavar="RUN_ID")
@click.option(
    "--to",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("tests"),
    show_default=True,
    metavar="FOLDER",
    help="The folder of the tests.",
)
@notebook_option
@json_option
@click.pass_context
@manual(
    "flowbook test record 0197f3a2-7c1e-7b3c-9d2a-5f1e8c4b6a90 --to tests",
    codes=(ExitCode.OK, ExitCode.USAGE, ExitCode.INFRASTRUCTURE),
)
def record(
    ctx: click.Context, /, run_id: str, to: Path, notebook: Path | None, as_json: bool
) -> ExitCode:
    """Make a test of a run: its parameters, what its nodes gave, and a module for pytest.

    What it gave goes to FOLDER/seen/FLOW, in place of what was there; the module is written once,
    as it is yours to change.
    """
    from flowbook.testing.seen import Seen
    from flowbook.testing.writing import identifier, module_text

    opened = with_history(ctx, None)
    seen = Seen.of(run_id, opened)
    hint = "say which with --notebook"
    path = (notebook or notebook_of(opened.path, seen.flow, hint)).resolve()
    name = identifier(seen.flow)
    folder = seen.save(to / "seen" / name)
    module = to / f"test_{name}.py"
    fresh = not module.exists()
    if fresh:
        compared = _compared(opened, path, seen)
        there = Path(os.path.relpath(path, to.resolve()))
        text = module_text(seen, there, Path("seen") / name, compared)
        module.write_text(text, encoding="utf-8")
    told = {"seen": str(folder), "test": str(module), "written": fresh, "lost": dict(seen.lost)}
    if as_json:
        echo_json(told)
        return ExitCode.OK
    click.echo(f"{folder}\n{module}{'' if fresh else ' (as it was)'}")
    for node, why in seen.lost.items():
        click.echo(f"not kept: {node}: {why}", err=True)
    return ExitCode.OK


def _compared(opened: Project, path: Path, seen: Seen) -> list[str]:
    """The nodes of the flow, outside of containers, whose values are there and that will run."""
    kinds: Mapping[str, Any] = opened.registry
    spec = opened.read_notebook(path).spec()
    runs = [one for one in spec.nodes if not kinds[one.kind].external]
    return [str(one.id) for one in runs if one.id in seen.nodes]


def _seen(opened: Project, which: str) -> Seen:
    from flowbook.testing.seen import Seen

    if (Path(which) / "seen.json").is_file():
        return Seen.load(which)
    try:
        return Seen.of(which, opened)
    except UsageError as refused:
        refused.hint = "name a run of this project, or a folder that `flowbook test record` made"
        raise
