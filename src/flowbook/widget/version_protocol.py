"""Messages about versions of a flow, and about taking it elsewhere.

All of them are answered by the same `view` and `rid`, with `Refused` when it cannot be done.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from flowbook.ids import NodeId
from flowbook.widget.views import FlowView


class AskVersions(msgspec.Struct, frozen=True, tag_field="type", tag="VERSIONS"):
    """Which versions of the flow are there? Answered with `Versions`."""

    view: str
    rid: int


class PublishVersion(msgspec.Struct, frozen=True, tag_field="type", tag="PUBLISH"):
    """Freeze the flow as it is as what others run. Answered with `Published`."""

    view: str
    rid: int
    note: str = ""


class RollBack(msgspec.Struct, frozen=True, tag_field="type", tag="ROLL_BACK"):
    """Give the flow the meaning of a version, as one edit. Answered with `Edited`."""

    view: str
    rid: int
    version: str


class CompareVersions(msgspec.Struct, frozen=True, tag_field="type", tag="COMPARE"):
    """What differs between two versions? '' is the flow as it is. Answered with `Compared`."""

    view: str
    rid: int
    before: str
    after: str = ""


class ExportFlow(msgspec.Struct, frozen=True, tag_field="type", tag="EXPORT"):
    """The flow as a file to take away: a picture (`svg`) or a page (`html`).

    `outputs`: with what the nodes gave in the run that is shown, as far as previews tell it.
    """

    view: str
    rid: int
    form: str
    outputs: bool = False


VersionAsked: TypeAlias = AskVersions | PublishVersion | RollBack | CompareVersions | ExportFlow


class VersionView(msgspec.Struct, frozen=True):
    """A version: its number by first use, when it ran first (seconds since the epoch), how often.

    `current`: the flow is just this now. `published`: this is what others run.
    """

    number: int
    version: str
    at: float
    runs: int
    current: bool = False
    published: bool = False
    published_at: float | None = None
    note: str = ""


class Versions(msgspec.Struct, frozen=True, tag_field="type", tag="VERSIONS"):
    """The versions there are, the newest first; `draft`: the flow as it is, is none of them yet."""

    view: str
    rid: int
    versions: tuple[VersionView, ...]
    draft: bool


class Published(msgspec.Struct, frozen=True, tag_field="type", tag="PUBLISHED"):
    """The version that is published now."""

    view: str
    rid: int
    version: VersionView


class NodeDiff(msgspec.Struct, frozen=True):
    """What became of a node: `same`, `added`, `removed` or `changed`, and its text line by line.

    A line is `" "`, `"-"` or `"+"` and the text. `was`: its name before.
    """

    node: NodeId
    mark: str
    parts: tuple[str, ...] = ()
    lines: tuple[tuple[str, str], ...] = ()
    was: NodeId | None = None


class Compared(msgspec.Struct, frozen=True, tag_field="type", tag="COMPARED"):
    """Both versions in one drawing: `flow` has the nodes of either, `edges` a mark for each edge.

    `about` is the flow's own text: parameters, options, setup.
    """

    view: str
    rid: int
    before: str
    after: str
    summary: str
    flow: FlowView
    nodes: tuple[NodeDiff, ...]
    edges: tuple[str, ...]
    about: tuple[tuple[str, str], ...] = ()


class Exported(msgspec.Struct, frozen=True, tag_field="type", tag="EXPORTED"):
    """A file that was made: what to call it, its media type, its text."""

    view: str
    rid: int
    name: str
    media_type: str
    text: str


VersionAnswer: TypeAlias = Versions | Published | Compared | Exported
