"""`Scratch`: the objects of a moment of a run, in a namespace that is nobody else's.

Names are loaded when they are first read, and then belong to whoever holds the scratch: what is
done to them touches neither the run, nor the store, nor the user's own variables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flowbook.errors import UsageError
from flowbook.graph.spec import NodeSpec
from flowbook.session.saved import Moment
from flowbook.session.scratch_run import Office, run_code
from flowbook.store.display import html_table, text_table
from flowbook.store.values import Unavailable

_HEAD = ("name", "what it is", "from")


@dataclass(frozen=True, slots=True)
class Lazy:
    """A name that is not loaded yet: how to, what it is, and where it is from."""

    load: Callable[[], Any]
    what: str
    source: str


class Scratch(dict[str, Any]):
    """A namespace with the objects of a moment; `Moment.open` makes it.

    >>> from flowbook import Flow
    >>> flow = Flow("words")
    >>> @flow.node
    ... def words():
    ...     return ["a", "bc"]
    >>> _ = flow.python("longest", "best = max(words, key=len)")
    >>> here = flow.run().at().open("longest")
    >>> here["words"].append("def")
    >>> here.run()
    'def'
    >>> flow.last_run()["words"].output
    ['a', 'bc']
    """

    def __init__(self, office: Office, moment: Moment, node: NodeSpec | None) -> None:
        super().__init__()
        self._office = office
        self.moment = moment
        """The moment it is of."""
        self.node = node
        """The node that `run` runs; None where none was named."""
        self.code = "" if node is None else node.body
        """Its code, as it was in that run; give it another text to try that."""
        self.lazy: dict[str, Lazy] = {}
        """What is there and not loaded yet."""

    # ------------------------------------------------------------ a namespace

    def __missing__(self, name: str) -> Any:
        waiting = self.lazy.pop(name, None)
        if waiting is None:
            raise KeyError(name)
        value = waiting.load()
        self[name] = value
        return value

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self.lazy

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*super().__iter__(), *self.lazy]))

    def __len__(self) -> int:
        return super().__len__() + len(self.lazy)

    def keys(self) -> Any:
        """All names, loaded or not."""
        return dict.fromkeys(self).keys()

    def get(self, name: str, default: Any = None) -> Any:
        """The object of that name, `default` where there is none."""
        try:
            return self[name]
        except KeyError:
            return default

    def __setitem__(self, name: str, value: Any) -> None:
        self.lazy.pop(name, None)
        super().__setitem__(name, value)

    def bind(self, names: Mapping[str, Any]) -> None:
        """Have these names here."""
        for name, value in names.items():
            self[name] = value

    @property
    def unavailable(self) -> Mapping[str, Unavailable]:
        """The names whose objects cannot be had, each with the reason; loads all others."""
        found = ((name, self[name]) for name in self)
        return {name: one for name, one in found if isinstance(one, Unavailable)}

    def run(self, code: str | None = None) -> Any:
        """Run the node's code, or `code` in its place, on what is here; what the node gives.

        Names that the code binds are here afterwards, also those that it had bound when it raised.
        No run is made and nothing is recorded. A node that has no Python of its own is run as a
        test, so that nothing outside is changed. Raises whatever the code raises, and `UsageError`
        where no node was named or something that it reads cannot be had.
        """
        if self.node is None:
            raise UsageError("no node was named, so there is no code to run", hint="open(node)")
        text = self.code if code is None else code
        return run_code(self._office, self, self.moment, self.node, text)

    # ------------------------------------------------------------ showing

    def rows(self) -> Iterator[tuple[str, str, str]]:
        """Each name, what it is, and where it is from; loads nothing."""
        for name in self:
            if name.startswith("__"):
                continue
            waiting = self.lazy.get(name)
            if waiting is not None:
                yield name, waiting.what, waiting.source
            else:
                value = self[name]
                yield (
                    name,
                    repr(value) if isinstance(value, Unavailable) else what_is(value),
                    "here",
                )

    @property
    def title(self) -> str:
        """Of which run and event it is."""
        at = f"run {self.moment.run} at event {self.moment.seq}"
        return f"{at}, before {self.node.id}" if self.node else at

    def __repr__(self) -> str:
        return f"{self.title}\n{text_table(_HEAD, self.rows())}"

    def _repr_html_(self) -> str:
        return f"<div>{self.title}</div>{html_table(_HEAD, self.rows())}"

    def _repr_pretty_(self, printer: Any, _cycle: bool) -> None:
        printer.text(repr(self))  # else it would print a dict


def what_is(value: Any) -> str:
    """A value in a few words, or what it is.

    >>> what_is(3), what_is([3])
    ('3', 'list')
    """
    if value is None or isinstance(value, bool | int | float | str):
        text = repr(value)
        return text if len(text) <= 60 else f"{text[:59]}…"
    kind = type(value)
    return (
        kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}"
    )
