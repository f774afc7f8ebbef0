"""Every command with hostile names: what others have named is shown in a terminal, and never acted on.

Titles, paths, labels, browsers, errors and documents hold what a terminal would act on (an escape sequence, a C1 control) and what turns text
around. Every command is walked through in a terminal of its own; a new one fails here until it has its line.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pty
import random
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import click
from twisted.trial.unittest import SynchronousTestCase

from tests.kernels.commands import CommandCase, environment
from tests.kernels.test_cli_streams import AT_ONCE
from tests.live import PATIENCE_S
from webipy.cli import main
from webipy.command.streams import ShownText, fitting_json, raw, shown

EVIL = "\x1b]0;owned\x07\x9b31m\x85\u202egnp.exe\u2066\x7f\x00"[:-1]
"""It would set the title of the terminal, color what follows, and turn the ending of a name around."""

NEVER_OF_OUTPUT = (b"\x1b]", b"\x07", *(letter.encode() for letter in "\x9b\x85\x7f"))
"""What a kernel prints may turn its own text around: languages that are written from the right need that."""

NEVER = (*NEVER_OF_OUTPUT, "\u202e".encode(), "\u2066".encode())

LINES: tuple[tuple[str, ...], ...] = (
    ("ls",), ("ls", "--json"), ("call", "session.list"), ("call", "session.get", '{"session": "EVIL"}'), ("specs",), ("specs", "--json"),
    ("open", "EVIL"), ("open", "--json"), ("logins",), ("logins", "--json"), ("logins", "--revoke", "EVIL"),
    ("share", "SESSION", "--list"), ("share", "SESSION", "--list", "--json"), ("share", "EVIL", "--revoke", "EVIL"),
    ("export", "PATH", "--to", "script", "-o", "-"), ("export", "PATH", "--to", "ipynb"), ("export", "EVIL"),
    ("journal", "ls"), ("journal", "ls", "--json"), ("journal", "show", "SESSION"), ("journal", "show", "SESSION", "--json"),
    ("journal", "verify", "EVIL"), ("journal", "repair", "EVIL"), ("journal", "rm", "EVIL"),
    ("exec", "-s", "SESSION", "raise ValueError('EVIL')"), ("exec", "-s", "SESSION", "--json", "raise ValueError('EVIL')"),
    ("exec", "-k", "EVIL", "1"), ("run", "PATH", "-o", "-"), ("run", "EVIL"), ("run", "PATH", "--inspect"),
    ("logs", "SESSION"), ("logs", "EVIL"), ("attach", "EVIL"), ("attach", "EVIL", "--json"),
    ("console", "EVIL"), ("console", "SESSION", "-k", "EVIL"), ("connection", "EVIL"), ("connection", "SESSION"),
    ("terminal", "ls"), ("terminal", "ls", "--json"), ("terminal", "new", "EVIL"), ("terminal", "new", "--folder", "EVIL", "--detached"),
    ("terminal", "attach", "EVIL"), ("terminal", "attach", "--detach-key", "EVIL"), ("terminal", "close", "EVIL"),
    ("interrupt", "EVIL"), ("interrupt", "SESSION"), ("restart", "EVIL"), ("kill", "EVIL"), ("doctor",), ("serve", "--root", "EVIL"),
    ("hand-out", "EVIL", "--to", "bo"), ("hand-out", "PATH", "--to", "EVIL"), ("hand-out", "PATH", "--list"),
    ("share", "SESSION", "--with", "EVIL"), ("share", "EVIL", "--with", "EVIL"), ("share", "EVIL", "--list"),
    ("token", "list"), ("token", "list", "--json"), ("token", "revoke", "EVIL"), ("token", "create", "EVIL"),
    ("token", "revoke", "EVIL", "--everybody"),
    ("token", "create", "one", "--folder", "EVIL"), ("user", "list"), ("user", "list", "--json"), ("user", "remove", "EVIL"),
    ("user", "group", "EVIL", "--add", "EVIL"), ("user", "group", "bo", "--remove", "EVIL"),
    ("user", "add", "EVIL", "--invite"), ("user", "add", "bo", "--name", "EVIL", "--invite"), ("login", "EVIL"), ("logout", "EVIL"),
    ("audit",), ("audit", "--json"), ("audit", "--person", "EVIL"), ("audit", "--since", "EVIL"), ("audit", "verify"),
    ("diff", "FILE", "OTHER"), ("merge", "FILE", "EVIL", "OTHER"), ("close", "EVIL"), ("close", "SESSION"),
)  # fmt: skip
"""`EVIL` stands for the hostile text, the others for what is named so; `close` takes the session away, so it is last."""

WITHOUT_STATE = ("diff", "merge", "serve", "login", "logout")
GROUPS = (("journal",), ("token",), ("user",), ("terminal",), ("audit", "verify"))
"""The state folder is named after their second word."""


class Walk(CommandCase):
    """A server where everything is named so."""

    def test_no_command_lets_a_terminal_act_on_a_name(self) -> None:
        """In a terminal; and every command is tried."""
        self.assertEqual({line[0] for line in LINES}, set(main.commands))
        named, faults = self.named(), []
        lines = [[named.get(word, word.replace("EVIL", EVIL)) for word in line] for line in LINES]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            outcome = [*pool.map(self.in_terminal, lines[:-1]), self.in_terminal(lines[-1])]
        for line, seen in zip(LINES, outcome, strict=True):
            for bad in NEVER if line[0] != "exec" else NEVER_OF_OUTPUT:
                at = seen.find(bad)
                if at >= 0:
                    faults.append((line, bad, seen[max(0, at - 60) : at + 60]))
        self.assertEqual(faults, [])

    def test_data_that_goes_elsewhere_is_as_it_is(self) -> None:
        """A document that is exported into a pipe: byte for byte. JSON is the same value."""
        named = self.named()
        found = self.webipy("export", named["PATH"], "--to", "script", "-o", "-")
        self.assertIn(f"# {EVIL}", found.stdout)
        (session,) = json.loads(self.ok(self.webipy("ls", "--json")))["sessions"]
        self.assertEqual(session["title"], self.sessions()[0]["title"])
        self.assertIn(EVIL, session["title"])

    def named(self) -> dict[str, str]:
        """What the words of the lines stand for."""
        cells: list[dict[str, Any]] = [
            {
                "id": "c1",
                "cell_type": "code",
                "source": f"# {EVIL}\n1",
                "metadata": {"EVIL": EVIL},
                "outputs": [],
                "execution_count": None,
            }
        ]
        names = []
        for number in (1, 2):
            body: dict[str, Any] = {"cells": cells * number, "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
            path = self.folder / f"{EVIL}{number}.ipynb"
            path.write_text(json.dumps(body))
            names.append(path)
        session = self.server.call("session.create", path=names[0].name)["id"]
        url = self.server.call("share.link", session=session, verb="read", label=EVIL)["url"]
        self.post("/login", {"share": url.partition("#share=")[2], "name": "Grace"})
        self.post("/login", {"code": self.server.call("server.launch_code")["code"]})
        return {"SESSION": session, "PATH": str(names[0]), "FILE": str(names[0]), "OTHER": str(names[1])}

    def post(self, path: str, body: dict[str, str]) -> None:
        """As a page does whose browser has a hostile name."""
        agent = EVIL.replace("\x00", "").encode("latin-1", "replace").decode("latin-1").replace("\x1b", "")
        headers = {"Content-Type": "application/json", "User-Agent": agent}
        request = urllib.request.Request(f"{self.server.origin}{path}", json.dumps(body).encode(), headers)
        urllib.request.urlopen(request, timeout=PATIENCE_S).close()

    def in_terminal(self, words: list[str]) -> bytes:
        """All that a command writes to a terminal."""
        line = self.arguments(words[0], *words[1:])
        if words[0] in WITHOUT_STATE:
            del line[line.index("--state") : line.index("--state") + 2]
        elif (words[0],) in GROUPS or tuple(words[:2]) in GROUPS:
            at = line.index("--state")
            line = [*line[:at], words[1], *line[at : at + 2], *words[2:]]
        ours, its = pty.openpty()
        with subprocess.Popen(line, stdin=its, stdout=its, stderr=its, env=environment(), cwd=self.folder) as process:
            os.close(its)
            outcome = b""
            with contextlib.suppress(OSError):  # the other end is closed
                while piece := os.read(ours, 65536):
                    outcome += piece
            process.wait(PATIENCE_S)
        os.close(ours)
        return outcome


class ShownTests(SynchronousTestCase):
    """`shown` and `fitting_json`, by themselves."""

    def test_random_texts(self) -> None:
        """No letter that acts is left, all others are as they were; JSON is the same value."""
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        letters = [*map(chr, range(256)), *"\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069äλ漢🚀\\"]
        for _ in range(2000):
            text = "".join(chance.choices(letters, k=chance.randrange(30)))
            clean = shown(text)
            self.assertFalse({*clean} & {*NEVER_SHOWN}, (seed, text))
            self.assertEqual(
                [one for one in text if one.isalpha()],
                [one for one in keep(text, clean) if one.isalpha()],
                (seed, text),
            )
            self.assertEqual(shown(clean), clean, (seed, text))
            encoded = fitting_json(json.dumps(text, ensure_ascii=False), io.TextIOWrapper(io.BytesIO(), "utf-8"))
            self.assertEqual(json.loads(encoded), text, (seed, text))
            self.assertFalse({*encoded} & {*NEVER_SHOWN}, (seed, text))

    def test_lines_and_tabs_stay(self) -> None:
        """And what ends a line as Windows does."""
        self.assertEqual(shown("a\tb\r\nc\n"), "a\tb\r\nc\n")
        self.assertEqual(shown("a\rb\x1b[2J\x9b"), r"a\x0db\x1b[2J\x9b")

    def test_who_paints_a_screen_writes_as_it_is(self) -> None:
        """To the same stream, in order."""
        body = io.BytesIO()
        stream = ShownText(io.BufferedWriter(cast(Any, body)), "utf-8")
        stream.write("\x1b[1m\n")
        raw(stream).write("\x1b[1m\n")
        stream.write("\u202e\n")
        stream.flush()
        self.assertEqual(body.getvalue(), b"\\x1b[1m\n\x1b[1m\n\\u202e\n")

    def test_nothing_writes_past_a_small_character_set(self) -> None:
        """click does where it finds the bytes of an ASCII stream."""
        body = io.BytesIO()
        stream = ShownText(io.BufferedWriter(cast(Any, body)), "ascii")
        self.patch(sys, "stdout", stream)
        click.echo("\x1b]0;x\x07\x9b é")
        stream.flush()
        self.assertEqual(body.getvalue(), rb"\x1b]0;x\x07\x9b \xe9" + b"\n")


NEVER_SHOWN = (
    "".join(map(chr, (*range(9), 11, 12, *range(14, 32), *range(127, 160))))
    + "\u061c\u200e\u200f\u2028\u2029\u202a\u202e\u2066\u2069"
)


def keep(text: str, clean: str) -> str:
    """The letters of `clean` that are in `text` in that order: without those of the escapes."""
    kept, at = [], 0
    for letter in text:
        found = clean.find(letter, at)
        if found >= 0 and letter not in NEVER_SHOWN:
            kept.append(letter)
            at = found + 1
    return "".join(kept)
