"""Late invoices: a flow in plain Python, run with `python examples/invoices.py [today]`.

Two sources are read at the same time, one of them fails once and is tried again, the heavy part
runs in a process of its own, and the run ends up in the history of the current folder.
"""

from __future__ import annotations

import sys
from datetime import date

from flowbook import Flow, project

flow = Flow("invoices")
attempts: list[str] = []


@flow.node
def invoices() -> list[dict[str, object]]:
    return [
        {"number": 100 + n, "customer": "ABC"[n % 3], "amount": 40.0 * n, "due": f"2024-0{n}-15"}
        for n in range(1, 10)
    ]


@flow.node(retries=2, backoff="50ms")
def payments() -> dict[int, float]:
    attempts.append("asked")
    if len(attempts) == 1:
        raise ConnectionError("the bank is busy")
    return {101: 40.0, 102: 80.0, 104: 100.0, 107: 280.0}


@flow.node
def unpaid(
    invoices: list = invoices, payments: dict = payments, today: str = "2024-06-30"
) -> list[dict[str, object]]:
    return [
        invoice | {"open": invoice["amount"] - payments.get(invoice["number"], 0.0)}
        for invoice in invoices
        if invoice["due"] < today and payments.get(invoice["number"], 0.0) < invoice["amount"]
    ]


@flow.node(on="process")
def interest(unpaid: list = unpaid, today: str = "2024-06-30", rate: float = 0.08) -> list[float]:
    days = [(date.fromisoformat(today) - date.fromisoformat(one["due"])).days for one in unpaid]
    return [round(one["open"] * rate * n / 365, 2) for one, n in zip(unpaid, days, strict=True)]


@flow.node
def letters(unpaid: list = unpaid, interest: list = interest) -> list[str]:
    return [
        f"invoice {one['number']}, customer {one['customer']}: {one['open']:.2f} open, "
        f"{extra:.2f} interest"
        for one, extra in zip(unpaid, interest, strict=True)
    ]


if __name__ == "__main__":
    given = {"today": sys.argv[1]} if len(sys.argv) > 1 else {}
    run = flow.run(**given).raise_for_status()
    print(*run["letters"].output, sep="\n")
    print(f"\nrun {run.id}: {run.status}, the bank was asked {run['payments'].attempts} times")
    query = "select node, status, attempts, executor from node_runs where run_id = $id"
    print(project().history.sql(query, {"id": run.id}))
