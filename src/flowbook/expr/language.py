"""The whitelist: what is not in this table is not in the language."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from flowbook.expr import calls, forms, loops, texts
from flowbook.expr.compiling import Maker

LANGUAGE: Final[Mapping[type[ast.AST], Maker]] = {
    ast.Constant: forms.constant,
    ast.Name: forms.name,
    ast.BinOp: forms.binary,
    ast.UnaryOp: forms.unary,
    ast.BoolOp: forms.logic,
    ast.Compare: forms.compare,
    ast.IfExp: forms.choice,
    ast.List: forms.collection,
    ast.Tuple: forms.collection,
    ast.Set: forms.collection,
    ast.Dict: forms.dictionary,
    ast.Attribute: forms.attribute,
    ast.Subscript: forms.subscript,
    ast.Call: calls.call,
    ast.ListComp: loops.comprehension,
    ast.SetComp: loops.comprehension,
    ast.GeneratorExp: loops.comprehension,
    ast.DictComp: loops.comprehension,
    ast.JoinedStr: texts.text,
    ast.FormattedValue: texts.formatted,
}
