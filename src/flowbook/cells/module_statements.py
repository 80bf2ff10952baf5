"""The statement of a module that defines a node, read as its spec: no part of it is evaluated."""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn

from flowbook.cells.function_form import as_cell
from flowbook.cells.module_nodes import Names
from flowbook.errors import FlowSyntaxError
from flowbook.graph.options import OPTIONS, did_you_mean
from flowbook.graph.registry import Registry
from flowbook.graph.signature import named_in, options_given, outputs_given, returns_said
from flowbook.graph.spec import MISSING, InputSpec, NodeSpec, Wire
from flowbook.ids import NodeId, PortName, as_node_id, as_port_name

_OPTIONS: Final = frozenset(option.attribute for option in OPTIONS.values())
_WORDS: Final = ("inputs", "outputs", "options", "settings")
_FORMS: Final = "a cell of a flow is @flow.node on a function, flow.KIND(…) or flow.param(…)"


def refuse(message: str, line: int, hint: str | None = None) -> NoReturn:
    """Say what is wrong in which line of the module."""
    raise FlowSyntaxError(f"line {line}: {message}", hint=hint, line=line)


def literal(value: ast.expr) -> Any:
    """The plain value that is written; refused where it would have to be worked out."""
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        refuse(f"this is no plain value: {ast.unparse(value)[:60]}", value.lineno)


def named(value: ast.expr) -> Any:
    """The same, in which nodes stand for their names."""
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.List | ast.Tuple):
        return [named(one) for one in value.elts]
    return literal(value)


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads statements of a module whose text has these lines."""

    names: Names
    registry: Registry
    lines: tuple[str, ...]

    def node(self, statement: ast.stmt) -> NodeSpec:
        """The node that a statement defines; `FlowSyntaxError` for what defines none."""
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            return self._function(statement)
        call = statement.value if isinstance(statement, ast.Assign | ast.Expr) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            owner = call.func.value
            if isinstance(owner, ast.Name) and owner.id == self.names.flow:
                return self._made(call, call.func.attr)
        refuse("this is no part of a flow", statement.lineno, _FORMS)

    def end_of(self, statement: ast.stmt) -> int:
        """The last line of a statement; comments at the end of a function belong to it."""
        end = statement.end_lineno or statement.lineno
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            return end
        for number in range(end, len(self.lines)):
            line = self.lines[number]
            if line.startswith((" ", "\t")) and line.strip():
                end = number + 1
            elif line.strip():
                break
        return end

    # ------------------------------------------------------------ decorated functions

    def _function(self, made: ast.FunctionDef | ast.AsyncFunctionDef) -> NodeSpec:
        name = as_node_id(made.name)
        given = self._decorated(made)
        returns = None if made.returns is None else ast.unparse(made.returns)
        said, schemas = outputs_given(given.pop("outputs", None) or named_in(returns))
        if schemas is not None:
            given.setdefault("options", {})["outputs"] = schemas
            said = outputs_given(named_in(returns))[0] or said
        types = {port: text for port, text in said.items() if text is not None}
        outputs = tuple(said) or (PortName(name),)
        inputs = self._parameters(made.args)
        streams = any(isinstance(one, ast.Yield | ast.YieldFrom) for one in ast.walk(made))
        kind = str(given.pop("kind", "python"))
        options = {**given, **given.pop("options", {})}
        options.pop("options", None)
        return NodeSpec(
            name,
            kind=kind,
            inputs=inputs,
            outputs=outputs,
            body=as_cell(self._inside(made), [str(one.name) for one in inputs], outputs),
            options=self._options(name, options, made.lineno),
            returns=types or returns_said(outputs, returns, streams=streams),
        )

    def _options(self, name: NodeId, given: Mapping[str, Any], line: int) -> Any:
        try:
            return options_given(name, given)
        except FlowSyntaxError as refused:
            refuse(refused.message, line, refused.hint)

    def _decorated(self, made: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Any]:
        wanted = f"{self.names.flow}.node"
        if len(made.decorator_list) != 1:
            refuse(f"the function {made.name!r} is no node", made.lineno, _FORMS)
        (decorator,) = made.decorator_list
        call = decorator if isinstance(decorator, ast.Call) else None
        if ast.unparse(call.func if call else decorator) != wanted or (call and call.args):
            refuse(f"the function {made.name!r} is no node", made.lineno, f"write @{wanted}")
        return {str(one.arg): named(one.value) for one in call.keywords} if call else {}

    def _parameters(self, given: ast.arguments) -> tuple[InputSpec, ...]:
        if given.vararg or given.kwarg or given.posonlyargs:
            one = given.vararg or given.kwarg or given.posonlyargs[0]
            refuse("inputs cannot be *args, **kwargs or positional-only", one.lineno)
        arguments = [*given.args, *given.kwonlyargs]
        blanks: list[ast.expr | None] = [None] * (len(given.args) - len(given.defaults))
        defaults = [*blanks, *given.defaults, *given.kw_defaults]
        return tuple(
            self._parameter(one, default) for one, default in zip(arguments, defaults, strict=True)
        )

    def _parameter(self, one: ast.arg, default: ast.expr | None) -> InputSpec:
        annotation = None if one.annotation is None else ast.unparse(one.annotation)
        made = InputSpec(as_port_name(one.arg), annotation=annotation)
        return made if default is None else self._fed(made, default)

    def _fed(self, one: InputSpec, value: ast.expr) -> InputSpec:
        wire = self._wire(value)
        if wire is not None:
            return replace(one, wire=wire)
        return replace(one, default=literal(value))

    def _wire(self, value: ast.expr) -> Wire | None:
        """The wire that an expression stands for: a node, a port of it, or `flow.wire(…)`."""
        if isinstance(value, ast.Name):
            return Wire(NodeId(value.id))
        if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
            return Wire(NodeId(value.value.id), PortName(value.attr))
        if isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name):
            return Wire(NodeId(value.value.id), PortName(str(literal(value.slice))))
        if isinstance(value, ast.Call) and ast.unparse(value.func) == f"{self.names.flow}.wire":
            node, *port = (str(literal(one)) for one in value.args)
            return Wire(NodeId(node), PortName(port[0]) if port else None)
        return None

    def _inside(self, made: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
        """The text of a function below its signature."""
        end = self.end_of(made)
        text = "\n".join(self.lines[made.lineno - 1 : end])
        below = _signature_lines(text)
        if below is None:
            return "\n".join(map(ast.unparse, made.body))
        return "\n".join(self.lines[made.lineno - 1 + below : end])

    # ------------------------------------------------------------ calls of a kind

    def _made(self, call: ast.Call, method: str) -> NodeSpec:
        args = [str(literal(one)) for one in call.args]
        kind = args.pop(0) if method == "add_kind" and args else method.removesuffix("_")
        if kind not in self.registry or not 1 <= len(args) <= 2:
            hint = self.registry.hint(kind) if kind not in self.registry else "give it a name"
            refuse(f"{self.names.flow}.{method}(…) makes no node", call.lineno, hint)
        if len(args) == 2 and self.registry[kind].body == "config":
            refuse(
                f"kind {kind} has no text", call.lineno, "say its settings by their names: over=…"
            )
        name = as_node_id(args[0])
        keywords = {str(one.arg): one.value for one in call.keywords}
        said, schemas = outputs_given(literal(keywords["outputs"]) if "outputs" in keywords else ())
        settings, options, inputs = self._sorted(name, kind, keywords)
        if schemas is not None:
            options["outputs"] = schemas
            said = {}
        return NodeSpec(
            name,
            kind=kind,
            inputs=tuple(inputs.values()),
            outputs=tuple(said),
            body=args[1] if len(args) == 2 else "",
            config=settings,
            options=self._options(name, options, call.lineno),
            returns={port: text for port, text in said.items() if text is not None},
        )

    def _sorted(
        self, node: NodeId, kind: str, keywords: Mapping[str, ast.expr]
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, InputSpec]]:
        """Settings, options and inputs, told apart as `flow.KIND` does."""
        traits = set(self.registry[kind].class_trait_names(config=True))
        settings: dict[str, Any] = {}
        options: dict[str, Any] = {}
        inputs: dict[str, InputSpec] = {}
        for key, value in keywords.items():
            if key in _WORDS:
                continue
            wire = self._wire(value)
            if key.removesuffix("_") in traits:
                plain = key.removesuffix("_")
                if wire is not None:
                    inputs[plain] = InputSpec(as_port_name(plain), wire)
                settings[plain] = literal(value) if wire is None else f"{{{{ {plain} }}}}"
            elif key in _OPTIONS:
                options[key] = named(value)
            elif wire is not None:
                inputs[key] = InputSpec(as_port_name(key), wire)
            else:
                hint = did_you_mean(key, sorted({*traits, *_OPTIONS}))
                refuse(f"node {node!r}: kind {kind} has no setting {key!r}", value.lineno, hint)
        for word, into in (("settings", settings), ("options", options)):
            into.update(literal(keywords[word]) if word in keywords else {})
        inputs.update(self._inputs(keywords.get("inputs")))
        return settings, options, inputs

    def _inputs(self, given: ast.expr | None) -> dict[str, InputSpec]:
        if given is None:
            return {}
        if not isinstance(given, ast.Dict) or None in given.keys:
            refuse("inputs are a mapping of names", given.lineno, 'write {"rows": clean}')
        return {
            str(literal(key)): self._said(str(literal(key)), value)
            for key, value in zip(given.keys, given.values, strict=True)
            if key is not None
        }

    def _said(self, name: str, value: ast.expr) -> InputSpec:
        bare = InputSpec(as_port_name(name))
        if isinstance(value, ast.Constant) and value.value is ...:
            return bare
        called = isinstance(value, ast.Call) and ast.unparse(value.func) == self.names.input_type
        if not called:
            return self._fed(bare, value)
        assert isinstance(value, ast.Call)  # noqa: S101 - looked at above
        given = {str(one.arg): one.value for one in value.keywords}
        wire = self._wire(given["wire"]) if "wire" in given else None
        default = literal(given["default"]) if "default" in given else MISSING
        text = str(literal(given["annotation"])) if "annotation" in given else None
        return InputSpec(as_port_name(name), wire, default, text)


def _signature_lines(text: str) -> int | None:
    """How many lines a function's signature takes; None where its body is on the last of them."""
    depth = 0
    colon = 0
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.OP:
            depth += (token.string in "([{") - (token.string in ")]}")
            if token.string == ":" and depth == 0:
                colon = token.start[0]
                continue
        if colon:
            ends = token.type in (tokenize.NEWLINE, tokenize.COMMENT)
            return colon if ends else None
    return None
