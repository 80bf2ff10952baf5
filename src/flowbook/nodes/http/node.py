"""The kind `http`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from flowbook.graph.node import NodeContext
from flowbook.ids import PortName
from flowbook.nodes.http.download import downloaded
from flowbook.nodes.http.errand import at_work
from flowbook.nodes.http.pages import paged
from flowbook.nodes.http.paging import parse_pages
from flowbook.nodes.http.traits import HttpSettings


class HttpNode(HttpSettings):
    """Fetches `url` and gives the body.

    Declared outputs called `status` and `headers` carry those; every other carries the body. A
    status that is not `ok` fails the attempt, and the node's option `retries` says how often it is
    tried again. Requests that may change something carry an `Idempotency-Key`, the same in every
    attempt. Proxies are those of the environment: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    """

    kind: ClassVar[str] = "http"
    begins: ClassVar[str] = "url: https://example.org"
    family: ClassVar[str] = "services"
    external: ClassVar[bool] = True
    version: ClassVar[str] = "2"
    example: ClassVar[str] = """\
%%flow server -> url
from flowbook.tour import serve

url = serve()

%%flow http daily -> rows, status
url: "{{ server.url }}/daily.csv"
params: {city: Seattle}
table: rows
timeout: {connect: 2s, read: 10s}
"""

    async def run(self, context: NodeContext, inputs: Mapping[PortName, Any]) -> Any:
        """The body, or `Outputs`; `HttpFailed` for no answer or a status that is not ok."""
        async with at_work(self, context, inputs) as errand:
            paging = parse_pages(self.pages)
            if paging is not None:
                return await paged(errand, paging)
            if self.save_to or self.artefact:
                return await downloaded(errand)
            return await errand.single()
