"""The one error tree.

```
FlowbookError                     everything flowbook raises on purpose
├── UsageError                    the caller asked for something that cannot be
│   ├── FlowSyntaxError           a cell or an option does not parse      (cell, line, hint)
│   ├── InvalidFlow               the definition has problems             (problems)
│   ├── InvalidParameters         run parameters do not fit the flow      (problems)
│   ├── UnknownNode               no node of that name                    (node, known)
│   ├── UnknownKind               no node type of that name               (kind, known)
│   ├── RecursionLimit            flows call each other too deep          (depth, limit)
│   ├── InvalidRule               nobody can be told by it               (field)
│   ├── InvalidSchedule           no moments follow from it               (field, value)
│   ├── EditRejected              an edit does not apply                  (edit, reason)
│   └── ExpressionError           a `{{ }}` expression is refused         (code, column)
├── RunError                      a run did not end well
│   ├── RunFailed                 one or more nodes failed                (run_id, node, cell, line)
│   ├── RunCancelled              somebody cancelled it                   (run_id)
│   ├── RunTimeout                it outlived its deadline                (run_id, seconds)
│   └── SubflowFailed             a flow that a node called did not succeed (run_id, flow, status)
├── SchemaMismatch                a value is not what its port takes      (node, port, path)
├── HttpFailed                    a request got no usable answer        (url, status, retry_after)
├── DatabaseFailed                a database refused a statement, or is not there (database, code)
├── LimitExceeded                 a node took more than it may          (limit, allowed)
├── WaitTimeout                   what a node waited for did not come     (seconds)
├── MemoryConflict                a remembered key has changed (key, flow, expected, found)
├── SecretMissing                 a secret is in none of its places       (name, places)
├── NotGranted                    the project does not allow what a node would do (grant, what)
├── StoreError                    the project folder cannot be used
│   ├── StoreBusy                 another process holds a lock too long   (path, pid, seconds)
│   ├── StoreVersion              written by another version              (path, found, supported)
│   └── ValueUnavailable          a stored value cannot be brought back   (ref, reason)
└── IllegalTransition             our own bug, with its story             (story)
```

A node that raises is *data* (a `NodeFailed` event), problems of a definition are lists of
`Problem`; exceptions are for misuse and for our own bugs. A message says what, where, and what
to do next, and every error survives pickling with its fields.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

_FRAME: Final = re.compile(r"^[ |+]+(File \"|Cell In\[).*line \d+", re.MULTILINE)


class FlowbookError(Exception):
    """Root of everything flowbook raises on purpose.

    Fields are keyword arguments kept as attributes, so that a caller acts on them instead of
    parsing a message:

    >>> UnknownNode("no node 'x'", node="x", known=("y",)).known
    ('y',)
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, message: str, *, hint: str | None = None, **fields: Any) -> None:
        unknown = set(fields) - set(self.fields)
        if unknown:
            raise TypeError(f"{type(self).__name__} has no field {sorted(unknown)}")
        super().__init__(message)
        self.message = message
        self.hint = hint
        for name in self.fields:
            setattr(self, name, fields.get(name))

    def __str__(self) -> str:
        return f"{self.message}\n  hint: {self.hint}" if self.hint else self.message

    def _render_traceback_(self) -> list[str]:
        """What a notebook shows: what, where and what to do, and no frame of ours."""
        return [f"{type(self).__name__}: {self}"]

    def __reduce__(self) -> tuple[Any, ...]:
        fields = {name: getattr(self, name) for name in self.fields}
        return (_rebuild, (type(self), self.message, self.hint, fields))


def _rebuild(
    kind: type[FlowbookError], message: str, hint: str | None, fields: dict[str, Any]
) -> FlowbookError:
    return kind(message, hint=hint, **fields)


class UsageError(FlowbookError):
    """The caller asked for something that cannot be; nothing was changed."""


class FlowSyntaxError(UsageError):
    """A cell header, an option line or a body does not parse."""

    fields: ClassVar[tuple[str, ...]] = ("cell", "line", "column")
    cell: str | None
    line: int | None
    column: int | None


class _HasProblems(UsageError):
    fields: ClassVar[tuple[str, ...]] = ("problems",)
    problems: Sequence[Any]

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *(f"  {problem}" for problem in self.problems or ())])


