"""Send a value down the branches whose condition it meets.

Conditions are tried in order over one value, called `value` in them; they may read the node's other
inputs, too. `first_match` stops at the first that holds, `broadcast` takes all that hold, and when
none does the default output gets the value. Ports that are not taken are dead, and the nodes behind
them are skipped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

import traitlets
from traitlets import CaselessStrEnum, List, TraitError, Unicode, validate

from flowbook.errors import ExpressionError, UsageError
from flowbook.graph.node import Node, NodeContext, Outputs
from flowbook.graph.options import Options, did_you_mean
from flowbook.graph.spec import NodeSpec
from flowbook.ids import PortName, is_port_name
from flowbook.nodes.pointing import at_setting, pointing

_CONDITION_KEYS: Final = ("id", "label", "expression", "color")
UNROUTED: Final = "{{ value }}"
_DEFAULT_OUTPUT: Final = "default"


@dataclass(frozen=True, slots=True)
class Branch:
    """A way out of a node that chooses: its port, and how it is drawn."""

    port: PortName
    label: str
    color: str = ""


class RouterNode(Node):
    """Routes `route_by` by `conditions`; its ports are the conditions' ids and the default.

    Each condition is `{id, expression, label, color}`; label and colour may be left out. Without
    `route_by` the input called `value` is routed, or the only input there is besides those that
    the conditions name. Whatever a condition reads becomes an input; `value` is the routed value.
    """

    kind: ClassVar[str] = "router"
    begins: ClassVar[str] = "conditions:\n  - {id: first, expression: value, color: green}"
    family: ClassVar[str] = "flow"
    untemplated: ClassVar[tuple[str, ...]] = ("conditions",)
    expressions: ClassVar[tuple[str, ...]] = ("conditions",)
    brings: ClassVar[tuple[str, ...]] = ("value",)
    defaults: ClassVar[Options] = Options(pure=True)
    example: ClassVar[str] = """\
%%flow amount
120

%%flow router size(amount)
conditions:
- {id: small, expression: value < 100}
- {id: large, expression: value >= 100, label: Large order, color: green}

%%flow review(order=size.large)
f"an order of {order} needs a second look"
"""

    route_by = traitlets.Any(
        UNROUTED,
        help="The value that every condition tests, and that the ports taken give. "
        "Without it, that is the input.",
    ).tag(config=True, examples=["{{ fetch.status }}"])
    conditions = List(
        traitlets.Dict(),
        help="Conditions, tried in this order; each has an id, which is its port, an expression, "
        "and a label and a color if it is to be drawn so.",
    ).tag(config=True, examples=[[{"id": "ok", "expression": "value < 300", "color": "green"}]])
    mode = CaselessStrEnum(
        ("first_match", "broadcast", "all_matches"),
        default_value="first_match",
        help="Stop at the first condition that holds, or take all (all_matches is broadcast). "
        "With broadcast, every branch whose condition holds runs.",
    ).tag(config=True)
    default_output = Unicode(
        _DEFAULT_OUTPUT, help="The port that is taken when no condition holds."
    ).tag(config=True)

    @classmethod
    def ports(cls, spec: NodeSpec) -> tuple[PortName, ...]:
        """The conditions' ids, then the default; what is malformed is left out, never raised."""
        conditions = spec.config.get("conditions")
        listed = conditions if isinstance(conditions, list) else []
        names = [one.get("id") for one in listed if isinstance(one, dict)]
        names.append(spec.config.get("default_output", _DEFAULT_OUTPUT))
        ports = (name for name in names if isinstance(name, str) and is_port_name(name))
        return tuple(PortName(port) for port in dict.fromkeys(ports))

    @classmethod
    def branches(cls, spec: NodeSpec) -> tuple[Branch, ...]:
        """Its ports with their labels and colours; what is malformed is passed over."""
        listed = spec.config.get("conditions")
        known = {
            str(one.get("id")): one
            for one in (listed if isinstance(listed, list) else [])
            if isinstance(one, dict)
        }
        return tuple(
            Branch(port, str(one.get("label") or port), str(one.get("color") or ""))
            for port in cls.ports(spec)
            for one in [known.get(port, {})]
        )

    @validate("conditions")
    def _check_conditions(self, proposal: dict[str, Any]) -> list[dict[str, str]]:
        checked: list[dict[str, str]] = []
        for number, given in enumerate(proposal["value"], start=1):
            one = _condition(given, f"condition {number}")
            if any(one["id"] == before["id"] for before in checked):
                raise TraitError(f"condition {number}: two conditions have the id {one['id']!r}")
            checked.append(one)
        return checked

    @validate("default_output")
    def _check_default(self, proposal: dict[str, Any]) -> str:
        if not is_port_name(proposal["value"]):
            raise TraitError(f"default_output {proposal['value']!r} cannot name a port")
        return cast(str, proposal["value"])

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Outputs:
        """The value on each port taken; `ExpressionError` names the condition that is wrong."""
        value = self._routed(inputs)
        names = {**nested(inputs), "value": value}
        matched = []
        known: dict[str, bool] = {}  # conditions that say the same are asked once
        for number, one in enumerate(self.conditions):
            text = one["expression"]
            if text not in known:
                place = f"condition {one['id']!r} of router {self.name!r}"
                with at_setting("conditions", number, "expression"):
                    known[text] = true_or_false(context, place, text, names)
            if known[text]:
                matched.append(one["id"])
                if self.mode == "first_match":
                    break
        return taken(matched or [self.default_output], value, value)

    def _routed(self, inputs: Mapping[PortName, Any]) -> Any:
        if not (isinstance(self.route_by, str) and self.route_by == UNROUTED):
            return self.route_by
        if "value" in inputs:
            return inputs[PortName("value")]
        named = [one for one in inputs if not self._names(one)] if len(inputs) > 1 else [*inputs]
        named = [one for one in named if one.partition(".")[0] != "previous"] or named
        if len(named) == 1:
            return inputs[named[0]]
        raise UsageError(
            f"router {self.name!r} has {len(inputs)} inputs and none is called 'value'",
            hint='say what to route by, such as route_by: "{{ fetch.status }}"',
        )

    def _names(self, name: PortName) -> bool:
        """True when a condition names the input, which then is there to be compared with."""
        word = re.compile(rf"(?<![\w.$]){re.escape(name)}(?!\w)")
        return any(word.search(one["expression"]) for one in self.conditions)


