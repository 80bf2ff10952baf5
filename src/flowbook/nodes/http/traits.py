"""The settings of the kind, and what of them is refused before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import traitlets
from traitlets import CaselessStrEnum, Dict, Int, TraitError, Unicode, validate

from flowbook.errors import UsageError
from flowbook.graph.node import Node
from flowbook.graph.spec import NodeSpec
from flowbook.nodes.http import forms
from flowbook.nodes.http.answer import check_charset
from flowbook.nodes.http.auth import check_auth
from flowbook.nodes.http.body import BODIES, check_bodies
from flowbook.nodes.http.paging import parse_pages
from flowbook.nodes.http.reading import READINGS, TABLES
from flowbook.nodes.http.settings import (
    PARSERS,
    Terms,
    parse_max_size,
    parse_rate,
    parse_redirects,
    parse_statuses,
    parse_timeouts,
)


class HttpSettings(Node):
    """What one can say of a request."""

    untemplated: ClassVar[tuple[str, ...]] = ("pages",)

    method = traitlets.Any("GET", help="The HTTP method: GET, POST or any other by its name.").tag(
        config=True, schema=forms.METHOD, examples=["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"]
    )
    url = Unicode(help="The address, beginning with http:// or https://.").tag(
        config=True, required=True
    )
    params = Dict(
        help="Query parameters, behind those of the address. One that is null is left out, and a "
        "list repeats its name."
    ).tag(config=True)
    headers = Dict(
        help="Request headers. A redirect to another host does not take them along."
    ).tag(config=True)
    json = traitlets.Any(
        None, help="A body that is sent as JSON; tables are sent as rows, dates as ISO texts."
    ).tag(config=True)
    data = traitlets.Any(None, help="A body: text or bytes as they are, a mapping as a form.").tag(
        config=True
    )
    multipart = Dict(
        help="A body in parts: values by name, and files as {file: path} or {content: text}, each "
        "with a filename and a type if you like."
    ).tag(config=True, examples=[{"title": "May", "report": {"file": "out/may.pdf"}}])
    file = Unicode(
        help="A body that is a file of the project, by its path; it is read while it is sent."
    ).tag(config=True)
    auth = traitlets.Any(
        None,
        help="Who asks. type is basic or digest (username, password), bearer (token), header or "
        "query (name, value), or oauth2_client_credentials (token_url, client_id, client_secret, "
        "scope, audience, client_auth: basic or body). `secret: name` stands for the secret one.",
    ).tag(
        config=True,
        schema=forms.AUTH,
        secret=True,
        examples=[{"type": "bearer", "secret": "api_token"}],
    )
    ok = traitlets.Any(
        "2xx, 3xx", help="Statuses that are a success: 2xx, [200, 404], 200-299, or any."
    ).tag(config=True, schema=forms.STATUSES)
    retry_on = traitlets.Any(
        "408, 425, 429, 500, 502, 503, 504",
        help="Statuses that are worth another attempt, if the node has `retries`; any other "
        "that is not ok fails it for good. No answer at all always is.",
    ).tag(config=True, schema=forms.STATUSES)
    timeout = traitlets.Any(
        30.0,
        help="How long to wait for a connection and in each silence of the server: 30s, or "
        "{connect: 5s, read: 30s, total: 5m}. There is no limit on the whole unless total says so.",
    ).tag(config=True, schema=forms.TIMEOUT)
    follow_redirects = traitlets.Any(
        True, help="Go where a redirect leads: true (up to 20 of them), how many, or false."
    ).tag(config=True, schema=forms.REDIRECTS)
    verify = traitlets.Any(
        True,
        help="Check certificates: true, or the path of a file with those to trust. false does not "
        "check, and says so in the log.",
    ).tag(config=True, schema=forms.VERIFY)
    per_host = Int(
        10,
        min=1,
        max=200,
        help="How many requests to one host may be under way at once, of all nodes together.",
    ).tag(config=True)
    rate = traitlets.Any(
        "", help="How often one host is asked at the most, by all nodes together: 10/s, 100/m."
    ).tag(config=True, schema=forms.RATE)
    response = CaselessStrEnum(
        READINGS,
        default_value="auto",
        help="How the body is read; auto goes by its content type and reads CSV as a table. An "
        "empty one is null.",
    ).tag(config=True)
    table = CaselessStrEnum(
        TABLES,
        default_value="auto",
        help="What a table is: a frame of pandas or polars, an Arrow table, or rows (a list of "
        "dicts). auto is pandas, or rows where it is not installed.",
    ).tag(config=True)
    charset = Unicode(help="What the text is written in, whatever the server says: latin-1.").tag(
        config=True
    )
    max_size = traitlets.Any(
        None,
        help="The largest body that is taken, unpacked: 100MB unless you say otherwise. A body "
        "that goes to a file has no limit of its own.",
    ).tag(config=True, schema=forms.SIZE)

    pages = traitlets.Any(
        None,
        help="Go over pages and give their items as one. kind is link (the header of that name), "
        "next (an expression for the next address), cursor (one for what `param` has to be next), "
        "page or offset (`param` counts from `start` until a page is empty, `size` in "
        "`size_param`). items is an expression for the items of a page and more for whether "
        "another follows; they see body, headers, status, page, url and the inputs. max_pages and "
        "max_items end it; without max_pages, more than 100 pages are an error. `into: json` puts "
        "parameters into the body.",
    ).tag(
        config=True,
        schema=forms.PAGES,
        examples=[{"kind": "next", "next": "{{ body.next }}", "items": "{{ body.results }}"}],
    )
    save_to = Unicode(
        help="Write the body to this file of the project and give {path, size, sha256, "
        "content_type}; the file is there whole or not at all, however large it is."
    ).tag(config=True, examples=["data/sales.parquet"])
    artefact = Unicode(
        help="Keep the body as an artefact of the run, by this name, and give the same."
    ).tag(config=True, examples=["report.pdf"])

    def __init__(self, spec: NodeSpec, **traits: Any) -> None:
        """What no two settings may be together is refused here."""
        super().__init__(spec, **traits)
        if "auth" in traits:
            check_auth(self.auth or {}, spec.config.get("auth"))
        taken = [name for name in ("pages", "save_to", "artefact") if getattr(self, name)]
        if len(taken) > 1:
            raise UsageError(
                f"http node {self.name!r} has {' and '.join(taken)}",
                hint="leave out all but one of them",
            )
        check_bodies(self.name, {name: getattr(self, name) for name in BODIES})

    @validate(*PARSERS)
    def _check_setting(self, proposal: dict[str, Any]) -> Any:
        name, value = proposal["trait"].name, proposal["value"]
        try:
            read = PARSERS[name](value)
        except ValueError as refused:
            raise TraitError(f"{name} cannot be {value!r}: {refused}") from None
        return read if name == "method" else value

    @validate("pages")
    def _check_pages(self, proposal: dict[str, Any]) -> Any:
        try:
            parse_pages(proposal["value"])
        except ValueError as refused:
            raise TraitError(f"pages: {refused}") from None
        return proposal["value"]

    @validate("auth")
    def _check_auth(self, proposal: dict[str, Any]) -> Any:
        if proposal["value"] is not None and not isinstance(proposal["value"], Mapping):
            raise TraitError("auth is a mapping, such as {type: bearer, secret: api_token}")
        return proposal["value"]

    @validate("charset")
    def _check_charset(self, proposal: dict[str, Any]) -> str:
        return check_charset(proposal["value"])

    @property
    def terms(self) -> Terms:
        """How requests are made and judged."""
        return Terms(
            node=self.name,
            timeouts=parse_timeouts(self.timeout),
            ok=parse_statuses(self.ok),
            retry_on=parse_statuses(self.retry_on),
            redirects=parse_redirects(self.follow_redirects),
            per_host=self.per_host,
            interval=parse_rate(self.rate),
            max_size=parse_max_size(self.max_size),
        )