class InvalidFlow(_HasProblems):
    """The definition has errors; every one of them is in `problems`."""


class InvalidParameters(_HasProblems):
    """Run parameters do not fit the flow; every misfit is in `problems`."""


class InvalidSchedule(UsageError):
    """No moments follow from it: `field` of a schedule cannot be `value`."""

    fields = ("field", "value")
    field: str
    value: Any


class InvalidRule(UsageError):
    """Nobody can be told by it: `field` of a rule cannot be as it is."""

    fields = ("field",)
    field: str


class UnknownNode(UsageError):
    """No node of that name; `known` lists those there are."""

    fields: ClassVar[tuple[str, ...]] = ("node", "known")
    node: str
    known: Sequence[str]


class UnknownKind(UsageError):
    """No node type of that name is registered; `known` lists those there are."""

    fields: ClassVar[tuple[str, ...]] = ("kind", "known")
    kind: str
    known: Sequence[str]


class RecursionLimit(UsageError):
    """Flows call each other deeper than they may: `depth` runs would stand above the next one."""

    fields: ClassVar[tuple[str, ...]] = ("depth", "limit")
    depth: int
    limit: int
    final: ClassVar[bool] = True
    """Another attempt stands as deep."""


class EditRejected(UsageError):
    """An edit does not apply to the definition it was aimed at."""

    fields: ClassVar[tuple[str, ...]] = ("edit", "reason")
    edit: Any
    reason: str


class ExpressionError(UsageError):
    """A `{{ }}` expression was refused or failed; the message never shows input values."""

    fields: ClassVar[tuple[str, ...]] = ("code", "column")
    code: str
    column: int | None


class RunError(FlowbookError):
    """A run did not end well."""

    fields: ClassVar[tuple[str, ...]] = ("run_id",)
    run_id: str


class RunFailed(RunError):
    """One or more nodes failed; `node`, `cell` and `line` point at the first.

    `inputs` says in a few words what it was given. Its cause is the node's exception, while that is
    one of this process's last few; else a note shows its traceback.
    """

    fields = ("run_id", "node", "cell", "line", "error_type", "traceback", "inputs")
    node: str | None
    cell: str | None
    line: int | None
    error_type: str | None
    traceback: str | None
    inputs: Mapping[str, str] | None
    redact: Callable[[str], str] = staticmethod(str)
    """Takes out of a text what must not be shown."""

    def _render_traceback_(self) -> list[str]:
        """The node's own traceback, ending on the user's line, then our summary."""
        shown = _as_ipython_shows(self.__cause__, self.frames())
        return [*self.redact(shown).splitlines(), *self.given(), *super()._render_traceback_()]

    def given(self) -> list[str]:
        """A line for each input of the node: `given: rows = [1, 2, 3]`."""
        return [f"given: {name} = {told}" for name, told in (self.inputs or {}).items()]

    def frames(self) -> str:
        """The node's traceback; empty when it has no line of the user's to show."""
        told = (self.traceback or "").rstrip()
        if not _FRAME.search(told):
            return ""
        ours = str(self.error_type).startswith("flowbook.")  # what it says follows, once
        return told.partition(f"\n{self.error_type}: ")[0] if ours else told


