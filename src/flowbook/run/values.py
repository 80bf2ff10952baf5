"""From values to references: at once for small plain data, through the vault for the rest."""

from __future__ import annotations

from collections.abc import Mapping

from flowbook.errors import ValueUnavailable
from flowbook.events import ValueFormat, ValueRef, Vault
from flowbook.graph.node import Outputs
from flowbook.ids import PortName

RESULT = PortName("")
"""The place of `Outputs.result` among the references; no port has an empty name."""


class Unkept:
    """A vault that keeps nothing, for `journal = off` and for measuring."""

    def inline(self, value: object) -> ValueRef:
        """A reference that says only what the value was."""
        return ValueRef("", ValueFormat.NONE, type(value).__qualname__, reason="not kept")

    def put(self, value: object) -> ValueRef:
        return self.inline(value)

    def get(self, ref: ValueRef) -> object:
        """Raises `ValueUnavailable`, always."""
        raise ValueUnavailable(f"the {ref.type} was not kept", ref=ref, reason="not kept")


def refer(
    vault: Vault, outputs: Outputs
) -> tuple[dict[PortName, ValueRef], dict[PortName, object]]:
    """References that need no I/O, and the values that do."""
    refs: dict[PortName, ValueRef] = {}
    heavy: dict[PortName, object] = {}
    values = outputs.ports
    if outputs.result is not None:
        values = {**values, RESULT: outputs.result}
    for port, value in values.items():
        ref = vault.inline(value)
        if ref is None:
            heavy[port] = value
        else:
            refs[port] = ref
    return refs, heavy


def put_all(vault: Vault, heavy: Mapping[PortName, object]) -> dict[PortName, ValueRef]:
    """Keep those values; blocking."""
    return {port: vault.put(value) for port, value in heavy.items()}
