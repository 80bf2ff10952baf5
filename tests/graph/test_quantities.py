"""Names with amounts, as options have them."""

from __future__ import annotations

import pytest

from flowbook.graph.quantities import parse_counts, parse_quantities, print_quantities


@pytest.mark.parametrize(
    "given",
    ["cpu=2,mem=4GB", "cpu=2, mem=4000MB", {"cpu": 2, "mem": "4GB"}, [("cpu", 2), ("mem", 4e9)],
     ["cpu=2", "mem=4GB"]],
)  # fmt: skip
def test_every_door_reads_the_same(given):
    assert parse_quantities(given) == (("cpu", 2), ("mem", 4_000_000_000))


def test_memory_prints_in_the_largest_unit_that_is_exact():
    assert print_quantities(parse_quantities("mem=2048MiB")) == "mem=2GiB"
    assert print_quantities((("mem", 1500), ("rows", 2000))) == "mem=1500,rows=2000"


def test_nothing_is_nothing():
    assert parse_quantities("") == parse_quantities({}) == ()
    assert print_quantities(()) == ""


def test_counts_are_whole():
    with pytest.raises(ValueError, match="from 1 on"):
        parse_counts("gpu=1.5")
