"""A line for the run's log, and a word about what passes by."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from typing import Any, ClassVar

import traitlets
from traitlets import Bool, Enum

from flowbook.graph.node import Node, NodeContext
from flowbook.graph.options import Options
from flowbook.ids import PortName
from flowbook.nodes.tables import family

_SHORT = 60
"""Characters of a text that is shown."""


class LogNode(Node):
    """Writes a line to the run's log, and passes its input through.

    With several inputs it gives them by name. Of a table, a list or a mapping the line says what it
    is and not what is in it.
    """

    kind: ClassVar[str] = "log"
    begins: ClassVar[str] = "message: It got here."
    family: ClassVar[str] = "flow"
    defaults: ClassVar[Options] = Options(pure=True)
    example: ClassVar[str] = """\
%%flow python orders
orders = [{"id": 1, "total": 20}, {"id": 2, "total": 5}]

%%flow log seen(orders)
message: "{{ len(orders) }} orders"
level: warning
"""

    message = traitlets.Any("", help="What the line says; templates are filled in.").tag(
        config=True, examples=["{{ len(rows) }} rows"]
    )
    level = Enum(
        ("debug", "info", "warning", "error"),
        default_value="info",
        help="How grave it is; the line begins with it unless it is info.",
    ).tag(config=True)
    value = Bool(True, help="Whether the line says what its inputs are, in a few words.").tag(
        config=True
    )

    def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """Its input, or its inputs by name; None when it has none."""
        said = "" if self.message is None else str(self.message)
        shown = [f"{name}: {words(one)}" for name, one in inputs.items()] if self.value else []
        line = " · ".join(one for one in (said, ", ".join(shown)) if one) or self.name
        context.log(line if self.level == "info" else f"{self.level}: {line}")
        return next(iter(inputs.values())) if len(inputs) == 1 else dict(inputs) or None


def words(value: object) -> str:
    """What a value is, in a few words; the content of a container stays where it is.

    >>> words([{"a": 1, "b": 2}]), words({"a": 1}), words([1, 2]), words("hi"), words(2.5)
    ('1 row of a, b', 'a mapping of a', '2 items', "'hi'", '2.5')
    """
    table = family(value)
    if table is not None:
        return f"{_counted(len(_sized(value)), 'row')} of {_listed(table.columns(value))}"
    if value is None or isinstance(value, bool | int | float):
        return str(value)
    if isinstance(value, str):
        return repr(value if len(value) <= _SHORT else f"{value[:_SHORT]}…")
    if isinstance(value, bytes | bytearray | memoryview):
        return _counted(len(value), "byte")
    if isinstance(value, Mapping):
        return f"a mapping of {_listed([str(name) for name in value])}" if value else "nothing"
    if isinstance(value, list | tuple | set | frozenset):
        return _counted(len(value), "item")
    return f"a {type(value).__name__}"


def _sized(value: object) -> Sized:
    return value if isinstance(value, Sized) else ()


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}".replace(",", " ")


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown
