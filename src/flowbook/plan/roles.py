"""What is wrong with nodes that undo others, set up or tear down; linear in the nodes and edges."""

from __future__ import annotations

from collections.abc import Iterator

from flowbook.graph.choices import Role
from flowbook.graph.nesting import Nesting
from flowbook.graph.options import did_you_mean
from flowbook.graph.placing import at
from flowbook.graph.problem import Problem
from flowbook.graph.roles import Roles
from flowbook.graph.spec import FlowSpec, NodeSpec
from flowbook.graph.wiring import Wiring


def role_problems(spec: FlowSpec, wiring: Wiring) -> Iterator[Problem]:
    """All that is wrong with `compensate` and `role`, whatever the order of the nodes."""
    roles = Roles(spec)
    if not roles.undoes and all(node.options.role is Role.WORK for node in spec.nodes):
        return
    nesting = Nesting(spec)
    for node in spec.nodes:
        if node.options.compensate:
            yield from _undone(node, spec, roles, nesting)
        yield from _placed(node, roles, nesting)
    for edge in wiring.edges:
        source, target = spec.node(edge.source), spec.node(edge.target)
        if roles.stands_by(source):
            what = "undoes another" if source.id in roles.undoes else "tears down"
            message = f"it reads {source.id!r}, which {what} when all others are over"
            yield at(target, message, "nobody can wait for that: read another node")
        elif target.options.role is Role.SETUP and source.options.role is not Role.SETUP:
            message = f"it is setup and reads {source.id!r}, which is not"
            yield at(target, message, f"make {source.id} setup too: role: setup")


def _undone(node: NodeSpec, spec: FlowSpec, roles: Roles, nesting: Nesting) -> Iterator[Problem]:
    name = node.options.compensate
    undoes = next((one for one in spec.nodes if one.id == name), None)
    if undoes is None:
        known = tuple(one.id for one in spec.nodes if one.id != node.id)
        yield at(node, f"compensate: no node is called {name!r}", did_you_mean(name, known))
    elif roles.stands_by(node) or node.id == name:
        hint = "take compensate out of it"
        yield at(node, "what runs when all others are over cannot be undone", hint)
    elif nesting.home(undoes.id) != nesting.home(node.id):
        where = nesting.home(node.id)
        hint = f"say in: {where} there" if where else "take it out of its container"
        message = f"compensate: {name!r} is not in the place where {node.id!r} is"
        yield at(node, message, hint)
    first = roles.undoes[undoes.id][0] if undoes is not None else node
    if first is not node:
        message = f"compensate: {name!r} undoes {first.id!r} already"
        yield at(node, message, "give each node its own")


def _placed(node: NodeSpec, roles: Roles, nesting: Nesting) -> Iterator[Problem]:
    role = node.options.role
    if role is not Role.WORK and nesting.home(node.id):
        message = f"it is {role} and inside of a container"
        yield at(node, message, "take it out: the flow as a whole is set up and torn down")
    if role is not Role.WORK and node.id in roles.undoes:
        message = f"it is {role} and undoes {roles.undoes[node.id][0].id!r}"
        yield at(node, message, "take one of the two out")
    if node.options.joins and roles.stands_by(node):
        message = "it runs when all others are over, and joins nothing"
        yield at(node, message, "take join or settled out; what is not there is None")
