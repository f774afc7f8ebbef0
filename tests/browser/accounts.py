"""What people with accounts do first in a browser, for the tests that begin with it."""

from __future__ import annotations

from playwright.sync_api import Page

ACCOUNT = "Account and sign-out"
"""The button of the menu of one's account."""

PASSWORD = "seven brown kettles"


def accept(page: Page, link: str, password: str = PASSWORD) -> Page:
    """Follows an invitation in a tab, and chooses a password; gives the tab."""
    page.goto(link)
    page.get_by_label("New password", exact=True).fill(password)
    page.get_by_label("New password, once more").fill(password)
    page.get_by_role("button", name="Choose and sign in").click()
    return page


def sign_in(page: Page, origin: str, name: str, password: str = PASSWORD) -> Page:
    """Sends the form of signing in by name in a tab; gives the tab."""
    page.goto(origin)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    return page
