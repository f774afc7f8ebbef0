"""What programs print and how they fail: colours, progress bars, tables of a terminal, logs, tracebacks."""

from __future__ import annotations

from typing import Any

from tests.browser.gallery import Cell, code, printed, shown, text


def failed(name: str, value: str, *lines: str) -> dict[str, Any]:
    """An error as IPython writes it."""
    return {"output_type": "error", "ename": name, "evalue": value, "traceback": list(lines)}


def place(function: str, number: int, source: str) -> str:
    """One call of a traceback, in the colours of IPython.

    Args:
        function: where it is.
        number: of its line.
        source: of its line.
    """
    return (
        f"\x1b[36mFile \x1b[39m\x1b[32m~/work/lib.py:{number}\x1b[39m, in \x1b[36m{function}\x1b[39m\x1b[34m(n)\x1b[39m\n"
        f"\x1b[32m{number - 1:7}\x1b[39m # before\n\x1b[32m----> {number}\x1b[39m \x1b[43m{source}\x1b[49m\n\x1b[32m{number + 1:7}\x1b[39m # after"
    )


def head(name: str) -> str:
    """The line over a traceback."""
    return "\x1b[31m" + "-" * 75 + f"\x1b[39m\n\x1b[31m{name}\x1b[39m" + " " * 30 + "Traceback (most recent call last)"


COLOURS = "".join(f"\x1b[{n}m{n}\x1b[0m " for n in (*range(30, 38), *range(90, 98))) + "\n"
GROUNDS = "".join(f"\x1b[{n}m {n} \x1b[0m " for n in (*range(40, 48), *range(100, 108))) + "\n"
MANY = "".join(f"\x1b[38;5;{n}m{n:4}\x1b[0m" + ("\n" if n % 36 == 15 else "") for n in range(16, 256)) + "\n"
MANY_GROUNDS = "".join(f"\x1b[48;5;{n}m{n:4}\x1b[0m" + ("\n" if n % 36 == 15 else "") for n in range(0, 256, 3)) + "\n"
WAYS = (
    "\x1b[1mbold\x1b[0m \x1b[2mdim\x1b[0m \x1b[3mitalic\x1b[0m \x1b[4munderlined\x1b[0m \x1b[7minverse\x1b[0m \x1b[9mstruck\x1b[0m \x1b[8mhidden\x1b[0m"
    " \x1b[30;47mblack on white\x1b[0m \x1b[37;40mwhite on black\x1b[0m \x1b[38;2;0;0;90mdark blue\x1b[0m \x1b[38;2;255;255;200mpale\x1b[0m \x1b[31;42mred on green\x1b[0m"
    " \x1b[7;33minverse yellow\x1b[0m \x1b[?25lleft alone\n"
)
BARS = (
    "\r  0%|          | 0/5 [00:00<?, ?it/s]\r 40%|████      | 2/5 [00:00<00:00, 19.8it/s]\r100%|██████████| 5/5 [00:00<00:00, 20.1it/s]\n"
    "outer:   0%|          | 0/2 [00:00<?, ?it/s]"
    "\ninner:   0%|          | 0/3 [00:00<?, ?it/s]\x1b[A\ninner:  67%|██████▋   | 2/3 [00:00<00:00]       \x1b[A"
    "\n                                                  \x1b[A\router: 100%|██████████| 2/2 [00:00<00:00,  9.9it/s]\n"
)
BOX = (
    "┏━━━━━━━━┳━━━━━━━┓\n┃\x1b[1m Name   \x1b[0m┃\x1b[1m Value \x1b[0m┃\n┡━━━━━━━━╇━━━━━━━┩\n│\x1b[36m first  \x1b[0m│\x1b[35m     1 \x1b[0m│\n"
    "│\x1b[36m second \x1b[0m│\x1b[35m    22 \x1b[0m│\n└────────┴───────┘\n"
)
RICH = (
    "<pre style=\"white-space:pre;overflow-x:auto;line-height:normal;font-family:Menlo,'DejaVu Sans Mono',consolas,'Courier New',monospace\">"
    '<span style="font-style: italic">     A table      </span>\n┏━━━━━━━━┳━━━━━━━┓\n┃<span style="font-weight: bold"> Name   </span>┃<span style="font-weight: bold"> Value </span>┃\n'
    '┡━━━━━━━━╇━━━━━━━┩\n│<span style="color: #008080; text-decoration-color: #008080"> first  </span>│<span style="color: #800080; text-decoration-color: #800080">     1 </span>│\n'
    '│<span style="color: #000080; text-decoration-color: #000080"> navy   </span>│<span style="color: #808000; text-decoration-color: #808000">    22 </span>│\n└────────┴───────┘\n'
    '<span style="color: #7f7f7f; text-decoration-color: #7f7f7f">dim</span> <span style="color: #c0c0c0; text-decoration-color: #c0c0c0">white</span> '
    '<span style="color: #000000; background-color: #c0c0c0">black on white</span> <span style="color: #ffffff; background-color: #000080">white on blue</span></pre>\n'
)
LOG = "".join(
    f"2026-11-29 12:{n // 60:02}:{n % 60:02} {'WARNING' if n % 7 == 0 else 'INFO'} worker: step {n} is done\n"
    for n in range(150)
)
DEEP = "Cell In[1], line 1\n\x1b[32m----> 1\x1b[39m outer(0)\n"
LONG = [
    head("ZeroDivisionError"),
    DEEP,
    *(place(f"step_{n}", 10 + n, f"step_{n + 1}(n)") for n in range(20)),
    "\x1b[31mZeroDivisionError\x1b[39m: division by zero",
]
CHAINED = [
    head("KeyError"), place("look_up", 12, "return self.rows[key]"), "\x1b[31mKeyError\x1b[39m: 'amount'",
    "\nThe above exception was the direct cause of the following exception:\n",
    head("ValueError"), place("total", 30, "raise ValueError(text) from error"), "\x1b[31mValueError\x1b[39m: The column 'amount' is not in the file.",
    "\nDuring handling of the above exception, another exception occurred:\n",
    head("RuntimeError"), "Cell In[2], line 4\n\x1b[32m----> 4\x1b[39m close()\n", "\x1b[31mRuntimeError\x1b[39m: It was closed already.",
]  # fmt: skip
RECURSION = [
    head("RecursionError"), "Cell In[3], line 3\n\x1b[32m----> 3\x1b[39m f(0)\n", place("f", 2, "return f(n + 1)"), place("f", 2, "return f(n + 1)"),
    "    \x1b[31m[... skipping similar frames: f at line 2 (2974 times)]\x1b[39m", place("f", 2, "return f(n + 1)"),
    "\x1b[31mRecursionError\x1b[39m: maximum recursion depth exceeded",
]  # fmt: skip

