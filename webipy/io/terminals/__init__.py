"""Terminal hosts on this machine."""
