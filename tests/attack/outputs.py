"""Attacks of outputs: a stranger's notebook is opened in a browser, and nobody clicks.

The attacks themselves are those of tests/browser/seals.py; tests/browser/test_sealed.py tries them too, and without what only Chromium has.
"""

from __future__ import annotations

from playwright.sync_api import sync_playwright

from tests.attack import Attack, Held
from tests.attack.ground import Ground
from tests.browser import seals
from tests.browser.stage import enter


def on_opening(ground: Ground) -> Held:
    """Peer connections, requests, navigations, names, files and dialogs, also of frames in the frame, each with ears of its own."""

    def open_notebook(content: str) -> str:
        path = ground.server.root / f"attack-{len(list(ground.server.root.iterdir()))}.ipynb"
        path.write_text(content)
        return str(ground.call(ground.owner, "session.create", path=path.name)["id"])

    with sync_playwright() as driver, seals.noting_browser(driver) as (browser, log), seals.ears() as heard:
        sealing = seals.Sealing(
            browser,
            log,
            ground.origin,
            lambda one: enter(one, ground.origin, ground.server.token).close(),
            open_notebook,
        )
        for batch in seals.batches():
            sealing.attack(heard, batch)
        lines = sealing.judge(heard, list(seals.ATTACKS)).lines()
    tried = f"{len(seals.ATTACKS)} outputs that want out"
    return Held(
        not lines, f"{tried}: {'; '.join(lines)}" if lines else f"{tried}: nothing heard, looked up, saved or asked"
    )


def attacks() -> list[Attack]:
    """The attacks of this module."""
    return [
        Attack(
            "outputs-on-opening", "a stranger's notebook tells what it sees when it is opened", on_opening, limit_s=180
        )
    ]
