"""Examples of the kinds that compute, ask, choose and call: cells that run as they stand.

They are part of each kind's page, which shows what they give. They stand apart from the node types
so that both can be read.
"""

from __future__ import annotations

from typing import Final

PYTHON: Final = """\
%%flow load(city="Oslo") -> days, city_name
days = [21.5, 19.0, 23.5]
city_name = city

%%flow mean(days)
total = sum(days)
total / len(days)
"""

TEST: Final = """\
%%flow load -> days
days = [21.5, 19.0, 23.5]

%%flow mean(days)
sum(days) / len(days)

%%flow test mean
assert 19 < mean < 24
assert mean == sum(days) / len(days)
"""
