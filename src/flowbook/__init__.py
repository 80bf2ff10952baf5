"""flowbook: a flow is a notebook, a node is a cell, a run is a row you can query.

```python
import flowbook

flow = flowbook.Flow("hello")

@flow.node
def greeting(name: str = "world"):
    return f"hello {name}"

run = flow.run(name="Oslo")
run["greeting"].output        # 'hello Oslo'
flowbook.project().history.sql("select flow, status from runs")
```

Names load when they are first used: importing flowbook costs next to nothing, so a job, a server
and a command line pay only for the rooms they enter.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    __version__: str
    from flowbook.errors import (
        DatabaseFailed,
        EditRejected,
        ExpressionError,
        FlowbookError,
        FlowSyntaxError,
        HttpFailed,
        IllegalTransition,
        InvalidFlow,
        InvalidParameters,
        InvalidRule,
        InvalidSchedule,
        LimitExceeded,
        MemoryConflict,
        NotGranted,
        RunCancelled,
        RunError,
        RunFailed,
        RunTimeout,
        SchemaMismatch,
        SecretMissing,
        StoreBusy,
        StoreError,
        StoreVersion,
        UnknownKind,
        UnknownNode,
        UsageError,
        ValueUnavailable,
        WaitTimeout,
    )
    from flowbook.events import RunStatus, TriggerKind
    from flowbook.graph.adding import add_items
    from flowbook.graph.flow import Flow
    from flowbook.graph.node import Node, NodeContext, Outputs
    from flowbook.graph.options import Options
    from flowbook.graph.problem import Problem, Severity
    from flowbook.graph.schemas import Column, Columns
    from flowbook.graph.services import Grant, Scope
    from flowbook.graph.spec import InputSpec, NodeSpec
    from flowbook.graph.suspension import Resumption, Suspend, resumption
    from flowbook.run.handle import Run
    from flowbook.run.node_run import NodeRun
    from flowbook.run.places.capture import context
    from flowbook.run.remembering import memory
    from flowbook.session.project import Project, project

_HOMES = {
    "Column": "flowbook.graph.schemas",
    "Columns": "flowbook.graph.schemas",
    "DatabaseFailed": "flowbook.errors",
    "EditRejected": "flowbook.errors",
    "ExpressionError": "flowbook.errors",
    "Flow": "flowbook.graph.flow",
    "FlowSyntaxError": "flowbook.errors",
    "FlowbookError": "flowbook.errors",
    "Grant": "flowbook.graph.services",
    "HttpFailed": "flowbook.errors",
    "IllegalTransition": "flowbook.errors",
    "InputSpec": "flowbook.graph.spec",
    "InvalidFlow": "flowbook.errors",
    "InvalidParameters": "flowbook.errors",
    "InvalidRule": "flowbook.errors",
    "InvalidSchedule": "flowbook.errors",
    "LimitExceeded": "flowbook.errors",
    "MemoryConflict": "flowbook.errors",
    "NotGranted": "flowbook.errors",
    "Node": "flowbook.graph.node",
    "NodeContext": "flowbook.graph.node",
    "NodeRun": "flowbook.run.node_run",
    "NodeSpec": "flowbook.graph.spec",
    "Options": "flowbook.graph.options",
    "Outputs": "flowbook.graph.node",
    "Problem": "flowbook.graph.problem",
    "Project": "flowbook.session.project",
    "Resumption": "flowbook.graph.suspension",
    "Run": "flowbook.run.handle",
    "RecursionLimit": "flowbook.errors",
    "RunCancelled": "flowbook.errors",
    "RunError": "flowbook.errors",
    "RunFailed": "flowbook.errors",
    "RunStatus": "flowbook.events",
    "RunTimeout": "flowbook.errors",
    "SchemaMismatch": "flowbook.errors",
    "Scope": "flowbook.graph.services",
    "SecretMissing": "flowbook.errors",
    "Severity": "flowbook.graph.problem",
    "SubflowFailed": "flowbook.errors",
    "StoreBusy": "flowbook.errors",
    "StoreError": "flowbook.errors",
    "StoreVersion": "flowbook.errors",
    "Suspend": "flowbook.graph.suspension",
    "TriggerKind": "flowbook.events",
    "UnknownKind": "flowbook.errors",
    "UnknownNode": "flowbook.errors",
    "UsageError": "flowbook.errors",
    "ValueUnavailable": "flowbook.errors",
    "WaitTimeout": "flowbook.errors",
    "add_items": "flowbook.graph.adding",
    "context": "flowbook.run.places.capture",
    "memory": "flowbook.run.remembering",
    "project": "flowbook.session.project",
    "resumption": "flowbook.graph.suspension",
}

__all__ = [
    "Column",
    "Columns",
    "DatabaseFailed",
    "EditRejected",
    "ExpressionError",
    "Flow",
    "FlowSyntaxError",
    "FlowbookError",
    "Grant",
    "HttpFailed",
    "IllegalTransition",
    "InputSpec",
    "InvalidFlow",
    "InvalidParameters",
    "InvalidRule",
    "InvalidSchedule",
    "LimitExceeded",
    "MemoryConflict",
    "Node",
    "NodeContext",
    "NodeRun",
    "NodeSpec",
    "NotGranted",
    "Options",
    "Outputs",
    "Problem",
    "Project",
    "RecursionLimit",
    "Resumption",
    "Run",
    "RunCancelled",
    "RunError",
    "RunFailed",
    "RunStatus",
    "RunTimeout",
    "SchemaMismatch",
    "Scope",
    "SecretMissing",
    "Severity",
    "StoreBusy",
    "StoreError",
    "StoreVersion",
    "SubflowFailed",
    "Suspend",
    "TriggerKind",
    "UnknownKind",
    "UnknownNode",
    "UsageError",
    "ValueUnavailable",
    "WaitTimeout",
    "add_items",
    "context",
    "memory",
    "project",
    "resumption",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'flowbook' has no attribute {name!r}")
    if name == "Flow":
        import_module("flowbook.session.project")  # a Flow is of use once it has a host
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def _version() -> str:
    metadata = import_module("importlib.metadata")  # costs more than all else here
    try:
        return str(metadata.version("flowbook"))
    except metadata.PackageNotFoundError:  # a source tree that was never installed
        return "0+unknown"


def __dir__() -> list[str]:
    return [*__all__, "__version__"]


def load_ipython_extension(shell: Any) -> None:
    """`%load_ext flowbook`: the `%%flow` and `%flow` magics, and `flow`, the notebook's own."""
    import_module("flowbook.magics").register(shell)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "flowbook"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "flowbook.server.extension"}]
