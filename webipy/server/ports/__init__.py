"""What the server needs of the outside world: clock, files, journals, kernels."""
