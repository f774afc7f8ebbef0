"""The HTTP and WebSocket surface of a Jupyter Server, as a translation into the method table."""
