"""Web Push in a real browser: a person lets it tell them, closes the page, and is told once by the service worker; a click opens the notebook.

The browser's own push service is on the Internet. In its place a test answers `PushManager.subscribe`, takes what the server sends at a push service on
this machine, decrypts it there, and hands it to the real service worker, as the browser would.
"""

from __future__ import annotations

import json
from typing import Any

from playwright.sync_api import CDPSession, Locator, Page, expect

from tests.browser.accounts import ACCOUNT, fill_first
from tests.browser.stage import PageCase, PageServer
from tests.fake_push import FakeBrowser, FakePushService
from tests.live import WAITS, until

NAME, PASSWORD = "ada", "seven brown kettles"

SUBSCRIBED = """
(() => {
  const made = %s;
  const kept = "test-subscribed";
  const one = {
    endpoint: made.endpoint,
    toJSON: () => ({ endpoint: made.endpoint, keys: { p256dh: made.p256dh, auth: made.auth } }),
    unsubscribe: async () => { localStorage.removeItem(kept); return true; },
  };
  PushManager.prototype.getSubscription = async () => (localStorage.getItem(kept) === null ? null : one);
  PushManager.prototype.subscribe = async options => {
    localStorage.setItem(kept, JSON.stringify([options.userVisibleOnly, options.applicationServerKey.length]));
    return one;
  };
})();
"""
SHOWN = "async () => (await (await navigator.serviceWorker.ready).getNotifications()).map(one => [one.title, one.tag])"

CLICKED = """
async () => {
  const [notification] = await registration.getNotifications();
  return new Promise(resolve => {
    Clients.prototype.openWindow = async url => resolve(url);
    dispatchEvent(new NotificationEvent("notificationclick", { notification }));
  });
}
"""


