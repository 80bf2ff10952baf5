"""Choose between two ways by a condition, or among many by a value.

Both are a router whose conditions are written for it: `if` has one, `switch` compares. They pass on
what they were given, whatever it is that they test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import traitlets
from traitlets import List, TraitError, Unicode, validate

from flowbook.errors import UsageError
from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.options import Options
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName, is_port_name
from flowbook.nodes.pointing import at_setting
from flowbook.nodes.router import UNROUTED, Branch, bare, nested, taken, true_or_false

_TWO: Final = (PortName("true"), PortName("false"))
_DEFAULT: Final = "default"


class _Choosing(Node):
    """What nodes have in common that pass on what they are given, one way or another."""

    family: ClassVar[str] = "flow"
    defaults: ClassVar[Options] = Options(pure=True)

    @classmethod
    def branches(cls, spec: NodeSpec) -> tuple[Branch, ...]:
        """Its ports with their labels and colours."""
        return tuple(Branch(port, str(port)) for port in cls.ports(spec))

    def given(self, inputs: Mapping[PortName, Any]) -> Any:
        """What is passed on: the input called `value`, else the first there is."""
        if "value" in inputs:
            return inputs[PortName("value")]
        for one in self.spec.inputs:
            if one.name in inputs:
                return inputs[one.name]
        return next(iter(inputs.values()), None)


class IfNode(_Choosing):
    """Sends what it is given to `true` or to `false`, by a condition.

    The condition is an expression over the node's inputs; `value` in it is what goes on: the input
    of that name, else the first one. What the condition reads becomes an input by itself.
    """

    kind: ClassVar[str] = "if"
    begins: ClassVar[str] = "condition: value"
    untemplated: ClassVar[tuple[str, ...]] = ("condition",)
    expressions: ClassVar[tuple[str, ...]] = ("condition",)
    brings: ClassVar[tuple[str, ...]] = ("value",)
    example: ClassVar[str] = """\
%%flow total
120

%%flow if is_big(total)
condition: value > 100

%%flow approve(order=is_big.true)
f"an order of {order} needs approval"

%%flow ship(order=is_big.false)
f"an order of {order} is on its way"
"""

    condition = Unicode(
        help="The expression that decides. True, or anything that is not empty and not 0, "
        "takes the output true."
    ).tag(config=True, examples=["value > 100", "order.country in ['NO', 'SE']"])
    labels = List(
        Unicode(),
        default_value=["true", "false"],
        minlen=2,
        maxlen=2,
        help="What the two outputs are called on the canvas, that of true first.",
    ).tag(config=True, examples=[["large", "small"]])
    colors = List(
        Unicode(),
        default_value=["green", "red"],
        minlen=2,
        maxlen=2,
        help="The colours of the two outputs on the canvas, that of true first.",
    ).tag(config=True)

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:  # noqa: ARG003 - always these
        """`true` and `false`."""
        return _TWO

    @classmethod
    def branches(cls, spec: NodeSpec) -> tuple[Branch, ...]:
        """The two outputs as the configuration calls and colours them."""
        labels = _pair(spec.config.get("labels"), ("true", "false"))
        colors = _pair(spec.config.get("colors"), ("green", "red"))
        ways = zip(_TWO, labels, colors, strict=True)
        return tuple(Branch(port, label, color) for port, label, color in ways)

    @validate("condition")
    def _check_condition(self, proposal: dict[str, Any]) -> str:
        condition = bare(str(proposal["value"]))
        if not condition:
            raise TraitError("the condition is empty; write one, such as value > 100")
        return condition

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """What it is given, on `true` or on `false`."""
        if not self.condition:
            raise UsageError(
                f"if {self.name!r} has no condition", hint='such as condition: "value > 100"'
            )
        value = self.given(inputs)
        names = {**nested(inputs), "value": value}
        place = f"the condition of if {self.name!r}"
        with at_setting("condition"):
            holds = true_or_false(context, place, self.condition, names)
        return taken([_TWO[0] if holds else _TWO[1]], value, value)


class SwitchNode(_Choosing):
    """Sends what it is given to the output whose case equals a value.

    A case is a value or a list of values; the first that equals takes it, and when none does, the
    output `default`. What is compared is the setting `value`, by itself what the node is given.
    """

    kind: ClassVar[str] = "switch"
    begins: ClassVar[str] = "cases:\n  first: 1"
    untemplated: ClassVar[tuple[str, ...]] = ("cases",)
    example: ClassVar[str] = """\
