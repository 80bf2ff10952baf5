"""Examples of the kinds that wait: for a time, a condition, a signal or people."""

from __future__ import annotations

from typing import Final

DELAY: Final = """\
%%flow load
[1, 2, 3]

%%flow delay calm(load)
seconds: 20ms
"""

WAIT_UNTIL: Final = """\
%%flow load
[1, 2, 3]

%%flow wait_until ready(load)
condition: len(load) >= 3
every: 30s
timeout: 5m
"""

WAIT_SIGNAL: Final = """\
%%flow wait_signal paid
signal: invoice-42
timeout: 50ms
on_timeout: {amount: 0, note: nobody has paid}
"""

APPROVAL: Final = """\
%%flow offer
{"customer": "Ada", "discount": 20}

%%flow approval allowed(offer)
prompt: "May {{ offer.customer }} have {{ offer.discount }} % off?"
timeout: 50ms
on_timeout: approve

%%flow send(offer, allowed)
f"{offer['discount']} %, allowed by {allowed['by']}" if allowed["approved"] else "no discount"
"""
