"""HTTP requests.

`node` has the settings of the kind and says what a run of it does. Below it: `exchange` makes one
request (its redirects, its credentials, its limits) and says what went wrong, `answer` reads what
came without trusting its size, `pages` goes over many, `download` writes to files. `settings` reads
what a user writes and knows nothing of requests; `hosts` and `clients` hold what all nodes of a
process share.

Everything that is told (errors, log lines) names addresses by `public_url`, and texts of a server
only with the credentials taken out: a server likes to repeat what it was sent.
"""

from flowbook.nodes.http.addresses import public_url
from flowbook.nodes.http.node import HttpNode

__all__ = ["HttpNode", "public_url"]
