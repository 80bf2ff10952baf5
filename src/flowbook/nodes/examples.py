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

SQL: Final = """\
%%flow orders
[
    {"city": "Oslo", "amount": 120},
    {"city": "Bergen", "amount": 80},
    {"city": "Oslo", "amount": 40},
]

%%flow sql by_city(orders, least=50)
SELECT city, sum(amount) AS amount
FROM orders
WHERE amount >= $least
GROUP BY city
ORDER BY city
"""

ROUTER: Final = """\
%%flow temperature(value=28)
value

%%flow router season(value=temperature)
conditions:
  - {id: hot, expression: value > 25, label: Warmer than 25}
  - {id: cold, expression: value < 5}
default_output: mild

%%flow pack(value=season.hot)
f"a hat, for {value} degrees"
"""

MERGE: Final = """\
%%flow people
[{"id": 1, "name": "Ada"}, {"id": 2, "name": "Grace"}]

%%flow cities
[{"id": 1, "city": "London"}, {"id": 3, "city": "Rome"}]

%%flow merge both(people, cities)
mode: by_key
key: id
how: left
"""

CALL: Final = """\
%%flow start(n=3)
n

%%flow router again(value=start)
conditions:
  - {id: more, expression: value > 1}

%%flow call rest(n=again.more)
flow: call
inputs: {n: "{{ n - 1 }}"}
output: [countdown]

%%flow merge below(rest, last=again.default)
mode: choose

%%flow countdown(start, below)
# This flow calls itself: three, two, one.
inner = below["child_output"]["countdown"] if isinstance(below, dict) else []
[start, *inner]
"""

STOP: Final = """\
%%flow stock(left=0)
left

%%flow router enough(value=stock)
conditions:
  - {id: empty, expression: value == 0}

%%flow stop sold_out(left=enough.empty)
status: cancelled
message: "nothing is left: {{ left }}"

%%flow sell(left=enough.default)
left - 1
"""