class WebPush(PageCase):
    """A person who closes the page."""

    def make_server(self) -> PageServer:
        """With the push service of this test, below a path."""
        self.push = FakePushService()
        self.addCleanup(self.push.close)
        self.told = FakeBrowser(self.push.origin)
        return self.own_server("--base-url=/lab/", f"--push-service={self.push.origin}")

    def setUp(self) -> None:
        super().setUp()
        self.context.add_init_script(SUBSCRIBED % json.dumps(self.told.params()))
        self.context.grant_permissions(["notifications", "clipboard-read", "clipboard-write"])

    def home(self) -> Page:
        """The home page of somebody whose browser stays signed in."""
        self.server.call("user.add", name=NAME, password=PASSWORD, role="admin")
        page = self.new_page()
        page.goto(self.server.origin)
        page.get_by_label("Stay signed in").check()
        sign_in_here(page)
        self.home_is_ready(page)
        return page

    def account(self, page: Page) -> Locator:
        """The dialog of the account."""
        page.get_by_role("button", name=ACCOUNT).click()
        page.get_by_role("menuitem", name="Your account").click()
        dialog = page.get_by_role("dialog", name="Your account")
        expect(dialog).to_be_visible()
        return dialog

    def turn_on(self, page: Page) -> Locator:
        """Lets this browser tell; gives the dialog."""
        dialog = self.account(page)
        dialog.get_by_role("button", name="Tell me in this browser").click()
        expect(dialog.get_by_role("list", name="Browsers that are told")).to_contain_text("(this browser)")
        return dialog

    def worker(self, page: Page) -> tuple[CDPSession, str]:
        """What hands messages to the service worker, and the id of its registration."""
        found: list[str] = []

        def take(event: dict[str, Any]) -> None:
            found.extend(one["registrationId"] for one in event["registrations"] if one["scopeURL"].endswith("/lab/"))

        session = self.context.new_cdp_session(page)
        session.on("ServiceWorker.workerRegistrationUpdated", take)
        session.send("ServiceWorker.enable")
        until(lambda: page.evaluate("1") and found, "the service worker is registered")
        return session, found[0]

    def deliver(self, page: Page) -> None:
        """Hands the last message that came to the push service to the service worker, decrypted."""
        session, registration = self.worker(page)
        (path, _, body) = self.push.came[-1]
        self.assertEqual(path, self.told.path)
        session.send(
            "ServiceWorker.deliverPushMessage",
            {
                "origin": self.server.origin.removesuffix("/lab"),
                "registrationId": registration,
                "data": self.told.decrypt(body).decode(),
            },
        )
        session.detach()

    def on_screen(self, page: Page) -> list[list[str]]:
        """What the system shows: titles and tags."""
        found: list[list[str]] = page.evaluate(SHOWN)
        return found

    def click(self) -> str:
        """Does in the service worker what a click on the notification does there; gives the address that it opens.

        A browser opens windows for clicks of people alone, which no test can make: so the address is taken where it would be opened.
        """
        (worker,) = self.context.service_workers
        opened: str = worker.evaluate(CLICKED)
        return opened

    def begin(self, session: str) -> str:
        """A run of the person that waits for a file; gives the file's path."""
        gate = self.server.root / f"{self._testMethodName}.gate"
        page = self.new_page()
        page.goto(f"{self.server.origin}/s/{session}")
        page.locator(".cm-content").click()
        cell = self.run_code(page, WAITS.format(gate=str(gate)))
        cell.get_by_role("button", name="Tell me when it has ended").click()
        expect(cell.get_by_role("button", name="Tell me when it has ended")).to_have_attribute("aria-pressed", "true")
        page.goto("about:blank")
        page.close()
        return str(gate)

    def test_the_page_can_be_installed(self) -> None:
        """As an app below the base URL, which is where iPhones and iPads have Web Push."""
        page = self.home()
        session = self.context.new_cdp_session(page)
        found = session.send("Page.getAppManifest")
        self.assertEqual(found["errors"], [])
        asked = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
        self.assertEqual([one["errorId"] for one in asked if one["errorId"] != "in-incognito"], [])
        manifest = found["manifest"]
        self.assertEqual({manifest["startUrl"], manifest["scope"]}, {self.server.origin + "/"})

    def test_who_closes_the_page_is_told_once(self) -> None:
        """By the service worker, also when the server was killed in between; not again by a page, nor when the message comes twice."""
        page = self.home()
        self.turn_on(page)
        session = self.new_session()
        gate = self.begin(session)
        page.goto("about:blank")
        self.server.kill()
        open(gate, "w").close()
        self.server.start()
        until(lambda: self.push.came, "the server sends it")
        self.assertEqual(self.push.faults, [])
        (message,) = self.push.messages(self.told)
        self.assertIn("Finished after", message["text"])
        page.goto(f"{self.server.origin}/healthz")
        self.deliver(page)
        until(
            lambda: self.on_screen(page) == [[message["text"], message["id"]]],
            lambda: f"it is shown: {self.on_screen(page)}",
        )
        self.assertEqual(self.click(), f"{self.server.origin}/s/{session}")
        self.deliver(page)
        page.goto(self.server.origin)
        self.home_is_ready(page)
        until(lambda: self.confirmed(message["id"]), "the page has confirmed it")
        expect(page.get_by_text("Finished after")).to_have_count(0)
        self.assertEqual(self.on_screen(page), [], "it was clicked")
        self.assertEqual(len(self.push.came), 1)

    def confirmed(self, notification: str) -> bool:
        """Whether the server waits for no page any more."""
        import sqlite3

        file = sqlite3.connect(self.server.state / "notifications.sqlite")
        try:
            rows = file.execute("SELECT is_over FROM notifications WHERE id = ?", (notification,)).fetchall()
        finally:
            file.close()
        return rows == [(1,)]

    def test_a_page_that_is_looked_at_is_enough(self) -> None:
        """Nothing is sent."""
        page = self.home()
        self.turn_on(page)
        session = self.new_session()
        gate = self.begin(session)
        page.goto(f"{self.server.origin}/s/{session}")
        page.bring_to_front()
        expect(page.locator(".cell").first).to_be_visible()
        open(gate, "w").close()
        expect(page.get_by_text("Finished after")).to_be_visible()
        run = self.server.call("notification.list")
        self.assertEqual((run["waiting"], self.push.came), ([], []))

    def test_it_can_be_taken_back(self) -> None:
        """In the list; by signing out. Who is not signed in for longer is told what to do."""
        page = self.home()
        dialog = self.turn_on(page)
        dialog.get_by_role("button", name="Remove Chrome").click()
        expect(dialog.get_by_role("button", name="Tell me in this browser")).to_be_visible()
        dialog.get_by_role("button", name="Tell me in this browser").click()
        expect(dialog.get_by_role("list", name="Browsers that are told")).to_be_visible()
        page.keyboard.press("Escape")
        page.get_by_role("button", name=ACCOUNT).click()
        page.get_by_role("menuitem", name="Sign out of this browser").click()
        expect(page.get_by_label("Password")).to_be_visible()
        sign_in_here(page)
        self.home_is_ready(page)
        dialog = self.account(page)
        expect(dialog.get_by_role("list", name="Browsers that are told")).to_have_count(0)
        dialog.get_by_role("button", name="Tell me in this browser").click()
        expect(dialog.get_by_role("alert")).to_contain_text("Stay signed in")


def sign_in_here(page: Page) -> None:
    """Sends the form of signing in by name."""
    fill_first(page.get_by_label("Name"), NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
