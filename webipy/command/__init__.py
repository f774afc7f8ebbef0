"""What the `webipy` command does: connecting, naming sessions, running and watching, what a terminal shows, and the doctor."""
