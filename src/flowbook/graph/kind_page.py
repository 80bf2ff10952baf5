"""All about a kind as plain text, made of its class: for a terminal and for a notebook."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Final

from flowbook.graph.node import Node
from flowbook.graph.node_schema import help_of, settings_of
from flowbook.graph.options import print_options
from flowbook.graph.registry import Registry
from flowbook.graph.versions import versioned

_WIDTH: Final = 96


def kind_page(registry: Registry, node_type: type[Node]) -> Iterator[str]:
    """The lines that say what a kind does, what it takes and gives, and how it is written."""
    own = versioned(node_type.kind, node_type.type_version)
    others = [versioned(node_type.kind, one) for one in registry.versions(node_type.kind)]
    latest = registry[node_type.kind] is node_type
    yield own if latest else f"{own}, not the latest"
    words = (
        f"family: {node_type.family or 'none'}",
        f"package: {registry.package(node_type) or 'none'}",
        f"versions: {', '.join(others)}",
    )
    yield "; ".join(words)
    yield ""
    yield help_of(node_type)
    yield ""
    yield f"outputs: {', '.join(node_type.outputs) or 'one, called like the node'}"
    options = print_options(node_type.defaults)
    if options:
        yield f"options: {', '.join(f'{name} {value}' for name, value in options.items())}"
    if node_type.external:
        yield "It may change something outside of the process; a test run does not run it."
    yield from _settings(node_type)
    if node_type.example:
        yield ""
        yield "example:"
        yield textwrap.indent(node_type.example.strip(), "  ")


def _settings(node_type: type[Node]) -> Iterator[str]:
    rows = settings_of(node_type)
    yield "" if rows else "It has no settings."
    for one in rows:
        default = f" (default {one.default})" if one.default else ""
        must = " (required)" if one.required else ""
        yield f"  {one.name}: {one.type}{default}{must}"
        for line in textwrap.wrap(one.help, _WIDTH - 6):
            yield f"      {line}"
        if one.examples:
            yield f"      such as {', '.join(map(repr, one.examples))}"
