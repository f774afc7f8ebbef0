"""Measurements: speed and memory as ratios against a direct ZeroMQ client in the same run, on the same kernel file.

These machines are shared and noisy, so nothing here is a test: each `bench_*.py` prints a table of what was measured beside the figure to reach.
Run all with `make bench`, one with `python -m tests.bench.bench_path`.
"""
