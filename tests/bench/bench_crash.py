"""`kill -9` of the server while three kernels print: what is lost (nothing), what is there twice (nothing), how long until all is live again.

`python -m tests.bench.bench_crash 100` for more rounds.
"""

from __future__ import annotations

import random
import statistics
import sys
import time

from tests.bench.stack import table
from tests.faults import Subscriber, counted, counting
from tests.live import Server, is_a

ROUNDS = 20
KERNELS = 3
LINES = 1500


def one_round(server: Server, followers: dict[str, Subscriber], name: str, pause_s: float) -> tuple[float, float]:
    """Kills and starts a server in the middle of prints; gives the seconds until it answers, and until every follower has something new."""
    for session in followers:
        server.call("execution.start", session=session, code=counting(LINES, 0.0005), id=name)
    time.sleep(pause_s)
    server.kill()
    seqs = {session: follower.seq for session, follower in followers.items()}
    began = time.monotonic()
    answered = server.start()
    for session, follower in followers.items():
        follower.until_seq(seqs[session] + 1)
    live = time.monotonic() - began
    for follower in followers.values():
        follower.until(is_a("execution_finished", name))
    return answered, live


def main() -> None:
    """Measures and prints."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    chance, server = random.Random(1), Server()
    lost = twice = 0
    answered, live = [], []
    try:
        server.start()
        followers = {session: Subscriber(server, session) for session in (server.session() for _ in range(KERNELS))}
        for number in range(rounds):
            name = f"r{number}"
            up, back = one_round(server, followers, name, chance.uniform(0.05, 0.6))
            answered.append(up)
            live.append(back)
            for follower in followers.values():
                lines = follower.printed(name).splitlines()
                lost += LINES - len(set(lines))
                twice += len(lines) - len(set(lines))
                assert twice or lost or follower.printed(name) == counted(LINES), "the order is another one"
        for follower in followers.values():
            follower.close()
    finally:
        server.close()
    rows = [
        (f"{rounds} kills, {KERNELS} kernels: lines lost / twice", f"{lost} / {twice}", "0 / 0"),
        ("start to first answer, median / longest s", f"{statistics.median(answered):.2f} / {max(answered):.2f}", ""),
        (
            "start to new output at every client, median / longest s",
            f"{statistics.median(live):.2f} / {max(live):.2f}",
            "< 2",
        ),
    ]
    table("kill -9 of the server", rows)


if __name__ == "__main__":
    main()
