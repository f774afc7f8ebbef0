"""Every page of the gallery looks as it was made: light, dark, on a phone and on paper, each against a picture that somebody has looked at.

`make gallery` draws them in full size, to be looked at; `make gallery ARGS=--keep` keeps the small ones that are compared here.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.browser import gallery_pages, pictures
from tests.browser.brought import BroughtCase
from tests.browser.test_access import axe_finds
from tests.browser.test_look import FACTS
from tests.live import until


class Gallery(BroughtCase):
    """The pages of the gallery."""

    def looks_as_kept(self, name: str) -> None:
        """Compares a page with its pictures. What is drawn a moment later is waited for."""
        page = self.bring_page(gallery_pages.PAGES[name])
        for form in self.forms(page):
            found: list[str] = []

            def same(form: str = form, found: list[str] = found) -> bool:
                picture, tops = self.whole(page, form)
                now = pictures.small(picture)
                found.append(pictures.difference(now, f"gallery/{name}-{form}", tops))
                if found[-1]:
                    now.save(f"{name}-{form}.png")  # trial's own folder keeps it
                return not found[-1]

            until(same, lambda found=found: found[-1])  # type: ignore[misc]
            if form != "print":
                self.assertEqual(page.evaluate(FACTS), [], f"{name}, {form}")
                self.assertEqual(axe_finds(page), [], f"{name}, {form}")
        self.assertEqual(self.went_out, [])


def looks_as_kept(name: str) -> Callable[[Gallery], None]:
    """The test of one page."""

    def test(self: Gallery) -> None:
        self.looks_as_kept(name)

    test.__doc__ = f"The page of {name}."
    return test


for _name in gallery_pages.PAGES:
    setattr(Gallery, f"test_{_name}", looks_as_kept(_name))
