"""What a node uses beyond its inputs, as one digest: captured names, closures, the code they call.

Values are pickled into a hash, and functions by what they do: their code without file names and
line numbers, so that moving one changes nothing, with their defaults, closures and the globals
they read. Code of libraries goes by its name alone; so does a node of a flow, by its function.
Nothing is kept of the pickle and nothing is ever read back.
"""

from __future__ import annotations

import dis
import hashlib
import sys
from collections.abc import Mapping
from functools import lru_cache
from io import BytesIO
from types import CodeType, FunctionType, ModuleType
from typing import Any, Final

import cloudpickle
from traitlets import HasTraits, TraitType

from flowbook.graph.flow import Flow
from flowbook.graph.refs import NodeRef, PortRef

_LIBRARIES: Final = ("site-packages", "dist-packages")
_PLAIN: Final = frozenset(
    {type(None), bool, int, float, complex, str, bytes, tuple, list, dict, set, frozenset}
)
_ANNEX: Final = ("__defaults__", "__kwdefaults__")


class Untold(Exception):
    """A value has no digest; the text names it and says why."""


def digest_of(
    names: Mapping[str, Any],
    function: Any = None,
    kind: type | None = None,
    *,
    told: bool = False,
) -> str:
    """A digest of named values, of the code behind a decorated node and of a node's own class.

    `told`: the function's source is known, and hashed, elsewhere. Raises `Untold` for a value that
    cannot be pickled.

    >>> digest_of({"factor": 2}) == digest_of({"factor": 2}) != digest_of({"factor": 3})
    True
    """
    whole = hashlib.sha256()
    for name, value in sorted(names.items()):
        whole.update(f"{name}\0{_digest(value, name)}\0".encode())
    if function is not None:
        plain = told and isinstance(function, FunctionType)
        if plain and not hasattr(function, "__wrapped__"):
            # Its defaults are inputs, its body is hashed as a tree: what is around it counts.
            function = _around(function)
        whole.update(_digest(function, "the function").encode())
    if kind is not None and not of_library(kind.__module__):
        whole.update(_digest(kind, kind.__name__).encode())
    return whole.hexdigest()


@lru_cache(maxsize=4096)
def of_library(module: str) -> bool:
    """True for modules that are installed, ours among them, and not the user's own.

    >>> of_library("json.decoder"), of_library("__main__")
    (True, False)
    """
    top = module.partition(".")[0]
    if top == "__main__":
        return False
    if top in ("flowbook", "builtins") or top in sys.stdlib_module_names:
        return True
    found = sys.modules.get(top)
    places = [getattr(found, "__file__", None) or "", *getattr(found, "__path__", ())]
    return any(name in str(place) for place in places for name in _LIBRARIES)


def _digest(value: Any, name: str) -> str:
    try:
        buffer = BytesIO()
        _Digester(buffer).dump(value)
    except RecursionError:
        raise Untold(f"{name} is nested too deep") from None
    except Exception as error:  # noqa: BLE001 - pickling runs the user's code, which may raise anything
        raise Untold(f"{name} cannot be pickled ({type(error).__name__}: {error})") from None
    return hashlib.sha256(buffer.getbuffer()).hexdigest()


class _Digester(cloudpickle.Pickler):  # type: ignore[misc]  # cloudpickle has no types
    """Writes what stands for a value; what has an order or a place of its own goes by content."""

    def __init__(self, file: BytesIO) -> None:
        super().__init__(file, protocol=5)
        self._met: dict[int, tuple[int, object]] = {}

    def persistent_id(self, value: Any) -> Any:
        """What is written instead of `value`; None for the value itself."""
        stand_in = _STAND_INS.get(type(value))
        if stand_in is None:
            if not isinstance(value, type) or _by_name(value):
                return None
            stand_in = _class
        known = self._met.get(id(value))
        if known is not None:
            return ("again", known[0])
        found = stand_in(value)
        if found is not None:
            self._met[id(value)] = (len(self._met), value)
        return found


def _by_name(value: FunctionType | type) -> bool:
    """True when its name says all: a library's own, and not made anew while it runs."""
    return of_library(value.__module__ or "__main__") and "<" not in value.__qualname__


def _function(value: FunctionType) -> Any:
    if _by_name(value):
        return ("library", value.__module__, value.__qualname__)
    given = [getattr(value, name) for name in _ANNEX]
    return ("function", value.__code__, given, _around(value))


def _around(value: FunctionType) -> list[Any]:
    """What a function reads that is not its own: closures, globals; its code, without a source."""
    cells = [_held(cell) for cell in value.__closure__ or ()]
    read = {
        name: value.__globals__[name]
        for name in sorted(_globals_of(value.__code__))
        if name in value.__globals__
    }
    return [value.__code__.co_freevars, cells, read]


def _held(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return ("empty",)


@lru_cache(maxsize=4096)
def _globals_of(code: CodeType) -> frozenset[str]:
    own = {one.argval for one in dis.get_instructions(code) if one.opname in _READS}
    inner = [_globals_of(one) for one in code.co_consts if isinstance(one, CodeType)]
    return frozenset(own.union(*inner))


_READS: Final = ("LOAD_GLOBAL", "LOAD_NAME")


def _code(value: CodeType) -> Any:
    """Code without its name, file and lines."""
    counts = (value.co_argcount, value.co_posonlyargcount, value.co_kwonlyargcount, value.co_flags)
    names = (value.co_names, value.co_varnames, value.co_freevars, value.co_cellvars)
    return ("code", value.co_code, value.co_exceptiontable, list(value.co_consts), names, counts)


def _class(value: type) -> Any:
    inner = "_" if issubclass(value, HasTraits) else "__"  # a class with traits keeps books there
    members = {
        name: _member(member)
        for name, member in sorted(vars(value).items())
        if not name.startswith(inner) or isinstance(member, FunctionType)
    }
    return ("class", value.__name__, value.__bases__, members)


def _member(member: Any) -> Any:
    if isinstance(member, staticmethod | classmethod):
        return (type(member).__name__, member.__func__)
    if isinstance(member, property):
        return ("property", member.fget, member.fset, member.fdel)
    if type(member) in _PLAIN or isinstance(member, FunctionType):
        return member
    if isinstance(member, TraitType):
        return ("trait", type(member).__qualname__, repr(member.default_value))
    return ("member", type(member).__qualname__)


def _any_order(value: set[Any] | frozenset[Any]) -> Any:
    return ("set", type(value).__name__, sorted(_digest(one, "a set") for one in value))


def _module(value: ModuleType) -> Any:
    return ("module", value.__name__, str(getattr(value, "__version__", "")))


def _node(value: NodeRef) -> Any:
    return ("node", value.name, value.function)


def _port(value: PortRef) -> Any:
    return ("port", value.node.name, value.port)


def _flow(value: Flow) -> Any:
    return ("flow", value.name)


def _wrapper(value: Any) -> Any:
    return ("wrapper", type(value).__name__, value.__wrapped__)


_STAND_INS: Final[Mapping[type, Any]] = {
    FunctionType: _function,
    CodeType: _code,
    type(lru_cache(len)): _wrapper,
    staticmethod: _wrapper,
    classmethod: _wrapper,
    set: _any_order,
    frozenset: _any_order,
    ModuleType: _module,
    NodeRef: _node,
    PortRef: _port,
    Flow: _flow,
}
