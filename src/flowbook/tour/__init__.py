"""The tour project: a real flow over real data that ships with the package.

`serve()` starts the weather service that the tour asks; `write(directory)` puts the project on
disk. Both work without a network.
"""

from flowbook.tour.project import write
from flowbook.tour.server import serve

__all__ = ["serve", "write"]
