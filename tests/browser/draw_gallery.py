"""Draws the gallery, to be looked at: each page as it is light, dark, on a phone and on paper, in colour and in full size.

    python -m tests.browser.draw_gallery [--into FOLDER] [--keep] [PAGE ...]

`--keep` writes the small pictures, too, that tests/browser/test_gallery.py compares: after somebody has looked at the large ones.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import unittest
from pathlib import Path

from tests.browser import gallery_pages, pictures
from tests.browser.brought import BroughtCase
from tests.live import until


class Drawing(BroughtCase):
    """Draws one page in all forms; what goes wrong on the page fails it, as in a test."""

    into: Path
    keeps: bool
    name: str

    def runTest(self) -> None:
        """Waits until two pictures of a form are the same, and writes it."""
        page = self.bring_page(gallery_pages.PAGES[self.name])
        for form in self.forms(page):
            drawn: list[tuple[bytes, list[float]]] = []

            def still(form: str = form, drawn: list[tuple[bytes, list[float]]] = drawn) -> bool:
                drawn.append(self.whole(page, form))
                return len(drawn) > 2 and drawn[-2] == drawn[-1]

            until(still, f"{self.name}, {form}: a picture that stays as it is")
            picture, tops = drawn[-1]
            file = self.into / f"{self.name}-{form}.png"
            file.write_bytes(picture)
            sys.stdout.write(f"{file}\n")
            sys.stdout.flush()
            if self.keeps:
                pictures.keep(pictures.small(picture), f"gallery/{self.name}-{form}", tops)


def main(arguments: list[str]) -> int:
    """Draws the pages that are named, or all; the exit status is 1 when one of them failed."""
    parser = argparse.ArgumentParser(prog="make gallery", description="Draws the gallery, to be looked at.")
    parser.add_argument(
        "pages", nargs="*", metavar="PAGE", help=f"one of: {', '.join(gallery_pages.PAGES)}; without it, all"
    )
    parser.add_argument("--into", type=Path, metavar="FOLDER", help="where the pictures go; a new folder without it")
    parser.add_argument("--keep", action="store_true", help="also keep the small pictures that the tests compare")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.pages if name not in gallery_pages.PAGES]
    if unknown:
        parser.error(f"there is no page {unknown[0]}; there are {', '.join(gallery_pages.PAGES)}")
    Drawing.into = chosen.into or Path(tempfile.mkdtemp(prefix="webipy-gallery-"))
    Drawing.into.mkdir(parents=True, exist_ok=True)
    Drawing.keeps = chosen.keep
    suite = unittest.TestSuite()
    for name in chosen.pages or gallery_pages.PAGES:
        case = Drawing()
        case.name = name
        suite.addTest(case)
    result = unittest.TextTestRunner(verbosity=0).run(suite)
    sys.stdout.write(f"The pictures are in {Drawing.into}\n")
    if chosen.keep:
        sys.stdout.write(f"The small ones are in {pictures.PICTURES / 'gallery'}\n")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
