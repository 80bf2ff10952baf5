"""What a node streamed, as the close-up shows it: its text, its chunks of data, its artefacts.

While tokens come, the text is what is at hand of them; afterwards it is read once it is asked for.
Only the last chunks and artefacts are opened, and none that is large.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence

from flowbook.errors import FlowbookError
from flowbook.events import NodeStreamed
from flowbook.run.streamed import Streamed
from flowbook.widget.preview import preview, type_name
from flowbook.widget.views import (
    ArtefactView,
    ImagePreview,
    PortPreview,
    Preview,
    StreamedView,
    TextPreview,
)

MOST_TEXT = 20_000
MOST_SHOWN = 8
"""Chunks of data, and artefacts, of which something is shown."""
_MOST_BYTES = 256 * 1024
_MOST_WORDS = 4_000
_PICTURES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml"})


def streamed_view(stream: Streamed) -> StreamedView | None:
    """All that is shown of a stream; None when there is none."""
    data, artefacts = stream.of("data"), stream.of("artefact")
    if not stream.tokens and not data and not artefacts:
        return None
    text, cut = _text(stream)
    return StreamedView(
        attempt=stream.attempt,
        text=text,
        cut=cut,
        tokens=stream.tokens,
        data=_chunks(stream, data),
        more_data=max(0, len(data) - MOST_SHOWN),
        artefacts=tuple(_artefact(stream, one) for one in artefacts[-MOST_SHOWN:]),
        more_artefacts=max(0, len(artefacts) - MOST_SHOWN),
    )


def _text(stream: Streamed) -> tuple[str, bool]:
    """The end of what the tokens say, and whether something is before it."""
    if not stream.tokens:
        return "", False
    try:
        text = stream.text
    except FlowbookError as gone:
        text = stream.end or f"({gone.message})"
    return text[-MOST_TEXT:], len(text) > MOST_TEXT


def _chunks(stream: Streamed, data: Sequence[NodeStreamed]) -> tuple[PortPreview, ...]:
    return tuple(_chunk(stream, one) for one in data[-MOST_SHOWN:])


def _chunk(stream: Streamed, one: NodeStreamed) -> PortPreview:
    label = f"chunk {one.chunk_index + 1:,}"
    if one.value.size > _MOST_BYTES:
        return PortPreview(label, one.value.type, note=f"{one.value.size:,} bytes")
    try:
        value = stream.read(one)
    except FlowbookError as gone:
        return PortPreview(label, one.value.type, note=gone.message)
    return PortPreview(label, type_name(value), preview(value))


def _artefact(stream: Streamed, one: NodeStreamed) -> ArtefactView:
    seen, size, note = None, one.value.size, ""
    if size <= _MOST_BYTES:
        try:
            content = stream.read(one)
        except FlowbookError as gone:
            note = gone.message
        else:
            if isinstance(content, bytes):
                seen, size = _picture_or_text(one, content), len(content)
    return ArtefactView(one.name, one.media_type, size, seen, note)


def _picture_or_text(one: NodeStreamed, content: bytes) -> Preview | None:
    if one.media_type in _PICTURES:
        return ImagePreview(one.media_type, base64.b64encode(content).decode(), one.name)
    if one.media_type.startswith("text/") or one.media_type == "application/json":
        text = content.decode("utf-8", "replace")
        return TextPreview(text[:_MOST_WORDS], len(text) > _MOST_WORDS)
    return None
