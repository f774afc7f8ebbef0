"""Kernel hosts as processes: started, found again, connected, looked at."""
