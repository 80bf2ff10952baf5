"""The pages of the kinds, made of the code: `python -m tests.docs.node_pages` writes `docs/nodes`.

A page is the docstring of a kind, its outputs and options, a row for each setting, and its example
with what that gives: the example is run when the page is made. What differs from run to run (ids,
times, addresses) is shown as `…`.
"""

from __future__ import annotations

import pprint
import re
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Final

from flowbook.cli.table import rows_of, table
from flowbook.graph.node import Node
from flowbook.graph.node_schema import Setting, help_of, settings_of, summary_of
from flowbook.graph.options import print_options
from flowbook.graph.registry import Registry
from flowbook.graph.spec import NodeSpec
from flowbook.graph.versions import name_of, split_kind, versioned
from flowbook.ids import NodeId
from flowbook.session.examples import cells_of, example_flow, run_example, shown_nodes
from flowbook.session.kinds import GROUP, installed_kinds
from flowbook.session.project import Project

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "docs" / "nodes"
INDEX: Final = "README.md"
FAMILIES: Final[Mapping[str, str]] = {
    "data": "Make, change and look at tables and other values.",
    "files": "Read and write files, and send things where people see them.",
    "flow": "Decide what runs, how often, when, and with what.",
    "state": "Keep things from node to node and from run to run.",
    "services": "Ask other machines.",
    "code": "Run code of any sort.",
}
GUIDES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("map", "foreach", "repeat", "while", "try", "group"), "containers"),
    **dict.fromkeys(("break", "continue", "each_of"), "containers"),
    **dict.fromkeys(("delay", "wait_until", "wait_signal", "approval"), "waiting"),
    "call": "sub-flows",
    "stop": "ending",
    "merge": "merging",
    **dict.fromkeys(("sql", "database"), "databases"),
    **dict.fromkeys(("read_file", "write_file", "list_files"), "files"),
    "http": "http",
    "notify": "notifications",
    **dict.fromkeys(("router", "if", "switch"), "expressions"),
}
"""Guides that say more about a kind than its page does."""
WIDTH: Final = 96
MOST: Final = 6
"""Rows and items of a result that are shown."""
_HEAD: Final = """\
What the nodes of a flow can be. A cell names its kind in its head, `%%flow http get`, and one that
names none is `python`; `%%flow http.v1 get` names one version of a kind, which is else the latest.
`flowbook nodes` lists the kinds that are installed, with those of other packages; to make one, see
[add a node](../guides/add-a-node.md)."""


class _Left:
    """Stands for what is left out: what is another thing in every run, or more of the same."""

    def __init__(self, told: str = "…") -> None:
        self.told = told

    def __repr__(self) -> str:
        return self.told


_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[\d.]*(?:Z|[+-]\d\d:?\d\d)?")
_CHANGING: Final = re.compile(
    r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    r"|(?<=127\.0\.0\.1:)\d+|(?<=localhost:)\d+"
    rf"|{re.escape(tempfile.gettempdir())}/[^\s'\"]+"
)


