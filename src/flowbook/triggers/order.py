"""Which flows run after which others: no circle among them, and what comes first goes first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flowbook.errors import InvalidSchedule


def circle(after: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """Flows that run after each other, the first one again at the end; () where there are none.

    >>> circle({"report": ["load"], "load": ["fetch"], "fetch": ["report"]})
    ('report', 'load', 'fetch', 'report')
    >>> circle({"report": ["load"], "load": []})
    ()
    """
    done: set[str] = set()
    for first in after:
        path: list[str] = []
        todo = [(first, iter(tuple(after.get(first, ()))))] if first not in done else []
        path += [one for one, _ in todo]
        while todo:
            flow, before = todo[-1]
            following = next(before, None)
            if following is None:
                done.add(flow)
                todo.pop()
                path.pop()
            elif following in path:
                return (*path[path.index(following) :], following)
            elif following not in done:
                path.append(following)
                todo.append((following, iter(tuple(after.get(following, ())))))
    return ()


def refuse_circle(after: Mapping[str, Iterable[str]]) -> None:
    """Raise `InvalidSchedule`, naming them, where flows run after each other in a circle."""
    found = circle(after)
    if found:
        raise InvalidSchedule(
            f"these flows would run after each other: {' after '.join(found)}",
            hint="let one of them run without waiting for the others",
            field="after",
            value=found,
        )


def in_order(flows: Iterable[str], after: Mapping[str, Iterable[str]]) -> tuple[str, ...]:
    """These flows, each behind those it runs after, else as they were given.

    >>> in_order(["report", "other", "load"], {"report": ["load"]})
    ('load', 'report', 'other')
    """
    order: dict[str, None] = {}
    wanted = tuple(dict.fromkeys(flows))

    for first in wanted:
        todo = [first]
        while todo:
            flow = todo[-1]
            ahead = [one for one in after.get(flow, ()) if one not in order and one not in todo]
            if ahead:
                todo.append(ahead[0])
            else:
                order[todo.pop()] = None
    return tuple(flow for flow in order if flow in wanted)
