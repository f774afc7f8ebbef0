"""A page as a PDF: a Chromium without a window prints it.

It is steered over a pair of pipes by the DevTools protocol, messages of JSON that end with a NUL. The page is written into an empty document, not
opened from a file: so it has an origin of its own, from which Chromium lets nothing reach a file of this machine.

Nor does it reach a network, by three walls, each of which holds alone: the process has none (webipy.converter.seclusion, where the system allows it);
every name is unknown to Chromium, every address is asked of a proxy that is not there, and what knows no proxy (WebRTC) is not sent; the policy of
the page, which its frames inherit, lets nothing be fetched or connected to.

Of whoever runs the server the scripts of a document run: they draw its plots. They have as long as the conversion has, their dialogs are dismissed.
For a guest none of them runs: only our own, which set formulas and draw charts from their descriptions, and are known by a nonce.

Nothing is waited for by time: the page is printed when it is loaded, its charts, fonts and images are there and two frames were drawn.

Source: Chrome DevTools Protocol: Target, Page.printToPDF, IO.read; `--remote-debugging-pipe` reads from descriptor 3 and writes to 4.
Rejected: `--print-to-pdf=FILE` (opens the page from a file, so that it may show others; reports nothing of what went wrong); xelatex by pandoc (a
gigabyte of TeX, and no HTML output in it).
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from webipy.converter.problems import Refused

BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "brave-browser",
)
"""Names that a Chromium goes by."""

OPTIONS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--proxy-server=http://127.0.0.1:1",
    "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # what older ones call it
    "--dns-prefetch-disable",
    "--disable-domain-reliability",
    "--no-pings",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-breakpad",
    "--disable-crash-reporter",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--mute-audio",
)

POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline' data: blob:; img-src data: blob:; font-src data: blob:; "
    "media-src data: blob:; connect-src data: blob:; worker-src data: blob:; frame-src data: blob:; base-uri 'none'; form-action 'none'; "
    "webrtc 'block'"
)
"""What the page may do. `webrtc` is of a draft that few know; the options of Chromium stand for it."""

ANY_SCRIPTS = "'unsafe-inline' 'unsafe-eval' data: blob:"
OUR_SCRIPTS = "'nonce-{nonce}' 'unsafe-eval'"  # what draws charts makes functions of their formulas

_DOCTYPE = re.compile(r"\s*<!doctype[^<>]*>", re.IGNORECASE)

WRITE = "function(text) { document.open(); document.write(text); document.close(); }"
READY = """(async () => {
  if (document.readyState !== "complete") await new Promise(resolve => addEventListener("load", resolve, {once: true}));
  await Promise.all([window.webipyDrawn, window.webipyFormulas, window.webipyPaper]);
  await Promise.all([document.fonts.ready, ...[...document.images].map(image => image.decode().catch(() => null))]);
  for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
})()"""

PART_BYTES = 1 << 20
LEAVE_SECONDS = 10


def find_browser() -> str:
    """The path of a Chromium.

    Raises:
        Refused: There is none.
    """
    for name in BROWSERS:
        found = shutil.which(name)
        if found is not None:
            return found
    words = (
        "A PDF is printed by Chromium, and the server has none on its PATH. Install one there (Debian: apt install chromium), or export html "
        "and print that in your browser."
    )
    raise Refused("missing", words, "chromium")


def sealed(html: str, nonce: str, has_scripts: bool) -> str:
    """A page with a policy before anything else in it.

    Args:
        html: The page.
        nonce: What our own scripts are marked with.
        has_scripts: Whether others run, too.
    """
    policy = POLICY.format(scripts=ANY_SCRIPTS if has_scripts else OUR_SCRIPTS.format(nonce=nonce))
    begun = _DOCTYPE.match(html)
    at = begun.end() if begun is not None else 0
    return f'{html[:at]}<meta http-equiv="Content-Security-Policy" content="{policy}">{html[at:]}'


def print_pdf(browser: str, html: str, output: Path, folder: Path) -> None:
    """Prints a page to a file.

    Args:
        browser: The path of a Chromium.
        html: The page.
        output: The file.
        folder: Where the browser may keep what it needs.

    Raises:
        Refused: It cannot be done; the message quotes the line of the browser's log that has the reason.
    """
    options = [*OPTIONS, f"--user-data-dir={folder / 'browser'}"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to run as root with it
    asked, answers = os.pipe(), os.pipe()
    # The shell gives the pipes the numbers that Chromium expects; it is handed them as 0 and 1, for it may know no number above 9.
    start = 'exec "$0" "$@" 3<&0 4>&1 0</dev/null 1>&2'
    with open(folder / "browser.log", "w+b") as log:
        child = subprocess.Popen(
            ["/bin/sh", "-c", start, browser, *options],
            stdin=asked[0],
            stdout=answers[1],
            stderr=log,
            cwd=folder,
            env={**os.environ, "TMPDIR": "/proc/self/cwd"},  # it makes a socket there: a path of at most 107 bytes
        )
        os.close(asked[0])
        os.close(answers[1])
        line = Line(asked[1], answers[0])
        try:
            with open(output, "wb") as file:
                for part in _printed(line, html):
                    file.write(part)
            line.send("Browser.close", {})
            child.wait(LEAVE_SECONDS)
        except (BrokenPipeError, EOFError):
            log.seek(0)
            raise Refused("failed", f"Chromium ended without printing ({_reason(log.read())})") from None
        except subprocess.TimeoutExpired:
            pass  # it has printed; the server ends the whole group
        finally:
            child.kill()
            child.wait()


def _reason(log: bytes) -> str:
    """The line of a browser's log that has the reason of its end: the fatal one, else the last."""
    lines = [line.strip() for line in log.decode("utf-8", "replace").splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line]
    return [*fatal[:1], *reversed(lines), "it said nothing"][0][:300]


