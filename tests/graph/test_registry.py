"""Kinds, their versions, which of them is the latest, and what packages bring that is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import UnknownKind, UsageError
from flowbook.graph.node import Node
from flowbook.graph.registry import Registry
from flowbook.graph.spec import NodeSpec
from flowbook.ids import NodeId, PortName


class Double(Node):
    kind = "double"


class Rival(Node):
    kind = "double"


class Nameless(Node):
    kind = "not a name"


class DoubleTwo(Double):
    type_version = 2


class Unversioned(Node):
    kind = "double"
    type_version = 0


def test_node_types_are_found_by_kind():
    registry = Registry([Double])
    assert registry["double"] is Double
    assert registry.register(Double) is Double
    assert list(registry) == ["double"]
    assert len(registry) == 1
    assert "double" in registry


def test_an_unknown_kind_is_told_the_closest_one():
    with pytest.raises(UnknownKind, match="'dobule'") as refused:
        Registry([Double])["dobule"]
    assert refused.value.hint == "did you mean 'double'?"
    assert refused.value.known == ("double",)


@pytest.mark.parametrize(
    ("node_type", "said"),
    [(Rival, "call themselves"), (Nameless, "not an"), (Unversioned, "type_version is 0")],
)
def test_a_kind_is_one_name_for_one_type(node_type, said):
    with pytest.raises(UsageError, match=said):
        Registry([Double, node_type])


# ---------------------------------------------------------------- versions


def test_a_bare_kind_is_the_latest_and_a_version_is_exactly_that_one():
    registry = Registry([DoubleTwo, Double])
    assert registry["double"] is DoubleTwo
    assert registry["double.v1"] is Double
    assert registry["double.v2"] is DoubleTwo
    assert list(registry) == ["double", "double.v1"]
    assert set(registry.values()) == {Double, DoubleTwo}
    assert registry.versions("double.v1") == {1: Double, 2: DoubleTwo}


def test_a_version_that_is_not_there_is_told_those_that_are():
    registry = Registry([Double])
    registry.register(DoubleTwo, "doubling 1.4")
    assert "double.v3" not in registry
    with pytest.raises(UnknownKind) as refused:
        registry["double.v3"]
    assert refused.value.hint == "there is double.v1, double.v2, of doubling 1.4: update it"


def test_a_class_may_say_that_it_is_not_the_latest_yet():
    class Preview(Double):
        type_version = 3
        latest = False

    registry = Registry([Double, Preview])
    assert registry["double"] is Double
    assert registry["double.v3"] is Preview
    assert registry.faults == ()


def test_a_class_that_says_so_is_the_latest_whatever_the_others_are():
    class Stable(Double):
        latest = True

    registry = Registry([Stable, DoubleTwo])
    assert registry["double"] is Stable

    class Heir(Stable):  # the word of the version it comes from is not its own
        type_version = 3

    assert registry.register(Heir) is Heir
    assert registry["double"] is Stable


def test_two_that_claim_to_be_the_latest_are_named():
    class First(Double):
        latest = True

    class Second(DoubleTwo):
        latest = True

    with pytest.raises(UsageError, match="claim to be the latest 'double'") as refused:
        Registry([First, Second])
    assert "First" in refused.value.message
    assert "Second" in refused.value.message


def test_a_kind_of_which_no_version_is_the_latest_is_a_fault():
    class Preview(Double):
        latest = False

    (fault,) = Registry([Preview]).faults
    assert fault.kind == "double"
    assert "one has to be the latest" in fault.message


# ---------------------------------------------------------------- what packages bring


def test_a_conflict_names_both_packages_and_the_first_stays():
    registry = Registry()
    registry.take("double", lambda: Double, "doubling 1.0")
    registry.take("double", lambda: Rival, "twice 2.0")
    assert registry["double"] is Double
    (fault,) = registry.faults
    assert fault.kind == "double"
    assert fault.package == "twice 2.0"
    for said in ("Double of doubling 1.0", "Rival of twice 2.0", __name__.rpartition(".")[2]):
        assert said in fault.message


def test_a_package_that_does_not_load_leaves_the_others_alone():
    def broken():
        raise ModuleNotFoundError("No module named 'numpie'")

    registry = Registry()
    registry.take("triple", broken, "tripling 0.1")
    registry.take("double", lambda: Double)
    assert list(registry) == ["double"]
    (fault,) = registry.faults
    assert (fault.kind, fault.package) == ("triple", "tripling 0.1")
    assert "ModuleNotFoundError: No module named 'numpie'" in fault.message


@pytest.mark.parametrize("name", ["double", "double.v2"])
def test_an_entry_point_is_called_like_its_kind_with_or_without_the_version(name):
    registry = Registry()
    registry.take(name, lambda: DoubleTwo)
    assert registry.faults == ()
    assert registry["double.v2"] is DoubleTwo


@pytest.mark.parametrize(
    ("name", "loaded", "said"),
    [
        ("twice", Double, "is called 'twice'"),
        ("double.v1", DoubleTwo, "calls itself double.v2"),
        ("double", "Double", "no node type"),
    ],
)
def test_an_entry_point_that_leads_elsewhere_is_a_fault(name, loaded, said):
    registry = Registry()
    registry.take(name, lambda: loaded)
    assert said in registry.faults[0].message
    assert len(registry) == 0


def test_more_types_leave_the_registry_they_are_added_to_as_it_is():
    registry = Registry([Double])
    more = registry.with_types([DoubleTwo])
    assert more["double"] is DoubleTwo
    assert registry["double"] is Double


# ---------------------------------------------------------------- migrating


class Fetch(Node):
    kind = "fetch"


class FetchTwo(Node):
    """`address` has become `url`."""

    kind = "fetch"
    type_version = 2
    outputs = (PortName("body"),)

    @classmethod
    def migrate(cls, old):
        config = dict(old.config)
        if "address" in config:
            config["url"] = config.pop("address")
        return replace(old, config=config)


class FetchThree(FetchTwo):
    """Seconds have become milliseconds."""

    type_version = 3
    outputs = (PortName("body"),)

    @classmethod
    def migrate(cls, old):
        config = dict(old.config)
        if "timeout" in config:
            config["timeout_ms"] = config.pop("timeout") * 1000
        return replace(old, config=config)


def node(kind="fetch.v1", **config) -> NodeSpec:
    return NodeSpec(NodeId("get"), kind=kind, config=config)


def test_a_node_goes_to_the_latest_version_by_way_of_those_between():
    registry = Registry([Fetch, FetchTwo, FetchThree])
    made = registry.migrated(node(address="x", timeout=2, extra=1))
    assert made.kind == "fetch"
    assert made.config == {"url": "x", "timeout_ms": 2000, "extra": 1}


def test_a_node_without_a_version_is_as_it_should_be_unless_it_is_said_which_it_meant():
    registry = Registry([Fetch, FetchTwo, FetchThree])
    plain = node("fetch", timeout=2)
    assert registry.migrated(plain) is plain
    assert registry.migrated(plain, since=2).config == {"timeout_ms": 2000}


def test_outputs_nobody_named_follow_the_version_and_named_ones_stay():
    registry = Registry([Fetch, FetchTwo])
    inferred = replace(node(), outputs=Fetch.ports(node()))
    assert registry.migrated(inferred).outputs == ("body",)
    named = replace(node(), outputs=(PortName("page"),))
    assert registry.migrated(named).outputs == ("page",)


def test_a_version_beyond_the_latest_stays():
    class Preview(FetchTwo):
        type_version = 4
        latest = False

    registry = Registry([Fetch, FetchTwo, Preview])
    ahead = node("fetch.v4", a=1)
    assert registry.migrated(ahead) == ahead


def test_a_migration_that_fails_names_the_node_and_both_versions():
    class Picky(FetchTwo):
        @classmethod
        def migrate(cls, old):
            raise KeyError("address")

    with pytest.raises(UsageError, match=r"'get' cannot go from fetch.v1 to fetch.v2: KeyError"):
        Registry([Fetch, Picky]).migrated(node())


def test_a_migration_may_not_make_another_node():
    class Lost(FetchTwo):
        @classmethod
        def migrate(cls, old):
            return NodeSpec(NodeId("other"))

    with pytest.raises(UsageError, match="gave another node"):
        Registry([Fetch, Lost]).migrated(node())


class Renaming:
    """A chain of versions each of which renames some settings."""

    def __init__(self, steps: list[dict[str, str]]) -> None:
        self.types: list[type[Node]] = [type("V1", (Node,), {"kind": "fetch"})]
        for number, names in enumerate(steps, start=2):
            self.types.append(type(f"V{number}", (Node,), self._body(names, number)))

    @staticmethod
    def _body(names, number):
        def migrate(cls, old):
            return replace(old, config={names.get(key, key): v for key, v in old.config.items()})

        return {"kind": "fetch", "type_version": number, "migrate": classmethod(migrate)}


LETTERS = "abcdef"


@given(
    st.lists(st.permutations(LETTERS), min_size=1, max_size=5),
    st.dictionaries(st.sampled_from(LETTERS), st.integers()),
    st.data(),
)
def test_chains_compose_and_lose_nothing(orders, config, data):
    """All at once, or up to some version and then on: the same, and every value is still there."""
    types = Renaming([dict(zip(LETTERS, order, strict=True)) for order in orders]).types
    stop = data.draw(st.integers(1, len(types)))
    whole = Registry(types).migrated(node(**config))
    half = Registry(types[:stop]).migrated(node(**config))
    there = Registry(types).migrated(replace(half, kind=f"fetch.v{stop}"))
    assert there == whole
    assert sorted(whole.config.values()) == sorted(config.values())
    assert (whole.id, whole.options, whole.body) == (NodeId("get"), node().options, "")
