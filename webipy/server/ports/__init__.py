"""The ports: what the behaviour of the server needs of the outside world, and nothing of how it is done.

Each port is a `Protocol` of a few methods. webipy.io holds the real ones, tests/fakes.py and tests/fake_files.py those for faults and time, and the
same contract tests run on both.
"""
