"""A run apart from its project: its parameters, and what its nodes gave.

As files it is a folder with `seen.json`, which is made to be read and compared by people, and
`objects/`, where values that are no plain data of a few lines lie by content. The folder goes into
version control beside the test.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from flowbook.errors import UsageError, ValueUnavailable
from flowbook.events import NodeCompleted, NodeReused, RunCreated
from flowbook.events.values import ValueFormat, ValueRef
from flowbook.graph.node import Outputs
from flowbook.graph.options import did_you_mean
from flowbook.ids import PortName
from flowbook.session.project import Project, project
from flowbook.store.disk import Durability
from flowbook.store.layout import Layout
from flowbook.store.values import Objects

if TYPE_CHECKING:
    from flowbook.events.ports import Vault

FORMAT: Final = 1
_FILE: Final = "seen.json"


@dataclass(frozen=True)
class Seen:
    """A run that was seen. `lost`: nodes whose values were not kept, and why.

    >>> import flowbook, tempfile
    >>> opened = flowbook.Project(Path(tempfile.mkdtemp()))
    >>> flow = flowbook.Flow("orders", host=opened)
    >>> @flow.node
    ... def fetch(city="Oslo"):
    ...     return [{"city": city, "total": 3}]
    >>> seen = Seen.of(flow.run(city="Rome"), opened)
    >>> seen.params, seen.given("fetch").ports["fetch"]
    ({'city': 'Rome'}, [{'city': 'Rome', 'total': 3}])
    >>> again = Seen.load(seen.save(Path(tempfile.mkdtemp()) / "orders"))
    >>> again.given("fetch") == seen.given("fetch")
    True
    """

    run: str
    flow: str
    version: str
    params: Mapping[str, Any]
    nodes: Mapping[str, Outputs]
    lost: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Any, opened: Project | None = None) -> Seen:
        """A run of a project, by its id or as it is; its values have to be in the store.

        Raises `UsageError` for a run that is not there.
        """
        opened = opened or project()
        run_id = str(getattr(run, "id", run))
        events = list(opened.history.events(opened.history.run(run_id).id))
        begun = next(event for event in events if isinstance(event, RunCreated))
        nodes: dict[str, Outputs] = {}
        lost: dict[str, str] = {}
        for event in events:
            if isinstance(event, NodeCompleted | NodeReused):
                _take(event, opened.store.vault, nodes, lost)
        return cls(run_id, begun.flow, begun.version, dict(begun.params), nodes, lost)

    def given(self, path: str) -> Outputs:
        """What the node gave, by its path: `each[3].clean` inside of a container."""
        found = self.nodes.get(path)
        if found is not None:
            return found
        why = self.lost.get(path)
        raise UsageError(
            f"node {path!r} gave nothing in run {self.run}"
            if why is None
            else f"what node {path!r} gave in run {self.run} was not kept: {why}",
            hint=did_you_mean(path, list(self.nodes)) if why is None else "mock the node",
        )

    def save(self, folder: Path | str) -> Path:
        """Write it as a folder, in place of one that was there; the folder."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        vault = _vault(folder)
        told = {
            "format": FORMAT,
            "run": self.run,
            "flow": self.flow,
            "version": self.version,
            "params": dict(self.params),
            "nodes": {path: _told(outputs, vault) for path, outputs in sorted(self.nodes.items())},
            "lost": dict(self.lost),
        }
        text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
        draft = folder / f".{_FILE}"
        draft.write_text(text, encoding="utf-8")
        draft.replace(folder / _FILE)
        return folder

    @classmethod
    def load(cls, folder: Path | str) -> Seen:
        """Read it back; `UsageError` for a folder that holds none."""
        folder = Path(folder)
        try:
            told = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        except OSError as failure:
            raise UsageError(
                f"{folder} holds no run that was seen: {failure.strerror}",
                hint=f"make it: flowbook test record RUN --to {folder}",
            ) from None
        except ValueError as error:
            raise UsageError(f"{folder / _FILE} is no JSON: {error}") from None
        if told.get("format") != FORMAT:
            raise UsageError(
                f"{folder / _FILE} has format {told.get('format')!r}, and {FORMAT} is known",
                hint="record it again",
            )
        vault = _vault(folder)
        nodes = {path: _read(one, vault) for path, one in told["nodes"].items()}
        return cls(told["run"], told["flow"], told["version"], told["params"], nodes, told["lost"])


def _take(
    event: NodeCompleted | NodeReused, vault: Vault, nodes: dict[str, Outputs], lost: dict[str, str]
) -> None:
    path = f"{event.scope}.{event.node}" if event.scope else str(event.node)
    try:
        ports = {port: vault.get(ref) for port, ref in event.outputs.items()}
        result = getattr(event, "result", None)
        nodes[path] = Outputs(ports, None if result is None else vault.get(result))
    except ValueUnavailable as gone:
        lost[path] = gone.reason or gone.message


def _vault(folder: Path) -> Objects:
    return Objects(Layout(folder), durability=Durability.OS)


def _told(outputs: Outputs, vault: Objects) -> dict[str, Any]:
    told: dict[str, Any] = {"ports": {p: _kept(v, vault) for p, v in outputs.ports.items()}}
    if outputs.result is not None:
        told["result"] = _kept(outputs.result, vault)
    return told


def _kept(value: Any, vault: Objects) -> dict[str, Any]:
    ref = vault.put(value)
    if ref.format is ValueFormat.JSON and ref.inline:
        plain = msgspec.json.decode(ref.inline)
        if plain == value and type(plain) is type(value):
            return {"value": plain}
    return {"ref": msgspec.to_builtins(ref)}


def _read(told: Mapping[str, Any], vault: Objects) -> Outputs:
    ports = {PortName(port): _value(one, vault) for port, one in told["ports"].items()}
    return Outputs(ports, _value(told["result"], vault) if "result" in told else None)


def _value(told: Mapping[str, Any], vault: Objects) -> Any:
    if "value" in told:
        return told["value"]
    return vault.get(msgspec.convert(told["ref"], ValueRef))
