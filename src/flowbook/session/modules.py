"""A notebook and a module of the same flow, kept in step: neither is ever executed.

The module's head says what both were when they were last alike (`base`). The side that is as it
was takes the edits of the other, cell by cell: what did not change keeps its text, its outputs, its
place and its layout. Where both have changed nobody can tell what is meant; nothing is written.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Final

from flowbook.cells.module_reading import read_module
from flowbook.cells.module_text import MARKER, Document, print_head, print_items
from flowbook.cells.notebook import Notebook
from flowbook.errors import UsageError
from flowbook.graph.registry import Registry
from flowbook.ids import FlowId
from flowbook.session.notebook_edits import blank, document_of, updated

FORMAT: Final = 1
_BASE: Final = re.compile(r"^# flowbook sync: format (\d+), base (\w*)$", re.MULTILINE)
_TOLD: Final = (
    "# Kept in step with its notebook by `flowbook sync`: each `# %%` is one of its cells."
)
_GAP: Final = "\n\n\n"


@dataclass(frozen=True, slots=True)
class InStep:
    """Both sides as they should be; `changed` names those that are not: `notebook`, `module`."""

    notebook: Notebook
    module: str
    changed: tuple[str, ...]


def in_step(
    notebook: Notebook | None,
    module: str | None,
    registry: Registry,
    flow: FlowId,
    prefer: str | None = None,
) -> InStep:
    """Both sides with the edits of the one that has changed; one that is not there is made.

    Args:
        notebook: The notebook; None for one that is to be made.
        module: The module's text; None likewise.
        registry: The kinds there are.
        flow: What the flow is called where the notebook does not say.
        prefer: `notebook` or `module`: the side that is right where both have changed.

    Raises:
        InvalidFlow: the notebook's cells have errors.
        FlowSyntaxError: the module is not in the form of one.
        UsageError: both have changed, or one says what the other cannot.
    """
    there = None if module is None else read_module(module, registry).settled(registry)
    if notebook is None:
        if there is None or module is None:
            raise UsageError("there is neither a notebook nor a module")
        made = updated(blank(there.flow), Document(there.flow), there, registry)
        return InStep(made, based(module, digest(there, registry)), ("notebook", "module"))
    here = document_of(notebook, registry, flow)
    if there is None or module is None:
        return InStep(notebook, module_of(here, registry), ("module",))
    ours, theirs, base = digest(here, registry), digest(there, registry), base_of(module)
    if ours == theirs:
        same = based(module, ours)
        return InStep(notebook, same, ("module",) if same != module else ())
    winner = _winner(ours, theirs, base, prefer)
    if winner == "notebook":
        return InStep(notebook, module_of(here, registry, module, there), ("module",))
    return InStep(
        updated(notebook, here, there, registry), based(module, theirs), ("notebook", "module")
    )


def _winner(ours: str, theirs: str, base: str, prefer: str | None) -> str:
    if base == theirs:
        return "notebook"
    if base == ours:
        return "module"
    if prefer is None:
        when = "have changed since they were last in step" if base else "were never in step"
        raise UsageError(
            f"notebook and module differ, and both {when}",
            hint="say which is right: --prefer notebook, or --prefer module",
        )
    return prefer


def digest(document: Document, registry: Registry) -> str:
    """What a document means, as a short hash."""
    text = _GAP.join([print_head(document, registry), *print_items(document, registry)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---------------------------------------------------------------- the module


def module_of(
    document: Document, registry: Registry, was: str | None = None, old: Document | None = None
) -> str:
    """The module of a flow; of one that `was` there, every cell that still holds as it is laid out.

    Raises `UsageError` where the flow has something that no module can say.
    """
    head, texts = print_head(document, registry), print_items(document, registry)
    if was is not None and old is not None:
        if print_head(old, registry) == head:
            head = _own_head(was)
        kept: dict[str, list[str]] = {}
        for text, item in zip(print_items(old, registry), old.items, strict=True):
            kept.setdefault(text, []).append(_marked(item.source))
        texts = [kept[one].pop(0) if kept.get(one) else one for one in texts]
    base = f"# flowbook sync: format {FORMAT}, base {digest(document, registry)}"
    text = _GAP.join([f"{_TOLD}\n{base}\n{head}", *texts]) + "\n"
    _refuse_unsound(text)
    return text


def _own_head(module: str) -> str:
    lines = module.split("\n")
    end = next((at for at, one in enumerate(lines) if one.startswith(MARKER)), len(lines))
    said = (one for one in lines[:end] if one != _TOLD and not _BASE.match(one))
    return "\n".join(said).strip("\n")


def _marked(source: str) -> str:
    return source if source.startswith(MARKER) else f"{MARKER}\n{source}"


def _refuse_unsound(text: str) -> None:
    try:
        compile(text, "<module>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as broken:
        line = getattr(broken, "lineno", None) or 1
        shown = text.split("\n")[line - 1].strip()
        raise UsageError(
            f"the flow cannot be written as a module: {getattr(broken, 'msg', broken)}",
            hint=f"look at: {shown}",
        ) from None


def base_of(module: str) -> str:
    """What the module was last in step with; '' where it never was."""
    found = _BASE.search(module)
    if found is None:
        return ""
    if int(found[1]) > FORMAT:
        raise UsageError(
            f"the module has format {found[1]}; this flowbook reads formats up to {FORMAT}",
            hint="upgrade flowbook",
        )
    return found[2]


def based(module: str, base: str) -> str:
    """The module saying that it is in step with `base`."""
    said = f"# flowbook sync: format {FORMAT}, base {base}"
    if _BASE.search(module):
        return _BASE.sub(said, module, count=1)
    return f"{_TOLD}\n{said}\n{module}"
