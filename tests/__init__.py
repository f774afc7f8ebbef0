"""The tests: one module for each of webipy's, real parts in `kernels` and `browser`."""
