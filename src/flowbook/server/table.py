"""All routes, in the order in which they are told."""

from __future__ import annotations

from typing import Any, Final

from flowbook.server import (
    commands,
    comparing,
    flows,
    notebooks,
    notifying,
    performing,
    runs,
    schedules,
    seen,
    store,
)
from flowbook.server.openapi import document
from flowbook.server.place import Place
from flowbook.server.routes import Route

API: Final = "flowbook/api/v1"
"""What every address begins with."""


def openapi(place: Place) -> dict[str, Any]:
    """This table as an OpenAPI document."""
    return document(ROUTES, f"{place.base.rstrip('/')}/{API}")


ROUTES: Final[tuple[Route, ...]] = (
    *runs.ROUTES,
    *seen.ROUTES,
    *commands.ROUTES,
    *performing.ROUTES,
    *flows.ROUTES,
    *comparing.ROUTES,
    *schedules.ROUTES,
    *store.ROUTES,
    *notebooks.ROUTES,
    *notifying.ROUTES,
    Route("GET", "openapi.json", openapi, "This document.", dict[str, Any]),
)
