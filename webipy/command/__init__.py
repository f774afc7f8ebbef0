"""What each command of `webipy` does; the command line itself is in webipy.cli."""
