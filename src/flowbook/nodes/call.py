"""Call another flow like a function, and wait for what it gives.

The called flow is a run of its own, with its own row in the history; nothing enters it but the
inputs that are mapped here. While it goes on, this node is a coroutine that waits: it takes no
thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from traitlets import Any as Anything
from traitlets import Bool, CaselessStrEnum, Dict, Int, List, TraitError, Unicode, Union, validate

from flowbook.errors import SubflowFailed, UsageError
from flowbook.graph.called import Call
from flowbook.graph.node import Node, NodeContext
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName
from flowbook.nodes.durations import duration_or_none

SUCCEEDED = "succeeded"
MAPPINGS: Final = ("inputs", "input_mapping", "inputMapping")
"""The names that the mapping of parameters goes by."""


class CallNode(Node):
    """Runs `flow` and gives `{child_run_id, child_status, child_output}`.

    `child_output` is what the flow's last nodes gave, by name, or those named in `output`. A run
    that did not succeed fails this node, or, with `on_error: continue`, is told in `child_status`
    and `child_error`. With `detach` the node is done as soon as the run has begun.
    """

    kind: ClassVar[str] = "call"
    begins: ClassVar[str] = "flow: other"
    family: ClassVar[str] = "flow"
    example: ClassVar[str] = """\
%%flow python place
import json
import flowbook
source = "%" + "%flow python headline(city='Oslo')\\nheadline = f'Sun over {city}'"
cell = {"cell_type": "code", "id": "a", "metadata": {}, "source": source, "outputs": []}
weather = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}}
weather["cells"] = [{**cell, "execution_count": None}]
with open(flowbook.context().services.file("weather.ipynb", writing=True), "w") as file:
    json.dump(weather, file)
place = "Bergen"

%%flow call forecast(place)
flow: weather
inputs:
  city: "{{ place }}"
"""
    grace: ClassVar[float] = 5.0

    flow = Unicode(help="Name of the flow: a notebook's, or that of a live one.").tag(config=True)
    inputs = Dict(help="Parameters of the flow; all inputs of this node when left out.").tag(
        config=True
    )
    input_mapping = Dict(help="The same as `inputs`, by another name.").tag(config=True)
    inputMapping = Dict(help="The same as `inputs`, as other workflow tools spell it.").tag(
        config=True
    )
    version = Union(
        (Unicode(), Int()),
        default_value="latest",
        help="`latest`, `snapshot`, or a version of the history by its number or id.",
    ).tag(config=True)
    output = List(Unicode(), help="Nodes whose output is wanted; its last ones if empty.").tag(
        config=True
    )
    secrets = Dict(
        Unicode(),
        Unicode(),
        help="Secrets the flow gets, by the names it asks for: {theirs: ours}. It gets no others.",
    ).tag(config=True)
    on_error = CaselessStrEnum(
        ("fail", "continue"), default_value="fail", help="What a run that failed does to this node."
    ).tag(config=True)
    timeout = Anything(None, help="Stop the run after this long: 30s, 2m.").tag(config=True)
    detach = Bool(False, help="Do not wait for it.").tag(config=True)

    def __init__(self, spec: NodeSpec, **traits: Any) -> None:
        """The mapping goes by one of its names."""
        given = [name for name in MAPPINGS if traits.get(name)]
        if len(given) > 1:
            raise TraitError(f"{' and '.join(given)} say the same thing: take one of them out")
        super().__init__(spec, **traits)

    @validate("timeout")
    def _check_timeout(self, proposal: dict[str, Any]) -> float | None:
        return duration_or_none("timeout", proposal["value"])

    async def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The record of the run; `SubflowFailed` when it did not succeed and that matters."""
        if not self.flow:
            raise UsageError(f"call {self.name!r} names no flow", hint="write flow: its name")
        given: list[Mapping[str, Any]] = [getattr(self, name) for name in MAPPINGS]
        mapped = next(filter(None, given), {})
        params = dict(mapped) or {str(name): value for name, value in inputs.items()}
        called = await context.call(
            Call(
                self.flow,
                params,
                str(self.version),
                tuple(self.output),
                self.timeout,
                self.detach,
                dict(self.secrets),
            )
        )
        ended = called.status == SUCCEEDED or self.detach
        if not ended and self.on_error == "fail":
            raise SubflowFailed(
                f"flow {self.flow!r}, called by {self.name!r}, {called.status}: "
                f"{called.error or 'it gave nothing'}",
                hint=f"see it whole: flowbook history show {called.run_id}",
                run_id=called.run_id,
                flow=self.flow,
                status=called.status,
            )
        record = {
            "child_run_id": called.run_id,
            "child_status": called.status,
            "child_output": called.output,
        }
        return record if called.error is None else {**record, "child_error": called.error}
