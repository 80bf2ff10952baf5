"""The matcher: where is the cursor, and who knows what may stand there?"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from IPython.core.completer import (
    CompletionContext,
    SimpleCompletion,
    SimpleMatcherResult,
    context_matcher,
)

from flowbook.cells.header import SETUP, is_flow_cell
from flowbook.magics.completion.code import in_code
from flowbook.magics.completion.heads import in_head, in_option_line
from flowbook.magics.completion.lines import LINE, in_line
from flowbook.magics.completion.offers import Offer
from flowbook.magics.completion.place import Place
from flowbook.magics.completion.queries import in_query
from flowbook.magics.completion.settings import in_settings
from flowbook.magics.kernel_notebook import KernelNotebook

_PRIORITY: Final = 100
"""Before IPython's own: what is known for certain spares asking Jedi."""
_NOTHING: Final = Offer("", ())
_log = logging.getLogger(__name__)

Owns = Callable[[str], bool]
"""Says whether a magic, such as `%flow` or `%%flow`, is ours."""


def install(shell: Any, notebook: KernelNotebook, owns: Owns) -> None:
    """Let the shell's completer know what flow cells and `%flow` lines may say."""

    @context_matcher(identifier="flowbook", priority=_PRIORITY)  # type: ignore[untyped-decorator]  # IPython's
    def flowbook_matcher(context: CompletionContext) -> SimpleMatcherResult:
        try:
            found = look(notebook, context, owns) or _NOTHING
        except Exception:  # noqa: BLE001 - a completer must never disturb the typing
            _log.debug("no completions for %r", context.text_until_cursor, exc_info=True)
            found = _NOTHING
        completions = [SimpleCompletion(one.text, type=one.type) for one in found.words]
        return {
            "completions": completions,
            "matched_fragment": found.fragment,
            "suppress": found.alone and bool(completions),
            "ordered": True,
        }

    shell.Completer.custom_matchers.append(flowbook_matcher)


def look(notebook: KernelNotebook, context: CompletionContext, owns: Owns) -> Offer | None:
    """What may stand where the cursor is; None where we have nothing to say."""
    source, before = context.full_text, context.text_until_cursor
    line = LINE.fullmatch(before)
    if line is not None and owns(line[1]):
        return in_line(notebook, line[2])
    if not is_flow_cell(source) or not owns(source.split(maxsplit=1)[0]):
        return None
    place = Place(notebook, source, context.cursor_line, before)
    if context.cursor_line == 0:
        return in_head(place)
    if before.startswith("#|") and all(text.startswith("#|") for text in place.above[1:]):
        return in_option_line(place)
    return _in_body(place)


def _in_body(place: Place) -> Offer | None:
    header, kind = place.cell.header, place.kind
    if header is not None and header.kind == SETUP:
        return None
    if kind is None or kind.body == "python":
        return in_code(place)
    if kind.body == "sql":
        return in_query(place)
    return in_settings(place, kind) if kind.body == "config" else None
