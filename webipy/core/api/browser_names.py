"""What a `User-Agent` header says in words: `Firefox on Linux`.

Only for people, who look for the browser that they know; nothing is decided by it. Whatever is in none of the tables is shown as it is,
shortened, and without characters that cannot be seen.
"""

from __future__ import annotations

import re

_BROWSERS = (
    ("Edge", re.compile(r"\bEdgA?/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(?:Headless)?(?:Chrome|Chromium|CriOS)/")),
    ("Safari", re.compile(r"\bVersion/[0-9.]+ .*Safari/")),
)
"""The first that fits: those that build on another name it, too."""

_SYSTEMS = (
    ("Android", re.compile(r"Android")),
    ("iPhone", re.compile(r"iPhone")),
    ("iPad", re.compile(r"iPad")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Windows", re.compile(r"Windows")),
    ("macOS", re.compile(r"Mac OS X|Macintosh")),
    ("Linux", re.compile(r"Linux|X11")),
)
UNKNOWN = "Unknown browser"
MOST_SHOWN = 40


def agent_words(agent: str) -> str:
    """The browser and the system that a `User-Agent` header names."""
    browser = next((name for name, pattern in _BROWSERS if pattern.search(agent)), None)
    system = next((name for name, pattern in _SYSTEMS if pattern.search(agent)), None)
    if browser is None:
        seen = "".join(letter for letter in agent if letter.isprintable()).strip()
        return seen[:MOST_SHOWN] or UNKNOWN
    return f"{browser} on {system}" if system is not None else browser
