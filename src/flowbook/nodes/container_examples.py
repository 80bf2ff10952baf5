"""Examples of the kinds that own other nodes, and of those that leave loops."""

from __future__ import annotations

from typing import Final

MAP: Final = """\
%%flow orders
[{"city": "Oslo", "amount": 120}, {"city": "Rome", "amount": 0}, {"city": "Bergen", "amount": 80}]

%%flow map each(items=orders)
max_concurrent: 5

%%flow share --in each
100 / item["amount"]

%%flow label --in each
f"{index}: {item['city']} {share:.2f}"
"""

FOREACH: Final = """\
%%flow deposits
[100, -30, 50]

%%flow foreach balance(deposits)
item: deposit

%%flow book --in balance
(last or 0) + deposit
"""

REPEAT: Final = """\
%%flow repeat powers
times: 4

%%flow double --in powers
2 * (last or 1)
"""

WHILE: Final = """\
%%flow goal(limit=100)
limit

%%flow while grow(goal)
condition: last < goal
initial: 1

%%flow step --in grow
last * 3
"""

TRY: Final = """\
%%flow try answer

%%flow ask --in answer
raise ConnectionError("nobody there")

%%flow instead --in answer.catch
f"no answer: {error['message']}"
"""

GROUP: Final = """\
%%flow words
["to", "be", "or", "not", "to", "be"]

%%flow group counted(words) -> distinct, longest

%%flow distinct --in counted
len(set(words))

%%flow longest --in counted
max(words, key=len)
"""

BREAK: Final = """\
%%flow numbers
[3, 8, 12, 7]

%%flow foreach until_large(numbers)
result: number

%%flow router size --in until_large
route_by: "{{ item }}"
conditions:
  - {id: small, expression: value <= 10}
  - {id: large, expression: value > 10}

%%flow number(which=size.small) --in until_large
which

%%flow break found(which=size.large) --in until_large
"""

CONTINUE: Final = """\
%%flow numbers
[3, 8, 12, 7]

%%flow foreach small(numbers)

%%flow router size --in small
route_by: "{{ item }}"
conditions:
  - {id: large, expression: value > 10}

%%flow continue skip(when=size.large) --in small

%%flow doubled(number=size.default) --in small
number * 2
"""

EACH_OF: Final = """\
%%flow letter
{"from": "letter", "text": "hello"}

%%flow call_note
{"from": "phone", "text": "call back"}

%%flow each_of inbox(letter, call_note)

%%flow file --in inbox
f"{index}: {item['text']} (by {item['from']})"
"""
