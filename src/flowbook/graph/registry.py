"""Node types by name and version: a plain mapping, whoever fills it.

`http.v1` names exactly one class, `http` the latest of its name, and there is exactly one latest:
the one that says `latest = True`, else the highest version that does not say `latest = False`. A
class of a package that does not fit is no reason to open nothing: what is wrong is kept as
`faults`, and the class that came first stays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flowbook.errors import UnknownKind, UsageError
from flowbook.graph.node import Node
from flowbook.graph.options import did_you_mean
from flowbook.graph.spec import NodeSpec
from flowbook.graph.versions import name_of, split_kind, versioned


@dataclass(frozen=True, slots=True)
class KindFault:
    """A node type that could not be registered: its kind, what is wrong, and whose it is.

    `package` is the distribution it came from, with its version, '' where that is not known.
    """

    kind: str
    message: str
    package: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class Registry(Mapping[str, type[Node]]):
    """Kind → node class. Built-ins and strangers register alike.

    >>> class Double(Node):
    ...     kind = "double"
    >>> class DoubleAgain(Double):
    ...     type_version = 2
    >>> registry = Registry([Double, DoubleAgain])
    >>> registry["double"].__name__, registry["double.v1"].__name__, list(registry)
    ('DoubleAgain', 'Double', ['double', 'double.v1'])
    """

    def __init__(self, types: Iterable[type[Node]] = ()) -> None:
        self._types: dict[str, dict[int, type[Node]]] = {}
        self._packages: dict[type[Node], str] = {}
        self._faults: list[KindFault] = []
        self._lost: tuple[KindFault, ...] | None = None
        """Kinds of which no version may be the latest; None while nobody has asked."""
        for node_type in types:
            self.register(node_type)

    # ------------------------------------------------------------ filling it

    def register(self, node_type: type[Node], package: str = "") -> type[Node]:
        """Add a node type; `UsageError` when it has no kind, or its kind and version are taken."""
        kind, version = node_type.kind, node_type.type_version
        if not kind.isidentifier():
            raise UsageError(f"{node_type.__qualname__}.kind is {kind!r}, not an identifier")
        if type(version) is not int or version < 1:
            raise UsageError(
                f"{node_type.__qualname__}.type_version is {version!r}",
                hint="versions of a kind are 1, 2, 3, …",
            )
        known = self._types.get(kind, {})
        taken = known.get(version)
        if taken is not None and taken is not node_type:
            of = f" of version {version}" if version > 1 or len(known) > 1 else ""
            raise UsageError(
                f"two node types{of} call themselves {kind!r}: "
                f"{self._where(taken)} and {_where(node_type, package)}",
                hint="give one of them another kind, or its own type_version",
            )
        rival = next((one for one in known.values() if _claims(one) and one is not node_type), None)
        if rival is not None and _claims(node_type):
            raise UsageError(
                f"two node types claim to be the latest {kind!r}: "
                f"{self._where(rival)} and {_where(node_type, package)}",
                hint="let one of them say latest = True",
            )
        self._types.setdefault(kind, {})[version] = node_type
        self._lost = None
        if package:
            self._packages[node_type] = package
        return node_type

    def take(self, name: str, load: Callable[[], Any], package: str = "") -> None:
        """Register what the entry point `name` leads to; what is wrong with it becomes a fault."""
        try:
            node_type = load()
        except Exception as error:  # noqa: BLE001 - a stranger's module may raise anything
            told = f"it cannot be loaded: {type(error).__name__}: {error}"
            self._faults.append(KindFault(name_of(name), told, package))
            return
        try:
            _refuse_stranger(name, node_type)
            self.register(node_type, package)
        except UsageError as refused:
            self._faults.append(KindFault(name_of(name), refused.message, package))

    def with_types(self, types: Iterable[type[Node]]) -> Registry:
        """The same with more types."""
        made = Registry()
        made._types = {name: dict(known) for name, known in self._types.items()}
        made._packages, made._faults = dict(self._packages), list(self._faults)
        for node_type in types:
            made.register(node_type)
        return made

    # ------------------------------------------------------------ asking it

    def __getitem__(self, kind: str) -> type[Node]:
        found = self.get(kind)
        if found is None:
            raise UnknownKind(
                f"no node type is called {kind!r}",
                hint=self.hint(kind),
                kind=kind,
                known=tuple(sorted(self)),
            )
        return found  # type: ignore[no-any-return]  # `get` is any mapping's

    def get(self, kind: str, default: Any = None) -> Any:
        """The node type, or `default`: `[]` raises our own error, which is no `KeyError`."""
        name, version = split_kind(kind)
        known = self._types.get(name)
        if known is None:
            return default
        return known.get(_latest(known) if version is None else version, default)

    def __contains__(self, kind: object) -> bool:
        return isinstance(kind, str) and self.get(kind) is not None

    def __iter__(self) -> Iterator[str]:
        for name, known in self._types.items():
            yield name
            latest = _latest(known)
            yield from (versioned(name, one) for one in sorted(known) if one != latest)

    def __len__(self) -> int:
        return sum(map(len, self._types.values()))

    def versions(self, name: str) -> Mapping[int, type[Node]]:
        """Every version of a kind, lowest first; empty for one that is not there."""
        return dict(sorted(self._types.get(name_of(name), {}).items()))

    def package(self, node_type: type[Node]) -> str:
        """The distribution a type came from, with its version; '' where that is not known."""
        return self._packages.get(node_type, "")

    def hint(self, kind: str) -> str:
        """What to write instead of a kind that is not there."""
        name, version = split_kind(kind)
        known = self._types.get(name)
        if known is None or version is None:
            close = did_you_mean(name, tuple(sorted(self._types)))
            # There are dozens: a list of them all is no hint.
            none = (
                "install the package that brings it; flowbook nodes lists the kinds that are there"
            )
            return close if close.startswith("did") else none
        there = ", ".join(versioned(name, one) for one in sorted(known))
        newer = version > max(known)
        whose = self._packages.get(known[_latest(known)], "")
        return f"there is {there}" + (f", of {whose}: update it" if newer and whose else "")

    @property
    def faults(self) -> tuple[KindFault, ...]:
        """Every type that is not as it should be; empty when all is well."""
        if self._lost is None:  # asked of every node that is checked
            self._lost = tuple(
                KindFault(name, "every version says latest = False, and one has to be the latest")
                for name, known in self._types.items()
                if all(_claim(one) is False for one in known.values())
            )
        return (*self._faults, *self._lost)

    # ------------------------------------------------------------ migrating

    def migrated(self, spec: NodeSpec, since: int | None = None) -> NodeSpec:
        """`spec` for the latest version of its kind, by way of every version between.

        Each version's `migrate` makes its own of what its predecessor had. `since`: what was
        written without a version was meant for that one; without it such a node is as it should be.

        Raises `UnknownKind`, and `UsageError` when a version cannot take over what is there.
        """
        name, named = split_kind(spec.kind)
        known = self._types.get(name, {})
        latest = self[name].type_version
        start = named if named is not None else since
        if start is None:
            return spec
        was = self.get(versioned(name, start))
        ports = None if was is None else was.ports(replace(spec, outputs=()))
        made = spec
        for version in sorted(one for one in known if start < one <= latest):
            made = _step(known[version], replace(made, kind=versioned(name, version - 1)))
        made = replace(made, kind=name if start <= latest else spec.kind)
        if made.outputs == spec.outputs and ports == spec.outputs:
            made = replace(made, outputs=self[made.kind].ports(replace(made, outputs=())))
        return made

    def _where(self, node_type: type[Node]) -> str:
        return _where(node_type, self._packages.get(node_type, ""))


def _step(node_type: type[Node], old: NodeSpec) -> NodeSpec:
    """What a type's `migrate` makes of its predecessor's node."""
    to = versioned(node_type.kind, node_type.type_version)
    try:
        made = node_type.migrate(old)
    except Exception as error:
        raise UsageError(
            f"node {old.id!r} cannot go from {old.kind} to {to}: {type(error).__name__}: {error}",
            hint=f"keep {old.kind} in its head, or change the cell by hand",
        ) from error
    if type(made) is not NodeSpec or (made.id, made.place) != (old.id, old.place):
        raise UsageError(
            f"{node_type.__module__}.{node_type.__qualname__}.migrate gave another node than "
            f"{old.id!r}",
            hint="return dataclasses.replace(old, config=…)",
        )
    return made


def _latest(known: Mapping[int, type[Node]]) -> int:
    if len(known) == 1:
        return next(iter(known))
    claimed = [version for version, one in known.items() if _claims(one)]
    offered = [version for version, one in known.items() if _claim(one) is not False]
    return max(claimed or offered or known)


def _claim(node_type: type[Node]) -> bool | None:
    """What the class itself says: a later version does not inherit the word of an earlier one."""
    said = vars(node_type).get("latest")
    return None if said is None else bool(said)


def _claims(node_type: type[Node]) -> bool:
    return _claim(node_type) is True


def _where(node_type: type[Node], package: str) -> str:
    place = f"{node_type.__module__}.{node_type.__qualname__}"
    return f"{place} of {package}" if package else place


def _refuse_stranger(name: str, node_type: Any) -> None:
    if not (isinstance(node_type, type) and issubclass(node_type, Node)):
        raise UsageError(f"its entry point leads to {node_type!r}, which is no node type")
    own = versioned(node_type.kind, node_type.type_version)
    if name not in (node_type.kind, own):
        raise UsageError(
            f"its entry point is called {name!r} and leads to {_where(node_type, '')}, "
            f"which calls itself {own}"
        )