def _as_ipython_shows(error: BaseException | None, frames: str) -> str:
    """As `%xmode` wants it, where `%debug` begins; else `frames`. Groups IPython does not show."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        return frames
    show, called = shell.InteractiveTB, shell.compile.format_code_name
    if show.mode == "Minimal" or error is None or isinstance(error, BaseExceptionGroup):
        frames = "" if show.mode == "Minimal" else frames
        return re.sub(r'File "([^"\n]+)"', lambda at: " ".join(called(at[1]) or (at[0],)), frames)
    return "\n".join(
        show.structured_traceback(type(error), error, error.__traceback__, tb_offset=0)
    )


class RunCancelled(RunError):
    """Somebody cancelled the run."""


class RunTimeout(RunError):
    """The run, or the wait for it, outlived its deadline."""

    fields: ClassVar[tuple[str, ...]] = ("run_id", "seconds")
    seconds: float


class LimitExceeded(FlowbookError):
    """A node took more than its option `limit` allows: bytes of memory, or seconds of CPU time."""

    fields: ClassVar[tuple[str, ...]] = ("limit", "allowed")
    limit: str
    allowed: float


class SubflowFailed(RunError):
    """A flow that a node called did not succeed; `run_id` is its run, `status` how that ended."""

    fields: ClassVar[tuple[str, ...]] = ("run_id", "flow", "status")
    flow: str
    status: str

    @property
    def final(self) -> bool:
        """True when somebody cancelled it: calling it again is not what they want."""
        return self.status == "cancelled"


class WaitTimeout(FlowbookError):
    """What a suspended node waited for did not come in time; another attempt cannot help."""

    fields: ClassVar[tuple[str, ...]] = ("seconds",)
    seconds: float
    final: ClassVar[bool] = True


class SchemaMismatch(FlowbookError):
    """A value is not what its port takes or gives; nothing of the attempt counts.

    `side` is `input` or `output`, `path` leads to the misfit in the value (`$.rows[3].city`),
    `expected` and `found` are words. `rows` are the first rows of a table that do not fit: each its
    number, from 0, and its value as text, '' where there is none or nobody may see it. Another
    attempt would give the same.
    """

    fields = ("node", "port", "side", "path", "expected", "found", "rows")
    node: str
    port: str
    side: str
    path: str
    expected: str
    found: str
    rows: Sequence[tuple[int, str]] | None
    final: ClassVar[bool] = True


class HttpFailed(FlowbookError):
    """A request got no usable answer; `status` is None when it got none at all.

    `url` is without its secrets; `retry_after` is how long the server asks to be left alone.
    `retryable` says whether asking again may help; None: as its status is usually meant.
    """

    fields: ClassVar[tuple[str, ...]] = ("url", "status", "retry_after", "retryable")
    url: str
    status: int | None
    retry_after: float | None
    retryable: bool | None

    @property
    def final(self) -> bool:
        """True when asking again cannot help: refused, and not for want of time or room."""
        if self.retryable is not None:
            return not self.retryable
        refused = self.status is not None and 400 <= self.status < 500
        return refused and self.status not in (408, 425, 429)


class DatabaseFailed(FlowbookError):
    """A database refused a statement, or could not be reached.

    `database` is its address, `code` what it calls the error; `retryable`: another attempt may do.
    """

    fields: ClassVar[tuple[str, ...]] = ("database", "code", "retryable", "cell", "line")
    database: str
    code: str
    retryable: bool
    cell: str | None
    line: int | None

    @property
    def final(self) -> bool:
        """True when trying again cannot help."""
        return not self.retryable


class MemoryConflict(FlowbookError):
    """A remembered key has not the version expected, 0 for no value; `flow` None: the project's."""

    fields: ClassVar[tuple[str, ...]] = ("key", "flow", "expected", "found")
    key: str
    flow: str | None
    expected: int
    found: int


class SecretMissing(FlowbookError):
    """A secret that was asked for by its name is in none of the places it may be in."""

    fields: ClassVar[tuple[str, ...]] = ("name", "places")
    name: str
    places: Sequence[str]


class NotGranted(FlowbookError):
    """A node would do what the project does not allow; its user can."""

    fields: ClassVar[tuple[str, ...]] = ("grant", "what")
    grant: str
    what: str


class StoreError(FlowbookError):
    """The project folder cannot be used as asked."""


class StoreBusy(StoreError):
    """Another process holds a lock longer than we may wait."""

    fields: ClassVar[tuple[str, ...]] = ("path", "pid", "seconds")
    path: str
    pid: int | None
    seconds: float


class StoreVersion(StoreError):
    """The store was written by a version this one cannot read."""

    fields: ClassVar[tuple[str, ...]] = ("path", "found", "supported")
    path: str
    found: str
    supported: str


class ValueUnavailable(StoreError):
    """A stored value cannot be brought back; `reason` says why."""

    fields: ClassVar[tuple[str, ...]] = ("ref", "reason")
    ref: Any
    reason: str


class IllegalTransition(FlowbookError):
    """A state machine was asked for a transition its table does not have: our bug.

    `story` holds the events that led here, oldest first.
    """

    fields: ClassVar[tuple[str, ...]] = ("subject", "current", "wanted", "story")
    subject: str
    current: str
    wanted: str
    story: Sequence[Any]
