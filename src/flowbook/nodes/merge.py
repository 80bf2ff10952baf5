"""Bring branches together: as many as there are, and with those that are live.

A merge runs once every branch before it is settled and at least one of them is live; a branch
that was not taken is simply absent. Inputs keep the order of the header, whichever came first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from traitlets import Enum, List, Unicode

from flowbook.errors import UsageError
from flowbook.graph.node import Node, NodeContext
from flowbook.graph.options import Options
from flowbook.ids import PortName
from flowbook.nodes import examples
from flowbook.nodes.tables import Family, How, family


class MergeNode(Node):
    """Joins its inputs into one value, the way `mode` says.

    - `dict` (default): `{input: value}`.
    - `append`: tables one under the other, lists end to end, other values collected in a list.
    - `by_key`: tables side by side where the columns `key` agree; `how` left, inner or outer.
    - `by_position`: tables, or lists, side by side row by row; all must be of one length.
    - `choose`: the first input that is live, in the order of the header.
    """

    kind: ClassVar[str] = "merge"
    family: ClassVar[str] = "flow"
    example: ClassVar[str] = examples.MERGE
    tolerant: ClassVar[bool] = True
    defaults: ClassVar[Options] = Options(pure=True)

    mode = Enum(
        ("dict", "append", "by_key", "by_position", "choose"),
        default_value="dict",
        help="How the inputs become one value.",
    ).tag(config=True)
    key = List(Unicode(), help="Columns that must agree (mode by_key).").tag(config=True)
    how = Enum(
        ("inner", "left", "outer"), default_value="inner", help="Rows to keep (mode by_key)."
    ).tag(config=True)

    def __init__(self, spec: Any, **traits: Any) -> None:
        """A single `key` may be given as text."""
        if isinstance(traits.get("key"), str):
            traits["key"] = [traits["key"]]
        super().__init__(spec, **traits)

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The merged value; `UsageError` names the input that does not fit the mode."""
        live = {one.name: inputs[one.name] for one in self.spec.inputs if one.name in inputs}
        live |= {name: value for name, value in inputs.items() if name not in live}
        if not live:
            raise UsageError(f"merge {self.name!r} has no inputs", hint="wire at least one")
        if self.mode == "choose":
            return next(iter(live.values()))
        if self.mode == "append":
            return _append(live)
        if self.mode == "by_key":
            return self._by_key(live)
        return _by_position(live) if self.mode == "by_position" else live

    def _by_key(self, live: dict[PortName, Any]) -> Any:
        if not self.key:
            raise UsageError(
                f"merge {self.name!r} has mode by_key and no key",
                hint="name the columns that must agree, such as key: [city, date]",
            )
        maker, tables = self._tables(live)
        for name, table in tables.items():
            absent = [key for key in self.key if key not in maker.columns(table)]
            if absent:
                raise UsageError(
                    f"input {name!r} of merge {self.name!r} has no column {absent[0]!r}",
                    hint=f"its columns: {', '.join(maker.columns(table))}",
                )
        (_, joined), *rest = tables.items()
        for name, table in rest:
            joined = maker.join(joined, table, list(self.key), cast(How, self.how), f"_{name}")
        return joined

    def _tables(self, live: dict[PortName, Any]) -> tuple[Family, dict[PortName, Any]]:
        first: Family | None = None
        for name, value in live.items():
            found = family(value)
            if found is None:
                raise UsageError(
                    f"input {name!r} of merge {self.name!r} is a {type(value).__name__}, "
                    "and by_key needs tables",
                    hint="give a data frame, an Arrow table or a list of dicts",
                )
            first = first or found
        assert first is not None  # noqa: S101  run() refused an empty merge
        return first, {name: first.take(value) for name, value in live.items()}


def _append(live: dict[PortName, Any]) -> Any:
    values = list(live.values())
    families = [family(value) for value in values]
    maker = families[0]
    if maker is not None and all(families):
        return maker.stack([maker.take(value) for value in values])
    gathered: list[Any] = []
    for value in values:
        if isinstance(value, list | tuple):
            gathered.extend(value)
        else:
            gathered.append(value)
    return gathered


def _by_position(live: dict[PortName, Any]) -> Any:
    families = [family(value) for value in live.values()]
    maker = families[0]
    lengths = {name: _length(name, value) for name, value in live.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name} has {count}" for name, count in lengths.items())
        raise UsageError(
            f"by_position needs inputs of one length, and {told}",
            hint="join by_key, or cut them to one length first",
        )
    if maker is None or not all(families):
        return [dict(zip(live, row, strict=True)) for row in zip(*live.values(), strict=True)]
    return maker.beside({name: maker.take(value) for name, value in live.items()})


def _length(name: PortName, value: Any) -> int:
    if isinstance(value, list | tuple) or family(value) is not None:
        return len(value)
    raise UsageError(
        f"input {name!r} is a {type(value).__name__}, which has no positions",
        hint="give a table or a list, or use mode dict",
    )
