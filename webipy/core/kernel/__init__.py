"""What goes between server, host and kernel: messages, executions, large outputs, the comms of widgets."""
