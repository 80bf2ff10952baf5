"""Divide rows among named ports."""

from __future__ import annotations

import random
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, ClassVar, Final

from traitlets import Dict, Enum, Int, TraitError, Unicode, validate

from flowbook.errors import ExpressionError, UsageError
from flowbook.graph.node import NodeContext, Outputs
from flowbook.graph.options import did_you_mean
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName, is_port_name
from flowbook.nodes.rows.columns import shortened
from flowbook.nodes.rows.expressions import Question
from flowbook.nodes.rows.node import RowsNode, check_key, check_text, one_of
from flowbook.nodes.rows.shapes import Rows, Table, spare

_REST: Final = "rest"
_TOLD: Final = 3


class SplitNode(RowsNode):
    """Divides rows or items among its outputs; each goes to one of them, and order is kept.

    - `into`: a condition for each output; a row goes to the first that holds, else to `rest`.
    - `by`: an expression, or a column, that gives the name of the output; the outputs are those of
      the header.
    - `sizes`: how many rows, or which fraction of all, each output gets, in order, or by chance
      where a `seed` is given; what is left over goes to `rest`.
    - `chunks`: so many equal pieces, called part_1 and so on, or as in the header.

    An output that gets nothing gives an empty table or list; with `empty: skip` what follows it is
    skipped.
    """

    kind: ClassVar[str] = "split"
    begins: ClassVar[str] = "sizes: {first: 0.5, second: 0.5}"
    untemplated: ClassVar[tuple[str, ...]] = ("by", "into", "rest", "sizes", "chunks")
    example: ClassVar[str] = """\
%%flow orders()
return [{"id": n, "total": n * 7 % 20} for n in range(1, 9)]

%%flow split by_size(orders)
into:
  small: total < 5
  large: total >= 15
rest: others

%%flow split learn(orders)
sizes: {train: 0.75, test: 0.25}
seed: 1
"""

    into = Dict(help="A condition for each output; the first that holds takes the row.").tag(
        config=True, examples=[{"small": "total < 5", "large": "total >= 15"}]
    )
    by = Unicode(help="An expression that gives the name of an output.").tag(
        config=True, examples=["country", "'even' if index % 2 == 0 else 'odd'"]
    )
    sizes = Dict(
        help="Rows for each output: whole numbers of rows, or fractions of all between 0 and 1."
    ).tag(config=True, examples=[{"train": 0.8, "test": 0.2}])
    chunks = Int(0, min=0, max=100, help="Into how many equal pieces.").tag(config=True)
    rest = Unicode(
        _REST, help="The output for rows that go nowhere else; empty: they are left out."
    ).tag(config=True)
    seed = Int(
        None, allow_none=True, help="Divide by chance: the same seed gives the same pieces."
    ).tag(config=True)
    empty = Enum(
        ("give", "skip"),
        default_value="give",
        help="What an output without rows does: give an empty table or list, or be skipped.",
    ).tag(config=True)

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:
        """As the configuration decides; what is malformed is left out, never raised."""
        config = spec.config
        named = config.get("into") or config.get("sizes")
        if isinstance(named, dict):
            rest = config.get("rest", _REST)
            names = [*named, *([rest] if rest else [])]
        elif isinstance(chunks := config.get("chunks"), int) and chunks:
            if len(spec.outputs) == chunks:
                return spec.outputs
            names = [f"part_{number}" for number in range(1, min(chunks, 100) + 1)]
        else:
            return spec.outputs or (PortName(spec.id),)
        ports = (name for name in names if isinstance(name, str) and is_port_name(name))
        return tuple(PortName(port) for port in dict.fromkeys(ports))

    @validate("by")
    def _check_by(self, proposal: Any) -> str:
        return check_key("by", proposal["value"])

    @validate("into")
    def _check_into(self, proposal: Any) -> Any:
        for port, text in proposal["value"].items():
            _check_port("into", port)
            if not isinstance(text, str):
                raise TraitError(f"into: {port}: {text!r} is no condition; write it in quotes")
            check_text(f"into: {port}", text)
        return proposal["value"]

    @validate("rest")
    def _check_rest(self, proposal: Any) -> Any:
        if proposal["value"]:
            _check_port("rest", proposal["value"])
        return proposal["value"]

    @validate("sizes")
    def _check_sizes(self, proposal: Any) -> Any:
        sizes = proposal["value"]
        for port, size in sizes.items():
            _check_port("sizes", port)
            fine = isinstance(size, int | float) and not isinstance(size, bool) and size >= 0
            if not fine or (isinstance(size, float) and size > 1):
                raise TraitError(
                    f"sizes: {port}: {size!r} is neither a number of rows nor a fraction up to 1.0"
                )
        if sum(size for size in sizes.values() if isinstance(size, float)) > 1 + 1e-9:
            raise TraitError("sizes: the fractions are more than 1 together")
        return sizes

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """Each output's rows."""
        chosen = one_of(self, "into", "by", "sizes", "chunks")
        rows = self.rows(inputs)
        ports = type(self).ports(self.spec)
        if chosen == "into":
            places = self._by_conditions(rows, self.question(context, inputs))
        elif chosen == "by":
            places = self._by_name(rows, ports, self.question(context, inputs))
        else:
            places = self._by_size(len(rows), ports)
        found: dict[str, list[int]] = {port: [] for port in ports}
        for at, port in enumerate(places):
            if port in found:
                found[port].append(at)
        told = ", ".join(f"{port} {len(positions):,}" for port, positions in found.items())
        context.log(f"{len(rows):,} rows: {told}")
        return Outputs(
            {
                PortName(port): rows.take(positions).give()
                for port, positions in found.items()
                if positions or self.empty == "give"
            },
            result={port: len(positions) for port, positions in found.items()},
        )

    def _by_conditions(self, rows: Rows, question: Question) -> list[str]:
        places = [self.rest] * len(rows)
        for port, text in reversed(self.into.items()):  # the first has the last word
            for at, holds in enumerate(self._asked(rows, text, question, f"into.{port}")):
                if holds:
                    places[at] = port
        return places

    def _asked(self, rows: Rows, text: str, question: Question, setting: str) -> list[Any]:
        asked = self.asked(text, setting)
        if not isinstance(rows, Table):
            return question.values(asked, rows)
        name = spare(rows.columns, "holds")
        return self.worked(rows, name, asked, question).values(name)

    def _by_name(self, rows: Rows, ports: tuple[PortName, ...], question: Question) -> list[str]:
        known = set(map(str, ports))
        places, odd = [], []
        for at, name in enumerate(self.keyed(rows, self.by, question, "by")):
            if isinstance(name, str) and name in known:
                places.append(name)
                continue
            places.append(self.rest)
            if self.rest not in known and self.spec.config.get("rest") != "":
                odd.append((at, name))
        if odd:
            told = ", ".join(f"row {at} {shortened(name)}" for at, name in odd[:_TOLD])
            close = did_you_mean(str(odd[0][1]), [str(port) for port in ports])
            raise ExpressionError(
                f"by of {self.place} gives what is no output of it: {told}",
                hint=f"{close}; declare an output called {self.rest} for all others",
                code="no_field",
            )
        return places

    def _by_size(self, size: int, ports: tuple[PortName, ...]) -> list[str]:
        if self.chunks:
            cuts = [size * number // self.chunks for number in range(self.chunks + 1)]
            pieces = [high - low for low, high in pairwise(cuts)]
            counts = dict(zip(map(str, ports), pieces, strict=True))
        else:
            counts = _counts(self.sizes, size)
        wanted = sum(counts.values())
        if wanted > size and any(isinstance(one, int) for one in self.sizes.values()):
            raise UsageError(
                f"{self.place} wants {wanted:,} rows and has {size:,}",
                hint="ask for fewer, or for fractions such as 0.8",
            )
        places = [port for port, count in counts.items() for _ in range(count)]
        places += [self.rest] * (size - len(places))
        if self.seed is not None:
            random.Random(self.seed).shuffle(places)  # noqa: S311  no secret
        return places


def _counts(sizes: Mapping[str, float], size: int) -> dict[str, int]:
    """Rows for each port; fractions are cut so that together they are as near as can be."""
    counts, before, gone = {}, 0.0, 0
    for port, share in sizes.items():
        if isinstance(share, int):
            counts[port] = share
            continue
        before += share
        upto = round(before * size)
        counts[port] = upto - gone
        gone = upto
    return counts


def _check_port(setting: str, name: object) -> None:
    if not isinstance(name, str) or not is_port_name(name):
        raise TraitError(f"{setting}: {name!r} cannot name an output; use letters, digits and _")
