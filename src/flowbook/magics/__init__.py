"""`%%flow` defines a node and runs it; `%flow` asks and commands.

A door: it finds out which cell is being run, hands its text to `LiveNotebook`, starts runs through
the `Project`, and shows what came back. In a job (`FLOWBOOK_TRIGGER` set) cells only define, and
one `%flow run --record` runs the flow.
"""

from flowbook.magics.flow_magics import FlowMagics, register

__all__ = ["FlowMagics", "register"]
