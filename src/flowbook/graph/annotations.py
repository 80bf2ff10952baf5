"""From the text of an annotation to the type it names, without evaluating it.

Known are the types of Python's own library that values of a flow have, and whatever the caller
gives by name. A text that names anything else has no type here: then nobody checks by it.
"""

from __future__ import annotations

import ast
import collections.abc
import datetime
import decimal
import operator
import typing
import uuid
from collections.abc import Callable, Mapping
from functools import reduce
from types import NoneType
from typing import Any, Final

_BUILTIN: Final[Mapping[str, Any]] = {
    one.__name__: one
    for one in (
        *(bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset),
        *(object, datetime.datetime, datetime.date, datetime.time, datetime.timedelta),
        *(decimal.Decimal, uuid.UUID),
    )
}
_MODULES: Final[Mapping[str, Any]] = {
    "typing": typing,
    "datetime": datetime,
    "decimal": decimal,
    "uuid": uuid,
    "collections": collections,
}
_TYPING: Final = frozenset(typing.__all__)


class Unresolved(Exception):
    """The text names a type that is not known here."""


def resolve_type(text: str, names: Mapping[str, Any] | None = None) -> Any:
    """The type that an annotation names; `names` are those of the code it stands in.

    Raises `Unresolved` for a text that is no annotation, or that names what is not known.

    >>> resolve_type("dict[str, int | None]")
    dict[str, int | None]
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        return _read(tree, names or {})
    except (SyntaxError, ValueError, TypeError, RecursionError, MemoryError, AttributeError) as no:
        raise Unresolved(f"{text!r} names no type that is known here") from no


def _read(tree: ast.expr, names: Mapping[str, Any]) -> Any:
    reader = _READERS.get(type(tree))
    if reader is None:
        raise Unresolved(f"{ast.unparse(tree)!r} is no annotation")
    return reader(tree, names)


def _name(tree: ast.Name, names: Mapping[str, Any]) -> Any:
    if tree.id in names:
        return names[tree.id]
    if tree.id in _BUILTIN:
        return _BUILTIN[tree.id]
    if tree.id in _TYPING:
        return getattr(typing, tree.id)
    raise Unresolved(f"{tree.id!r} is not known here")


def _attribute(tree: ast.Attribute, names: Mapping[str, Any]) -> Any:
    root = tree.value
    if isinstance(root, ast.Name) and root.id not in names and root.id in _MODULES:
        return getattr(_MODULES[root.id], tree.attr)
    return getattr(_read(root, names), tree.attr)


def _subscript(tree: ast.Subscript, names: Mapping[str, Any]) -> Any:
    given = _read(tree.value, names)
    if given in (typing.Literal, typing.Annotated):
        return given[_literal(tree.slice, names, given)]
    return given[_read(tree.slice, names)]


def _literal(tree: ast.expr, names: Mapping[str, Any], given: Any) -> Any:
    if given is typing.Literal:
        return ast.literal_eval(tree)
    first = tree.elts[0] if isinstance(tree, ast.Tuple) else tree
    return (_read(first, names), "")


def _union(tree: ast.BinOp, names: Mapping[str, Any]) -> Any:
    if not isinstance(tree.op, ast.BitOr):
        raise Unresolved(f"{ast.unparse(tree)!r} is no annotation")
    sides = [_read(side, names) for side in (tree.left, tree.right)]
    return reduce(operator.or_, [NoneType if side is None else side for side in sides])


def _constant(tree: ast.Constant, names: Mapping[str, Any]) -> Any:
    if tree.value is None or tree.value is ...:
        return tree.value
    if isinstance(tree.value, str):
        return resolve_type(tree.value, names)
    raise Unresolved(f"{tree.value!r} is no type")


def _several(tree: ast.Tuple | ast.List, names: Mapping[str, Any]) -> Any:
    found = [_read(one, names) for one in tree.elts]
    return found if isinstance(tree, ast.List) else tuple(found)


_READERS: Final[Mapping[type[ast.expr], Callable[[Any, Mapping[str, Any]], Any]]] = {
    ast.Name: _name,
    ast.Attribute: _attribute,
    ast.Subscript: _subscript,
    ast.BinOp: _union,
    ast.Constant: _constant,
    ast.Tuple: _several,
    ast.List: _several,
}
