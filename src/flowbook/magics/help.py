"""What `%flow help` tells: made of the commands, the options and the installed kinds themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from textwrap import fill, indent
from typing import Final

import click

from flowbook.errors import UsageError
from flowbook.graph.flow_options import FLOW_OPTIONS, FlowOptions
from flowbook.graph.kind_page import kind_page
from flowbook.graph.options import OPTIONS, Option, Options, did_you_mean
from flowbook.graph.registry import Registry

_WIDTH: Final = 88
_HEAD: Final = "%%flow [kind] name[(inputs)] [-> outputs] [--option value]"


class Page(str):
    """A text that is shown as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def overview(verbs: click.Group, registry: Registry) -> Page:
    """The head of a flow cell, all verbs, all kinds by family, and all options."""
    context = click.Context(verbs, info_name=verbs.name)
    kinds = sorted(registry, key=lambda kind: (registry[kind].family, kind))
    families = groupby(kinds, key=lambda kind: registry[kind].family or "other")
    return _page(
        ("A cell that defines a node:", [_HEAD, "#| option: value", "body"]),
        (
            "Verbs, as in %flow run:",
            _columns((name, one.get_short_help_str(70)) for name, one in verbs.commands.items()),
        ),
        ("Kinds of nodes:", _columns((family, ", ".join(some)) for family, some in families)),
        ("Options of a node:", [", ".join(OPTIONS)]),
        ("Options of the flow, as in %flow options audit:", [", ".join(FLOW_OPTIONS)]),
        ("", [f"{context.command_path} help NAME tells more of each."]),
    )


def page_of(verbs: click.Group, registry: Registry, topic: str) -> Page:
    """All that is called so: a verb, a kind, an option of nodes or of flows.

    Raises `UsageError` with the closest name where there is nothing.
    """
    name = topic.lstrip("%-")
    found = list(_sections(verbs, registry, name))
    if not found:
        raise UsageError(
            f"there is no verb, kind or option {topic!r}",
            hint=did_you_mean(name, tuple(topics(verbs, registry))),
        )
    return Page("\n\n".join(found))


def topics(verbs: click.Group, registry: Registry) -> Iterator[str]:
    """All that there is a page for, each once."""
    yield from dict.fromkeys((*verbs.commands, *registry, *OPTIONS, *FLOW_OPTIONS))


def _sections(verbs: click.Group, registry: Registry, name: str) -> Iterator[str]:
    command = verbs.commands.get(name)
    if command is not None:
        above = click.Context(verbs, info_name=verbs.name)
        yield command.get_help(click.Context(command, info_name=name, parent=above))
    if name in registry:
        yield "\n".join(kind_page(registry, registry[name]))
    if name in OPTIONS:
        said = f"--{name} VALUE, or #| {name}: VALUE"
        yield _option(f"Option {name} of a node", said, OPTIONS[name], Options())
    if name in FLOW_OPTIONS:
        said = f"%flow options {name}=VALUE"
        yield _option(f"Option {name} of the flow", said, FLOW_OPTIONS[name], FlowOptions())


def _option(title: str, said: str, option: Option, defaults: object) -> str:
    default = option.print(getattr(defaults, option.attribute))
    rows = {
        "written": said,
        "words": ", ".join(option.choices) or ("true, false" if option.flag else ""),
        "default": default,
    }
    lines = [fill(option.help, _WIDTH)]
    lines += [f"{name}: {text}" for name, text in rows.items() if text]
    return "\n".join([title, indent("\n".join(lines), "  ")])


def _columns(rows: Iterable[tuple[str, str]]) -> list[str]:
    table: Mapping[str, str] = dict(rows)
    width = max(map(len, table), default=0)
    inner = " " * (width + 2)
    return [
        fill(f"{name:<{width}}  {text}", _WIDTH, subsequent_indent=inner)
        for name, text in table.items()
    ]


def _page(*parts: tuple[str, Iterable[str]]) -> Page:
    texts = []
    for title, lines in parts:
        body = "\n".join(fill(one, _WIDTH) if "\n" not in one else one for one in lines)
        texts.append(f"{title}\n{indent(body, '  ')}" if title else body)
    return Page("\n\n".join(texts))