PRINTS: list[Cell] = [
    text("# Printed"),
    code("print(colours)", printed(COLOURS + GROUNDS + WAYS)),
    code("print(many)", printed(MANY + MANY_GROUNDS)),
    code("print(colours, file=sys.stderr)", printed(COLOURS + GROUNDS + WAYS, "stderr")),
    code("for n in tqdm(range(5)): step(n)", printed(BARS, "stderr")),
    code("console.print(table)", printed(BOX), shown(text__html=RICH, text__plain="")),
    code(
        "print('a long line ' * 40)",
        printed("a long line " * 40 + "\n\ttab\tstops\n全角文字 and é e\u0301 👩‍🚀 \x07bell\n"),
    ),
    code("work()", printed(LOG)),
    code(
        "warnings.warn('careful')",
        printed("<ipython-input>:1: UserWarning: careful\n  warnings.warn('careful')\n", "stderr"),
        printed("and on\n"),
    ),
]

FAILURES: list[Cell] = [
    text("# Failures"),
    code("outer(0)", failed("ZeroDivisionError", "division by zero", *LONG)),
    code("total(rows)", printed("before\n"), failed("RuntimeError", "It was closed already.", *CHAINED), printed("after, by a thread\n")),
    code("f(0)", failed("RecursionError", "maximum recursion depth exceeded", *RECURSION)),
    code("f(", failed("SyntaxError", "incomplete input (1234.py, line 1)", "  \x1b[36mCell\x1b[39m\x1b[36m \x1b[39m\x1b[32mIn[4]\x1b[39m\x1b[32m, line 1\x1b[39m\n\x1b[31m    \x1b[39m\x1b[31mf(\x1b[39m\n      ^\n\x1b[31mSyntaxError\x1b[39m\x1b[31m:\x1b[39m incomplete input\n")),
    code("sys.exit(3)", failed("SystemExit", "3", "An exception has occurred, use %tb to see the full traceback.\n", "\x1b[31mSystemExit\x1b[39m\x1b[31m:\x1b[39m 3\n")),
    code("stop(\"no\")", failed("ERROR", "no")),
    code("raise", failed("", "")),
    code("raise Long(text)", failed("Long", "a text without an end " * 60, "Long: " + "a text without an end " * 60)),
]  # fmt: skip
