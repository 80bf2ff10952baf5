"""The Jupyter server extension: the store over HTTP, no kernel needed."""
