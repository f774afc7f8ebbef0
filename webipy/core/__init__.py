"""Floor 0, sans-io: values in, values out. No reactor, no sockets, no clock, no files."""
