"""Writes `forms.json`: what Python answers about one flow with forms.

`PYTHONPATH=src:. python js/dev/forms.py`, from the root of the project.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tests.widget.forms import Asking

import flowbook
from flowbook.widget.protocol import write
from flowbook.widget.publisher import Publisher

CELLS = (
    "limit: int = 100  # orders above this are looked at\nregion: str = 'north'\n",
    "%%flow fetch -> status, orders --retries 2\nimport pandas as pd\n\n# a small shop\n"
    "status = 200\norders = pd.DataFrame({\n    'customer': [1, 2, 2, 7],\n"
    "    'total': [30.0, 120.5, 12.0, 99.0],\n})",
    "%%flow people\npeople = [{'id': 1, 'name': 'Ada'}, {'id': 2, 'name': 'Bo'}, "
    "{'id': 9, 'name': 'Di'}]",
    "%%flow http send --timeout 30s\n"
    "url: 'http://localhost:9/orders?status={{ fetch.status }}&over={{ limit }}'\n"
    "method: POST\nheaders:\n  Accept: application/json\n  X-Token: '{{ $secret.shop }}'\n",
    "%%flow router size(value=fetch.status)\nconditions:\n"
    "- {id: ok, expression: 'between(value, 200, 299)', label: Went well, color: green}\n"
    "- {id: moved, expression: 'value < 400 and limit > 10', color: orange}\n"
    "- {id: broken, expression: value >= 400, label: Broken, color: red}\n",
    "%%flow merge told(orders=fetch.orders, people)\nmode: by_key\nhow: left\n"
    "key: {orders: customer, people: id}\nfields:\n  set: {big: '{{ total > 20 }}'}\n"
    "  rename: {total: amount}\n",
    "%%flow call forecast(region)\nflow: weather\ninputs:\n  city: '{{ region }}'\n",
    "%%flow map each\nover: '{{ people }}'\n",
    "%%flow greet\n#| in: each\nf\"Hello {item['name']}\"",
    "%%flow sql top(told)\nselect name, sum(amount) as total\n"
    "from told group by name -- each once\norder by total desc limit 3",
)
WEATHER = (
    "city = 'Oslo'  # where\ndays: int = 7\n",
    "%%flow forecast(city, days)\n{'city': city, 'days': days}",
)


def recorded(folder: str) -> dict[str, Any]:
    """The flow, its run, and an answer to each question there is about forms."""
    project = flowbook.project(folder)
    Asking(project, *WEATHER, name="weather")
    ask = Asking(project, *CELLS)
    ask("OPTION", name="timeout", value="12.3s")
    ask("OPTION", name="retention", value="30d")
    ask.run()
    publisher = Publisher(ask.desk, lambda _message: None)
    snapshot = publisher.snapshot()
    for event in snapshot["run"]["events"]:
        for private in ("host", "pid"):
            event.pop(private, None)
        if isinstance(event.get("error"), dict):
            event["error"].pop("traceback", None)
            event["error"]["message"] = "the secret 'shop' is in none of its places"
    conditions = ask.node("size").config["conditions"]
    tried = [{"id": one["id"], "expression": one["expression"]} for one in conditions]
    flows = write(ask("FLOWS", node="forecast"))
    flows["secrets"] = ["shop", "mail"]
    flows["flows"][0]["secrets"] = ["api_key"]
    http = {"node": "send", "field": "url"}
    made = {
        "snapshot": snapshot,
        "forms": {one.id: write(ask("FORM", node=one.id)) for one in ask.flow.spec().nodes},
        "routed": write(ask("ROUTE", node="size", conditions=tried)),
        "matched": write(ask("MATCH", node="told", key={"orders": "customer", "people": "id"})),
        "flows": flows,
        "flowForm": write(ask("FLOW_FORM")),
        "names": write(ask("COMPLETE", **http, text="{{ ", at=3)),
        "fields": write(ask("COMPLETE", **http, text="{{ fetch.", at=9)),
        "value": write(ask("EVALUATE", **http, text="{{ fetch.status }}")),
    }
    publisher.close()
    project.close()
    return made


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(recorded(folder), separators=(",", ":"), ensure_ascii=False)
    (Path(__file__).parent / "forms.json").write_text(text + "\n", encoding="utf-8")
