"""What people with accounts do first in a browser, for the tests that begin with it."""

from __future__ import annotations

from playwright.sync_api import Locator, Page

ACCOUNT = "Account and sign-out"
"""The button of the menu of one's account."""

PASSWORD = "seven brown kettles"


def fill_first(field: Locator, text: str) -> None:
    """Fills the first field of a page that has just been opened.

    It is clicked before, as a person does. Without, the text of such a field went nowhere once in some two hundred times: Chromium inserts text where its
    own process knows the focus to be, and the page had got no event for it.
    """
    field.click()
    field.fill(text)


def accept(page: Page, link: str, password: str = PASSWORD) -> Page:
    """Follows an invitation in a tab, and chooses a password; gives the tab."""
    page.goto(link)
    fill_first(page.get_by_label("New password", exact=True), password)
    page.get_by_label("New password, once more").fill(password)
    page.get_by_role("button", name="Choose and sign in").click()
    return page


def sign_in(page: Page, origin: str, name: str, password: str = PASSWORD) -> Page:
    """Sends the form of signing in by name in a tab; gives the tab."""
    page.goto(origin)
    fill_first(page.get_by_label("Name"), name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    return page