%%flow order
{"id": 7, "country": "SE"}

%%flow switch by_country(order)
value: "{{ order.country }}"
cases:
  home: "NO"
  nordic: [SE, DK, FI]

%%flow nordic(order=by_country.nordic)
f"order {order['id']} goes by train"
"""

    value = traitlets.Any(
        UNROUTED,
        help="What is compared with the cases, mostly a template. Without it, "
        "that is what the node is given.",
    ).tag(config=True, examples=["{{ order.country }}"])
    cases = traitlets.Dict(
        help="Values by the output they lead to; several for one output are a list."
    ).tag(config=True, examples=[{"home": "NO", "nordic": ["SE", "DK", "FI"]}])
    default = Unicode(_DEFAULT, help="The output that is taken when no case equals the value.").tag(
        config=True
    )
    labels = traitlets.Dict(
        help="What outputs are called on the canvas, where not by their own name."
    ).tag(config=True)
    colors = traitlets.Dict(help="Colours of outputs on the canvas, by output.").tag(config=True)

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:
        """The cases, then the default; what is malformed is left out, never raised."""
        cases = spec.config.get("cases")
        names = [*(cases if isinstance(cases, dict) else ()), spec.config.get("default", _DEFAULT)]
        ports = (name for name in names if isinstance(name, str) and is_port_name(name))
        return tuple(PortName(port) for port in dict.fromkeys(ports))

    @classmethod
    def branches(cls, spec: NodeSpec) -> tuple[Branch, ...]:
        """Its outputs as the configuration calls and colours them."""
        labels, colors = (
            found if isinstance(found, dict) else {}
            for found in (spec.config.get("labels"), spec.config.get("colors"))
        )
        return tuple(
            Branch(port, str(labels.get(port, port)), str(colors.get(port, "")))
            for port in cls.ports(spec)
        )

    @validate("cases")
    def _check_cases(self, proposal: dict[str, Any]) -> dict[str, Any]:
        for port in proposal["value"]:
            if not is_port_name(str(port)):
                raise TraitError(f"case {port!r} cannot name a port; use letters, digits, _ and -")
        return {str(port): case for port, case in proposal["value"].items()}

    @validate("default")
    def _check_default(self, proposal: dict[str, Any]) -> str:
        if not is_port_name(proposal["value"]):
            raise TraitError(f"default {proposal['value']!r} cannot name a port")
        return str(proposal["value"])

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """What it is given, on the output of the case that equals."""
        given = self.given(inputs)
        written = isinstance(self.value, str) and self.value == UNROUTED
        tested = given if written else self.value
        for port, case in self.cases.items():
            if any(self._equals(context, port, tested, one) for one in _listed(case)):
                return taken([port], given, tested)
        return taken([self.default], given, tested)

    def _equals(self, context: NodeContext, port: str, value: Any, case: Any) -> bool:
        # Compared by the language of expressions, so no code of a value runs and 1 is not True.
        if isinstance(value, bool) is not isinstance(case, bool):
            return False
        place = f"case {port!r} of switch {self.name!r}"
        with at_setting("cases", port):
            return true_or_false(context, place, "value == case", {"value": value, "case": case})


def _listed(case: Any) -> list[Any]:
    return case if isinstance(case, list) else [case]


def _pair(given: Any, otherwise: tuple[str, str]) -> tuple[str, str]:
    if isinstance(given, list) and len(given) == 2:
        return str(given[0]), str(given[1])
    return otherwise
