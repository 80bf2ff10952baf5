"""What the parts of a session ask of their project; `flowbook.Project` is all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from flowbook.graph.registry import Registry
    from flowbook.run.engine import Engine
    from flowbook.session.environment import Here
    from flowbook.session.hooks import Aftermath
    from flowbook.session.listening import Listener
    from flowbook.session.live_flow import LiveFlows
    from flowbook.session.recording import Secrets
    from flowbook.session.secrets import Keychain
    from flowbook.session.start import Knower
    from flowbook.store.history import History
    from flowbook.store.store import Store


class Premises(Protocol):
    """The node types, what is remembered, and what runs."""

    @property
    def registry(self) -> Registry: ...
    @property
    def store(self) -> Store: ...
    @property
    def history(self) -> History: ...
    @property
    def engine(self) -> Engine: ...


class RunOffice(Premises, Protocol):
    """The same, and whatever else a run needs that begins or is taken up."""

    live: LiveFlows
    listener: Listener
    aftermath: Aftermath

    @property
    def environment(self) -> Here: ...
    @property
    def keychain(self) -> Keychain: ...
    @property
    def calls(self) -> Knower: ...
    @property
    def secrets(self) -> Secrets | None: ...
