"""The parts of the kernel host that touch the world: process, sockets, files. `webipy.kernelhost` runs them."""