def taken(ports: Sequence[str], value: Any, tested: Any) -> Outputs:
    """`value` on the ports that were taken, and the account of what was `tested` for it."""
    return Outputs(
        {PortName(port): value for port in ports},
        result={"matched_outputs": list(ports), "evaluated_value": tested},
    )


def true_or_false(
    context: NodeContext, place: str, expression: str, names: Mapping[str, Any]
) -> bool:
    """Whether an expression holds; its failure, or a value that is neither, names the `place`."""
    try:
        found = context.evaluate(expression, names)
    except ExpressionError as error:
        raise ExpressionError(
            f"{place}: {error.message}", hint=error.hint, code=error.code, column=error.column
        ) from None
    try:
        return bool(found)
    except (ValueError, TypeError):
        raise ExpressionError(
            f"{place} gives a {type(found).__name__}, which is neither true nor false",
            hint="compare one value, such as value.total > 10",
            code="not_boolean",
        ) from None


def nested(inputs: Mapping[PortName, Any]) -> dict[str, Any]:
    """Inputs as expressions name them: the port `fetch.status` is a field of `fetch`.

    >>> nested({PortName("fetch.status"): 200, PortName("limit"): 3})
    {'fetch': {'status': 200}, 'limit': 3}
    """
    names: dict[str, Any] = {}
    for name, value in inputs.items():
        node, _, port = name.partition(".")
        if port:
            names.setdefault(node, {})[port] = value
        else:
            names[node] = value
    return names


def _condition(given: Mapping[str, Any], place: str) -> dict[str, str]:
    unknown = [key for key in given if key not in _CONDITION_KEYS]
    if unknown:
        raise TraitError(
            f"{place}: unknown key {unknown[0]!r}; {did_you_mean(str(unknown[0]), _CONDITION_KEYS)}"
        )
    for key in ("id", "expression"):
        if key not in given:
            raise TraitError(f"{place}: has no {key!r}")
    port = str(given["id"])
    if not is_port_name(port):
        raise TraitError(f"{place}: id {port!r} cannot name a port; use letters, digits, _ and -")
    expression = given["expression"]
    if not isinstance(expression, str) or not expression.strip():
        raise TraitError(
            f"{place}: expression {expression!r} is no text; write it in quotes, "
            'such as "value >= 200 and value < 300"'
        )
    return {
        "id": port,
        "label": str(given.get("label", port)),
        "expression": bare(expression),
        "color": str(given.get("color", "")),
    }


def bare(expression: str) -> str:
    """An expression without the braces some write around it."""
    stripped = expression.strip()
    if stripped.startswith("{{") and stripped.endswith("}}"):
        return stripped[2:-2].strip()
    return stripped


def is_script(expression: object) -> bool:
    """True for JavaScript, which another process evaluates, and which may take long.

    >>> is_script("js: last < 3"), is_script("last < 3")
    (True, False)
    """
    return isinstance(expression, str) and bare(expression).startswith("js:")


def condition_holds(
    node: Node, context: NodeContext, setting: str, text: str, names: Mapping[Any, Any]
) -> bool:
    """Whether the expression of a node's setting holds; its failure points at the setting."""
    with pointing(node.spec), at_setting(setting):
        return holds(context, setting, text, names)


def holds(context: NodeContext, setting: str, text: str, names: Mapping[Any, Any]) -> bool:
    """Whether the expression of a setting holds; its failure names the setting."""
    try:
        return bool(context.evaluate(text, names))
    except ExpressionError as failed:
        told = f"{setting} {text!r} cannot be worked out: {failed.message}"
        hint = failed.hint or f"{setting} sees {', '.join(map(str, names))}"
        raise ExpressionError(told, hint=hint, code=failed.code, column=failed.column) from None
