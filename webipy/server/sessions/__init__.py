"""Sessions, their kernels, and the feeds of their events."""