def _printed(line: Line, html: str) -> Iterator[bytes]:
    """The PDF of a page, in parts."""
    target = line.ask("Target.createTarget", {"url": "about:blank"})["targetId"]
    line.session = line.ask("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
    line.ask("Page.enable", {})
    document = line.ask("Runtime.evaluate", {"expression": "document"})["result"]["objectId"]
    line.ask(
        "Runtime.callFunctionOn",
        {"functionDeclaration": WRITE, "objectId": document, "arguments": [{"value": html}]},
    )
    line.ask("Runtime.evaluate", {"expression": READY, "awaitPromise": True})
    options = {"printBackground": True, "preferCSSPageSize": True, "transferMode": "ReturnAsStream"}
    stream = line.ask("Page.printToPDF", {**options, "generateTaggedPDF": True, "generateDocumentOutline": True})[
        "stream"
    ]
    while True:
        part = line.ask("IO.read", {"handle": stream, "size": PART_BYTES})
        yield base64.b64decode(part["data"]) if part.get("base64Encoded") else part["data"].encode()
        if part["eof"]:
            return


class Line:
    """The two pipes to a browser.

    Args:
        to: Descriptor to write to.
        back: Descriptor to read from.
    """

    def __init__(self, to: int, back: int) -> None:
        self._to = os.fdopen(to, "wb")
        self._back = os.fdopen(back, "rb")
        self._last = 0
        self._rest = b""
        self.session: str | None = None

    def send(self, method: str, params: dict[str, Any]) -> int:
        """Sends a call; returns its number.

        Args:
            method: Method of the DevTools protocol.
            params: Its parameters.
        """
        self._last += 1
        call: dict[str, Any] = {"id": self._last, "method": method, "params": params}
        if self.session is not None and not method.startswith("Browser."):
            call["sessionId"] = self.session
        self._to.write(json.dumps(call).encode() + b"\0")
        self._to.flush()
        return self._last

    def ask(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """Makes a call and waits for its answer; dialogs that open meanwhile are dismissed.

        Args:
            method: Method of the DevTools protocol.
            params: Its parameters.

        Returns:
            The result of the call.

        Raises:
            Refused: The browser refuses.
            EOFError: The browser has ended.
        """
        number = self.send(method, params)
        while True:
            message = self._next()
            if message.get("method") == "Page.javascriptDialogOpening":
                self.send("Page.handleJavaScriptDialog", {"accept": False})
            elif message.get("method") in ("Inspector.targetCrashed", "Target.targetCrashed"):
                raise Refused("failed", "the page needs more memory than there is")
            elif message.get("id") == number:
                if "error" in message:
                    raise Refused("failed", f"Chromium says: {message['error'].get('message', '')}")
                result: dict[str, Any] = message["result"]
                return result

    def _next(self) -> dict[str, Any]:
        parts = [self._rest]
        while b"\0" not in parts[-1]:
            read = os.read(self._back.fileno(), PART_BYTES)
            if not read:
                raise EOFError
            parts.append(read)
        message, _, self._rest = b"".join(parts).partition(b"\0")
        decoded: dict[str, Any] = json.loads(message)
        return decoded
