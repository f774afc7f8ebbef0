"""Fuzzes for some minutes: `python -m tests.fuzz [--minutes M] [--seed N] [--keep] [PART ...]`.

The parts are calls, sockets, kernels, notebooks and jupyter; the corpus comes first. Each part gets its share of the time, half of it on a
server in memory and half on a real one. What is found is printed once for
each kind, with `--keep` also written into the corpus; the exit status is 0 only when nothing was.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import attrs

from tests.fuzz import CORPUS, Found, calls, jupyter, kernels, notebooks, sockets
from tests.fuzz.targets import MemoryTarget, ServerTarget

PEOPLE = ("stranger", "viewer", "editor", "runner", "owner")


@attrs.define
class Tally:
    """What was tried and found.

    Args:
        keeps: Whether what is found goes into the corpus.
    """

    keeps: bool
    tried: Counter[str] = attrs.field(factory=Counter)
    found: Counter[str] = attrs.field(factory=Counter)

    def attempt(self, part: str, body: bytes | None, who: str, call: Callable[[], object]) -> None:
        """Carries one try out, and prints what it found if that is new; `body` goes into the corpus."""
        self.tried[part] += 1
        try:
            call()
        except Found as found:
            self.tell(part, str(found))
            if self.keeps and body is not None:
                name = hashlib.sha256(body).hexdigest()[:12]
                if part == "notebooks":
                    (CORPUS / "notebooks" / f"{name}.ipynb").write_bytes(body)
                else:
                    calls.keep(who, body, name)

    def tell(self, part: str, found: str) -> None:
        """Prints something that was found, once for each kind."""
        kind = f"{part}: {re.sub('[0-9]+', 'N', found.splitlines()[0])[:120]}"
        self.found[kind] += 1
        if self.found[kind] == 1:
            print(f"\nFOUND {part}: {found[:6000]}\n", flush=True)


def until(seconds: float) -> Iterator[int]:
    """0, 1, 2, ... for so long; at least one."""
    end, number = time.monotonic() + seconds, 0
    while number == 0 or time.monotonic() < end:
        yield number
        number += 1


def fuzz_calls(target: MemoryTarget | ServerTarget, tally: Tally, dice: random.Random, seconds: float) -> None:
    """The corpus, then the table with strides that are new each time, and random calls in between."""
    for who, body in calls.corpus():
        body = body.replace(b"SHARED", target.shared().encode())
        tally.attempt("calls", None, who, lambda who=who, body=body: calls.judge_body(who, body, target.ask(who, body)))  # type: ignore[misc]
    rows = {who: calls.table(who, target, dice, dice.choice((7, 11, 13, 97))) for who in PEOPLE}
    for _ in until(seconds):
        who = dice.choice(PEOPLE)
        said = next(rows[who], None) if dice.random() < 0.5 else None
        if said is None:
            said = calls.random_call(who, target, dice)
        if dice.random() < 0.1:
            body = calls.random_body(said, target, dice)
            tally.attempt("calls", body, who, lambda: calls.judge_body(who, body, target.ask(who, body)))  # noqa: B023 - called at once
        else:
            tally.attempt("calls", said.body, who, lambda: calls.judge(said, target, target.ask(who, said.body)))  # noqa: B023


def fuzz_kernels(target: MemoryTarget, tally: Tally, dice: random.Random, seconds: float) -> None:
    """Messages of a kernel, and frames."""
    real = kernels.real_frames()
    rows = kernels.said_by_kernel(dice, dice.choice((3, 5, 7)))
    target.rig.me.call("execution.start", session=target.shared(), code="1", id="fuzzed")
    for number in until(seconds):
        said = next(rows, None) or kernels.random_message(dice)
        tally.attempt("kernels", None, "", lambda: kernels.say(target, *said, dice))  # noqa: B023
        frames = kernels.broken_frames(dice.choice(real), dice)
        frames = kernels.signed(kernels.KEY, frames) if dice.random() < 0.7 else frames
        tally.attempt("frames", None, "", lambda: kernels.try_codec(frames))  # noqa: B023
        if number % 200 == 0:
            tally.attempt("kernels", None, "", lambda: kernels.look(target))


def fuzz_notebooks(target: MemoryTarget | ServerTarget, tally: Tally, dice: random.Random, seconds: float) -> None:
    """Mutants of all the notebooks there are."""
    seeds = notebooks.seeds(with_real=True)
    for number in until(seconds):
        body = seeds[number] if number < len(seeds) and seconds > 10 else notebooks.mutant(dice.choice(seeds), dice)
        tally.attempt("notebooks", body, "", lambda: notebooks.try_notebook(target, body, number))  # noqa: B023


def fuzz_real(target: ServerTarget, part: str, tally: Tally, dice: random.Random, seconds: float) -> None:
    """One part on a real server."""
    if part == "calls":
        fuzz_calls(target, tally, dice, seconds)
    elif part == "notebooks":
        fuzz_notebooks(target, tally, dice, seconds)
    elif part == "kernels":
        for _ in until(min(seconds, 20)):
            tally.attempt("link", None, "", lambda: kernels.real_link(target, dice, 50))
    elif part == "jupyter":
        jupyter.fuzz(target, lambda name, call: tally.attempt(name, None, "", call), dice, until(seconds))
    else:
        for number in until(seconds):
            tally.attempt("sockets", None, "", lambda: sockets.one_life(target, dice))
            if number % 20 == 0:
                tally.attempt("sockets", None, "", target.look)


def fuzz(part: str, tally: Tally, seed: int, seconds: float) -> None:
    """One part: in memory where that can be, and on a real server."""
    dice = random.Random(f"{seed} {part}")
    in_memory = {"calls": fuzz_calls, "kernels": fuzz_kernels, "notebooks": fuzz_notebooks}.get(part)
    if in_memory is not None:
        memory = MemoryTarget(seed)
        in_memory(memory, tally, dice, seconds / 2)
        for wrong in memory.close():
            tally.tell(part, wrong)
    server = ServerTarget()
    try:
        fuzz_real(server, part, tally, dice, seconds / 2 if in_memory is not None else seconds)
    finally:
        for wrong in server.close():
            tally.tell(part, wrong)


PARTS = ("calls", "sockets", "kernels", "notebooks", "jupyter")


def main(words: Sequence[str] | None = None) -> int:
    """Fuzzes as the command line says; 0 when nothing was found."""
    parser = argparse.ArgumentParser(prog="make fuzz", description="Send what nobody would send, and see what holds.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"only these: {', '.join(PARTS)}")
    parser.add_argument("--minutes", type=float, default=4.0, help="how long, all parts together (4)")
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**6), help="for the same run again"
    )
    parser.add_argument("--keep", action="store_true", help="write what is found into tests/fuzz/corpus")
    options = parser.parse_args(words)
    chosen = options.parts or list(PARTS)
    if not set(chosen) <= set(PARTS):
        parser.error(f"the parts are {', '.join(PARTS)}")
    print(f"seed {options.seed}, {options.minutes:g} minutes", flush=True)
    tally = Tally(options.keep)
    for part in chosen:
        fuzz(part, tally, options.seed, options.minutes * 60 / len(chosen))
        tried = ", ".join(f"{number} {name}" for name, number in sorted(tally.tried.items()))
        print(f"{part} done; so far {tried}", flush=True)
    for kind, number in tally.found.most_common():
        print(f"{number:6} x {kind}")
    print(f"\n{len(tally.found)} kinds found (seed {options.seed})", flush=True)
    return 1 if tally.found else 0


if __name__ == "__main__":
    sys.exit(main())
