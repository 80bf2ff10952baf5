from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowbook.errors import UsageError
from flowbook.ids import Uuid7s, as_node_id, as_port_name, mint_uuid7, uuid7_ms

times = st.integers(0, 2**48 - 1)
bits = st.integers(0, 2**74 - 1)


@given(times, bits)
def test_a_minted_id_is_a_version_7_uuid_of_its_time(unix_ms: int, entropy: int):
    text = mint_uuid7(unix_ms, entropy)
    parsed = UUID(text)
    assert str(parsed) == text
    assert (parsed.version, parsed.variant) == (7, "specified in RFC 4122")
    assert uuid7_ms(text) == unix_ms


@given(st.lists(st.tuples(times, bits), min_size=2, max_size=2, unique=True))
def test_ids_sort_as_their_times_then_their_bits_do(pairs):
    low, high = sorted(pairs)
    assert mint_uuid7(*low) < mint_uuid7(*high)


@given(st.lists(st.tuples(st.integers(0, 2**47), bits), min_size=2))
def test_ids_of_one_process_go_up_whatever_the_clock_does(pairs):
    ids = Uuid7s()
    minted = [ids.mint(*pair) for pair in pairs]
    assert minted == sorted(set(minted))
    assert uuid7_ms(minted[0]) == pairs[0][0]


@pytest.mark.parametrize(("unix_ms", "entropy"), [(-1, 0), (2**48, 0), (0, -1), (0, 2**74)])
def test_numbers_that_do_not_fit_are_refused(unix_ms: int, entropy: int):
    with pytest.raises(UsageError):
        mint_uuid7(unix_ms, entropy)


@pytest.mark.parametrize("name", ["fetch", "_x", "Step2"])
def test_identifiers_name_nodes(name: str):
    assert as_node_id(name) == name


@pytest.mark.parametrize("name", ["", "2x", "a b", "a-b", "a.b", "å", "a\n"])
def test_anything_else_does_not_name_a_node(name: str):
    with pytest.raises(UsageError, match="cannot name a node"):
        as_node_id(name)


@pytest.mark.parametrize("name", ["df", "2xx", "bad-rows"])
def test_port_names_may_be_handles(name: str):
    assert as_port_name(name) == name


@pytest.mark.parametrize("name", ["", "-x", "a.b", "a b", "a\n"])
def test_anything_else_does_not_name_a_port(name: str):
    with pytest.raises(UsageError, match="cannot name a port"):
        as_port_name(name)