def own_kinds() -> Registry:
    """The kinds of this checkout, whatever is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    points = project["entry-points"][GROUP]
    return installed_kinds(EntryPoint(name, value, GROUP) for name, value in points.items())


def pages() -> dict[str, str]:
    """The text of every page, by the name of its file."""
    kinds = own_kinds()
    names = sorted({name_of(kind) for kind in kinds})
    return {INDEX: index(kinds), **{f"{name}.md": page(kinds, name) for name in names}}


def index(kinds: Registry) -> str:
    """All kinds by family."""
    parts = [
        "# Node kinds",
        "<!-- Written by `poe nodes` from the node types themselves. -->",
        _HEAD,
    ]
    for family, what in FAMILIES.items():
        rows = [
            f"| [`{kind}`]({kind}.md) | {_cell(summary_of(kinds[kind]))} |"
            for kind in sorted(kinds)
            if kinds[kind].family == family and split_kind(kind)[1] is None
        ]
        if rows:
            parts += [f"## {family.capitalize()}\n\n{what}", _table(("kind", "what for"), rows)]
    return "\n\n".join(parts) + "\n"


def page(kinds: Registry, name: str) -> str:
    """The page of one kind, about its latest version."""
    node_type = kinds[name]
    parts = [
        f"# `{name}`",
        "<!-- Written by `poe nodes` from the node type itself. -->",
        help_of(node_type),
        _facts(kinds, node_type),
        *_settings(node_type),
        *_example(kinds, node_type),
        *([f"More in [the guide](../guides/{GUIDES[name]}.md)."] if name in GUIDES else []),
        f"`flowbook nodes show {name}` says this on a terminal, and with `--json` as a JSON "
        "Schema.\n[All kinds](README.md) · [node options](../reference.md#node-options)",
    ]
    return "\n\n".join(parts) + "\n"


def _facts(kinds: Registry, node_type: type[Node]) -> str:
    options = print_options(node_type.defaults)
    known = [versioned(node_type.kind, one) for one in kinds.versions(node_type.kind)]
    body = {"config": "settings, as YAML", "python": "Python", "sql": "SQL", "text": "text"}[
        node_type.body
    ]
    facts = {
        "family": f"[{node_type.family}](README.md#{node_type.family})",
        "body of the cell": body,
        "outputs": _outputs(node_type),
        "options, unless the cell says otherwise": ", ".join(
            f"`{name}: {value}`" for name, value in options.items()
        ),
        "changes things outside": "yes: a test run does not run it" if node_type.external else "",
        "versions": ", ".join(f"`{one}`" for one in known) if len(known) > 1 else "",
    }
    rows = [f"| {name} | {said} |" for name, said in facts.items() if said]
    return _table(("", ""), rows)


def _outputs(node_type: type[Node]) -> str:
    """As a node of that kind has them whose cell names none."""
    ports = node_type.ports(NodeSpec(NodeId("name"), kind=node_type.kind))
    own = any(port.startswith("name") for port in ports) and not node_type.outputs
    listed = ", ".join(f"`{port}`" for port in ports)
    return f"{listed}, where `name` is the node's" if own else listed


def _settings(node_type: type[Node]) -> Iterator[str]:
    rows = settings_of(node_type)
    if not rows:
        if node_type.body == "config":
            yield "It has no settings."
        return
    yield "## Settings"
    yield _table(("setting", "takes", "default", "what it does"), list(map(_setting, rows)))
    fixed = [f"`{one.name}`" for one in rows if not one.templated]
    but = f", but for {', '.join(fixed)}" if fixed else ""
    yield f"A text in any setting may hold `{{{{ templates }}}}` over the node's inputs{but}."


def _setting(one: Setting) -> str:
    such = ", ".join(f"`{_plain(value)}`" for value in one.examples)
    words = [one.help, f"Such as {such}." if such else "", "Secret." if one.secret else ""]
    default = "required" if one.required else f"`{one.default}`" if one.default else ""
    told = " ".join(word for word in words if word)
    return f"| `{one.name}` | {_cell(one.type)} | {_cell(default)} | {_cell(told)} |"


def _plain(value: Any) -> str:
    return value if isinstance(value, str) and value.isprintable() else repr(value)


def _example(kinds: Registry, node_type: type[Node]) -> Iterator[str]:
    yield "## Example"
    for cell in cells_of(node_type.example):
        yield f"```text\n{cell}\n```"
    for title, text in results(kinds, node_type):
        yield f"{title}\n\n```text\n{text}\n```"


def results(kinds: Registry, node_type: type[Node]) -> list[tuple[str, str]]:
    """What the nodes of the example gave, each with a title, and how the run ended if not well."""
    with tempfile.TemporaryDirectory() as folder:
        project = Project(Path(folder))
        project.registry = kinds
        try:
            flow = example_flow(project, node_type)
            run = run_example(project, node_type)
            told = [
                (f"`{node.id}` gives", shown(run[node.id].output, node.outputs))
                for node in shown_nodes(flow, node_type)
                if not kinds[node.kind].silent
            ]
            if run.status.value != "succeeded":
                told.append(("and the run is", run.status.value))
            return told
        finally:
            project.close()


def shown(value: Any, ports: Sequence[str]) -> str:
    """A result as text, the same in every run."""
    if len(ports) > 1 and isinstance(value, dict) and set(value) <= set(ports):
        return "\n".join(map(_named, value, map(_lines, value.values())))
    return _lines(value)


def _named(port: str, text: str) -> str:
    return f"{port}:\n{text}" if "\n" in text else f"{port}: {text}"


def _lines(value: Any) -> str:
    found = None if isinstance(value, list) else rows_of(value)
    if found:
        columns, rows = found
        first = [tuple(map(_steady, row)) for row in rows[:MOST]]
        lines = table(columns, first, WIDTH, len(rows))
        return "\n".join(line.rstrip() for line in lines)
    return pprint.pformat(_steady(value), width=WIDTH, sort_dicts=False, compact=True)


def _steady(value: Any) -> Any:
    """The value with what changes from run to run left out."""
    if isinstance(value, Mapping):
        return {
            key: _Left() if str(key).endswith("_ms") else _steady(inner)
            for key, inner in value.items()
            if key != "traceback"
        }
    if isinstance(value, list | tuple):
        more = [_Left(f"… {len(value) - MOST:,} more")] if len(value) > MOST + 1 else []
        shown = value[:MOST] if more else value
        return type(value)((*map(_steady, shown), *more))
    if isinstance(value, datetime):
        return _Left() if _is_now(value) else value
    if isinstance(value, str):
        told = _TIME.sub(lambda time: "…" if _is_now(time[0]) else time[0], value)
        told = _CHANGING.sub("…", told)
        return _Left() if told == "…" else told
    return value


def _is_now(time: datetime | str) -> bool:
    """True for a time of this run; others are data."""
    try:
        when = datetime.fromisoformat(time) if isinstance(time, str) else time
    except ValueError:
        return False
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    return abs(datetime.now(UTC) - when) < timedelta(days=2)


def _table(head: Sequence[str], rows: Sequence[str]) -> str:
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *rows])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def stale(made: Mapping[str, str]) -> list[str]:
    """Pages that are not what the kinds say now, those of kinds that are gone included."""
    there = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    return sorted(name for name in {*there, *made} if there.get(name) != made.get(name))


def main(words: Sequence[str]) -> int:
    """Write every page and take away those of kinds that are gone; `--check`: only look."""
    made = pages()
    if "--check" in words:
        print(*stale(made), sep="\n")
        return 1 if stale(made) else 0
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
