"""Where steps run: on the loop, in threads, in processes, on a cluster; and how they are heard."""
