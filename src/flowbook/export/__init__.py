"""What leaves the kernel: papermill notebooks, executed reports."""
