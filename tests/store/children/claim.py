"""Claim ticks 0 to N once told to: `claim.py ROOT SCHEDULE N`; says `ready`, then each tick won."""

import sys
from pathlib import Path

from flowbook.store.claims import Claims
from flowbook.store.layout import Layout

claims = Claims(Layout(Path(sys.argv[1])))
print("ready", flush=True)
sys.stdin.readline()
for tick in range(int(sys.argv[3])):
    if claims.claim(sys.argv[2], str(tick)):
        print(tick, flush=True)
print("done", flush=True)
sys.stdin.readline()
