"""Two people in one notebook, each in a browser of their own: the owner shares it, a guest comes by the link."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.browser.stage import PageCase
from tests.browser.test_access import axe_finds

CALL = """([method, params]) => new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://${location.host}/rpc`, ["webipy", `key.${localStorage.getItem("webipy-key")}`]);
    socket.onerror = () => reject(new Error("no line"));
    socket.onopen = () => socket.send(JSON.stringify({jsonrpc: "2.0", id: 1, method, params}));
    socket.onmessage = event => {
        const {id, result, error} = JSON.parse(event.data);
        if (id !== 1) return;
        socket.close();
        resolve(error ? error.data.name : result);
    };
})"""
"""Speaks to the server as somebody does who does not use the page."""

CELLS = (("markdown", "# Damped oscillator"), ("code", "x = 41"), ("code", "x + 2"), ("code", "print('last')"))


class PeopleCase(PageCase):
    """A notebook that is shared."""

    def setUp(self) -> None:
        """Opens it as its owner, with a kernel."""
        super().setUp()
        self.write_notebook("physics/oscillator.ipynb", *CELLS)
        self.page = self.open_file("physics/oscillator.ipynb", kernel=True)
        self.session = self.sessions[-1]

    def link(self, verb: str) -> tuple[str, str]:
        """A link, made by a program: its id and its address."""
        told = self.server.call("share.link", session=self.session, verb=verb)
        return str(told["share"]), str(told["url"])

    def come(self, url: str, name: str = "Grace", **options: Any) -> Page:
        """Somebody opens a link in a browser of their own and gives a name."""
        page = self.new_page(self.new_context(**options))
        page.goto(url)
        page.get_by_label("Your name").fill(name)
        page.get_by_role("button", name="Join").click()
        expect(page.locator(".cell").first).to_be_visible()
        return page

    def guest(self, verb: str, name: str = "Grace") -> Page:
        """Somebody who came by a new link."""
        return self.come(self.link(verb)[1], name)

    def sees(self, page: Page, name: str) -> Locator:
        """Somebody's avatar."""
        avatar = page.locator(".people .avatar:not(.count)").and_(page.get_by_role("button", name=name))
        expect(avatar).to_be_visible()
        return avatar

    def marked(self, page: Page, cell: str, name: str) -> None:
        """Somebody is at a cell."""
        expect(page.locator(f"#cell-{cell} .here-name")).to_have_text(name)


class Sharing(PeopleCase):
    """The dialog, and the way in."""

    def test_a_link_is_made_copied_and_followed(self) -> None:
        """The dialog says what the right means, hands the link out once, and shows who came and where they are."""
        page = self.page
        page.get_by_role("button", name="Share", exact=True).click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_role("heading", name="Share oscillator.ipynb")).to_be_visible()
        expect(dialog.get_by_text("They change nothing.")).to_be_visible()
        dialog.get_by_label("Right", exact=True).select_option("execute")
        expect(dialog.get_by_text("it runs as you")).to_be_visible()
        dialog.get_by_label("Right", exact=True).select_option("write")
        dialog.get_by_label("For whom").fill("Grace from the lab")
        dialog.get_by_role("button", name="Create link").click()
        dialog.get_by_role("button", name="Copy link").click()
        link = dialog.get_by_label("The new link").input_value()
        self.copied(page, link)
        self.assertTrue(link.startswith(f"{self.server.origin}/s/{self.session}#share="), link)
        guest = self.new_page(self.new_context())
        guest.goto(link)
        expect(guest.get_by_role("heading")).to_contain_text("shared oscillator.ipynb with you.")
        expect(guest.get_by_text("You can view it and edit it.")).to_be_visible()
        self.assertNotIn("share", guest.url)
        guest.get_by_label("Your name").fill("  Grace   Hopper ")
        guest.keyboard.press("Enter")
        expect(guest.locator(".cell").first).to_be_visible()
        expect(dialog.locator(".visitor")).to_contain_text("Grace Hopper")
        expect(dialog.locator(".visitor")).to_contain_text("Reading")
        guest.locator("#cell-c1 .src").click()
        expect(dialog.locator(".visitor")).to_contain_text("In cell 2 now")
        self.change_and_remove(dialog, guest)

    def change_and_remove(self, dialog: Locator, guest: Page) -> None:
        """A right to run is given only after a question; removing the link throws its people out."""
        right = dialog.get_by_label("Right of Grace from the lab")
        right.select_option("execute")
        expect(dialog.get_by_role("alert")).to_contain_text("it runs as you")
        dialog.get_by_role("button", name="No", exact=True).click()
        expect(right).to_have_value("write")
        right.select_option("execute")
        dialog.get_by_role("button", name="Let them run code").click()
        expect(guest.get_by_text("You can edit and run.")).to_be_visible()
        expect(right).to_have_value("execute")
        dialog.get_by_role("button", name="Remove Grace from the lab").click()
        expect(guest.get_by_role("heading", name="Your access has ended.")).to_be_visible()
        expect(dialog.get_by_text("Only people named here can open this notebook.")).to_be_visible()

    def test_a_link_that_opens_nothing_is_told(self) -> None:
        """To a stranger, with what to do."""
        stranger = self.new_page(self.new_context())
        stranger.goto(f"{self.server.origin}/s/{self.session}#share=wrong")
        expect(stranger.get_by_role("heading", name="This link does not open anything.")).to_be_visible()
        expect(stranger.get_by_role("alert")).to_contain_text("Ask whoever sent it")

    def test_who_is_in_goes_on_without_a_name(self) -> None:
        """The owner who tries the link stays the owner; a guest who opens it again is in, as after a reload."""
        _, url = self.link("read")
        page = self.new_page(self.context)
        page.goto(url)
        expect(page.get_by_role("button", name="Run all cells")).to_be_visible()
        guest = self.come(url)
        again = self.new_page(guest.context)
        again.goto(url)
        expect(again.get_by_text("You are viewing.")).to_be_visible()
        again.reload()
        expect(again.get_by_text("You are viewing.")).to_be_visible()


class Rights(PeopleCase):
    """What a guest can do, by the page and past it."""

    def test_a_viewer_cannot_edit_or_run(self) -> None:
        """Nothing is offered, keys say why, and the server refuses what the page would not send."""
        guest = self.guest("read")
        expect(guest.get_by_text("You are viewing.")).to_be_visible()
        for name in ("Run", "Run all cells", "Add a code cell below", "Share", "Run cell 2"):
            expect(guest.get_by_role("button", name=name, exact=True)).to_have_count(0)
        for name in ("Files", "Variables"):
            expect(guest.get_by_role("tab", name=name)).to_have_count(0)
        guest.locator("#cell-c1 .src").click()
        guest.keyboard.press("Enter")
        expect(guest.locator(".toast")).to_contain_text("but not change it")
        expect(guest.locator(".cm-content")).to_have_count(0)
        guest.keyboard.press("Shift+Enter")
        expect(guest.locator(".toast").last).to_contain_text("You cannot run code")
        for key in ("b", "x", "d", "d", "z", "m", "Control+s"):
            guest.keyboard.press(key)
        guest.evaluate("navigator.clipboard.writeText('pasted')")
        guest.keyboard.press("Control+v")
        for method, params in self.attacks():
            told = guest.evaluate(CALL, [method, params])
            self.assertIn(told, ("not_permitted",), (method, told))
        cells = self.server.call("cell.list", session=self.session)["cells"]
        self.assertEqual([cell["source"] for cell in cells], [source for _, source in CELLS])

    def attacks(self) -> list[tuple[str, dict[str, Any]]]:
        """What somebody with the cookie of a viewer would try."""
        session = self.session
        return [
            ("cell.set_source", {"session": session, "cell": "c1", "source": "import os"}),
            ("execution.start", {"session": session, "code": "1"}),
            ("kernel.restart", {"session": session}),
            ("share.link", {"session": session, "verb": "execute"}),
            ("server.launch_code", {}),
            ("session.list", {}),
            ("session.create", {"path": "physics/oscillator.ipynb"}),
            ("file.read", {"path": "physics/oscillator.ipynb"}),
            ("file.write", {"path": "x.txt", "content": "x"}),
        ]

    def test_a_viewer_takes_a_copy(self) -> None:
        """As a notebook file of their own."""
        guest = self.guest("read")
        with guest.expect_download() as download:
            guest.get_by_role("button", name="Download a copy").click()
        self.assertEqual(download.value.suggested_filename, "oscillator.ipynb")
        copy = json.loads(download.value.path().read_text("utf-8"))
        self.assertEqual(["".join(cell["source"]) for cell in copy["cells"]], [source for _, source in CELLS])

    def test_a_right_is_raised_and_lowered_live(self) -> None:
        """Without a reload; whoever may not edit any more leaves the editor."""
        share, url = self.link("read")
        guest = self.come(url)
        expect(guest.get_by_text("You are viewing.")).to_be_visible()
        self.server.call("share.set", session=self.session, share=share, verb="write")
        expect(guest.get_by_text("You can edit.")).to_be_visible()
        expect(guest.get_by_role("button", name="Run all cells")).to_have_count(0)
        guest.locator("#cell-c1 .src").click()
        expect(guest.locator(".cm-content")).to_be_focused()
        guest.keyboard.press("Control+End")
        guest.keyboard.type("  # edited")
        expect(self.page.locator("#cell-c1 .src")).to_have_text("x = 41  # edited")
        guest.keyboard.press("Shift+Enter")
        expect(guest.locator(".toast").last).to_contain_text("You cannot run code")
        self.server.call("share.set", session=self.session, share=share, verb="execute")
        expect(guest.get_by_role("button", name="Run all cells")).to_be_visible()
        self.server.call("share.set", session=self.session, share=share, verb="read")
        expect(guest.locator(".cm-content")).to_have_count(0)
        expect(guest.get_by_text("You are viewing.")).to_be_visible()

    def test_a_guest_who_edits_is_not_offered_what_only_a_kernel_knows(self) -> None:
        """Tab indents, and help says that it would be to run code."""
        guest = self.guest("write")
        guest.locator("#cell-c1 .src").click()
        expect(guest.locator(".cm-content")).to_be_focused()
        guest.keyboard.press("Control+End")
        guest.keyboard.type(".")
        guest.keyboard.press("Tab")
        expect(guest.locator(".cm-content")).to_have_text(re.compile(r"^x = 41\. +$"))
        expect(guest.locator(".toast")).to_have_count(0)
        guest.keyboard.type("name")
        guest.keyboard.press("Shift+Tab")
        expect(guest.locator(".toast")).to_contain_text("You cannot run code")

    def test_a_guest_can_leave(self) -> None:
        """Then this browser is nobody's any more."""
        guest = self.guest("read")
        guest.get_by_role("button", name="More", exact=True).click()
        guest.get_by_role("menuitem", name="Leave, as a guest").click()
        expect(guest.get_by_label("Token")).to_be_visible()
        (share,) = self.server.call("share.list", session=self.session)["shares"]
        self.assertEqual(share["guests"], [])

    def test_a_guest_has_no_home(self) -> None:
        """The page of files says what there is instead, and nothing is complained about."""
        guest = self.guest("execute")
        guest.goto(self.server.origin)
        expect(guest.get_by_role("heading", name="You are a guest here.")).to_be_visible()
        guest.get_by_role("link", name="Open the notebook").click()
        expect(guest.locator(".cell").first).to_be_visible()
        expect(guest.locator(".toast")).to_have_count(0)


class Together(PeopleCase):
    """Who is there, and what they do."""

    def test_cursors_names_and_whose_run_it_is(self) -> None:
        """Each sees where the other is; a run says who started it."""
        guest, page = self.guest("execute", "Grace Hopper"), self.page
        self.sees(page, "Grace Hopper (guest), can run")
        self.sees(guest, ", can manage")
        guest.locator("#cell-c2 .src").click()
        expect(guest.locator(".cm-content")).to_be_focused()
        guest.keyboard.press("Control+Home")
        self.marked(page, "c2", "Grace Hopper (guest)")
        page.locator("#cell-c2 .src").click()
        expect(page.locator("#cell-c2 .other-caret")).to_have_count(1)
        guest.keyboard.press("Shift+End")
        expect(page.locator("#cell-c2 .other-selection")).to_have_text("x + 2")
        expect(page.locator("#cell-c2 .other-caret")).to_have_attribute("title", "Grace Hopper (guest)")
        page.keyboard.press("Control+Home")
        page.keyboard.type("0 + ")  # before their selection, which moves along
        expect(page.locator("#cell-c2 .other-selection")).to_have_text("x + 2")
        expect(guest.locator("#cell-c2 .cm-content")).to_contain_text("0 + x + 2")
        guest.keyboard.press("Escape")
        guest.locator("#cell-c3 .src").click()
        guest.keyboard.press("Control+Enter")
        expect(page.locator("#cell-c3 .meta")).to_contain_text("by Grace Hopper (guest)")
        expect(guest.locator("#cell-c3 .meta")).not_to_contain_text("by Grace")

    def test_follow(self) -> None:
        """Their cell is kept in view and marked, until something is done here."""
        for number in range(30):
            self.add_cell(self.session, f"y{number} = '{'long ' * 3}'\n\n\n\n", cell=f"far{number}", after="c3")
        guest, page = self.guest("read"), self.page
        expect(page.locator("#cell-far0")).to_have_count(1)
        self.sees(page, "Grace (guest)").click()
        page.get_by_role("menuitem", name="Follow Grace (guest)").click()
        expect(page.get_by_text("Following Grace (guest)").first).to_be_visible()
        guest.locator("#cell-far0").scroll_into_view_if_needed()
        guest.locator("#cell-far0 .src").click()
        expect(page.locator("#cell-far0")).to_be_in_viewport()
        expect(page.locator("#cell-far0 .here.followed")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.locator(".follow-bar")).to_have_count(0)
        page.keyboard.press("Control+Shift+p")
        page.get_by_role("combobox").fill("follow grace")
        page.keyboard.press("Enter")
        expect(page.locator(".follow-bar")).to_be_visible()
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.locator(".follow-bar")).to_have_count(0)

    def test_two_tabs_are_one_person(self) -> None:
        """Whoever is alone sees nobody; with somebody else, each has one avatar."""
        second = self.new_page(self.context)
        second.goto(f"{self.server.origin}/s/{self.session}")
        expect(second.locator(".cell").first).to_be_visible()
        expect(self.page.locator(".people")).to_have_count(0)
        guest = self.guest("read")
        self.sees(self.page, "Grace (guest), can view")
        expect(self.page.locator(".people .avatar:not(.count)")).to_have_count(2)
        expect(guest.locator(".people .avatar:not(.count)")).to_have_count(2)
        guest.close()
        expect(self.page.locator(".people")).to_have_count(0)

    def test_who_is_thrown_out_is_out_at_once_and_the_kernel_goes_on(self) -> None:
        """While what the guest has started runs on, to its end; and the cookie opens nothing any more."""
        share, url = self.link("execute")
        guest = self.come(url)
        guest.locator("#cell-c3 .src").click()
        expect(guest.locator(".cm-content")).to_be_focused()
        guest.keyboard.press("Control+a")
        gate = self.server.root / "thrown-out"
        self.put(guest, f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.02)\nprint('went on')")
        guest.keyboard.press("Control+Enter")
        expect(self.page.locator("#cell-c3.running")).to_have_count(1)
        self.server.call("share.revoke", session=self.session, share=share)
        expect(guest.get_by_role("heading", name="Your access has ended.")).to_be_visible()
        gate.touch()
        expect(guest.locator(".cell")).to_have_count(0)
        expect(self.page.locator("#cell-c3 .out")).to_have_text("went on")
        expect(self.page.locator("#cell-c3 .meta")).to_contain_text("by Grace (guest)")
        answer = guest.request.post(
            f"{self.server.origin}/rpc", data={"jsonrpc": "2.0", "id": 1, "method": "server.info"}
        )
        self.assertEqual(answer.status, 401)
        guest.reload()
        expect(guest.get_by_text("open it again or ask for another one")).to_be_visible()

    def test_on_a_phone_the_people_are_a_number(self) -> None:
        """It opens the list of all of them."""
        guest = self.come(self.link("execute")[1], viewport={"width": 390, "height": 780})
        guest.get_by_role("button", name="2 people here").click()
        guest.get_by_role("dialog").get_by_role("button", name="What can be done with").click()
        guest.get_by_role("menuitem", name="Follow ").click()
        expect(guest.locator(".follow-bar")).to_be_visible()


class Asking(PeopleCase):
    """Somebody who may only view asks for more."""

    def test_a_viewer_asks_and_is_let(self) -> None:
        """The owner sees who asks; a yes lets the viewer edit at once."""
        guest = self.guest("read")
        guest.get_by_role("button", name="Ask to edit").click()
        expect(guest.get_by_text("You asked to edit.")).to_be_visible()
        self.page.get_by_role("button", name="Allow Grace (guest) to edit").click()
        expect(guest.get_by_text("You can edit now.")).to_be_visible()
        expect(guest.get_by_text("You asked to edit.")).to_have_count(0)
        expect(self.page.get_by_text("asks to edit")).to_have_count(0)
        guest.locator(".cell").first.click(position={"x": 5, "y": 5})
        cells = guest.locator(".cell").count()
        guest.keyboard.press("b")
        for page in (guest, self.page):
            expect(page.locator(".cell")).to_have_count(cells + 1)

    def test_not_now(self) -> None:
        """The viewer is told so, and a second try within the minute is refused in words."""
        guest = self.guest("read")
        guest.get_by_role("button", name="Ask to edit").click()
        self.page.get_by_role("button", name="Not now, Grace (guest)").click()
        expect(guest.get_by_text("has not let you edit")).to_be_visible()
        guest.get_by_role("button", name="Ask again").click()
        expect(guest.get_by_text("You asked a moment ago")).to_be_visible()

    def test_one_person_is_allowed(self) -> None:
        """Others who came by the same link stay as they are."""
        url = self.link("read")[1]
        guest, other = self.come(url), self.come(url, "Eve")
        guest.get_by_role("button", name="Ask to edit").click()
        self.page.get_by_role("button", name="Allow Grace (guest) to edit").click()
        expect(guest.get_by_text("You can edit.", exact=False).first).to_be_visible()
        expect(other.get_by_role("button", name="Ask to edit")).to_be_visible()


class Many(PeopleCase):
    """The list of people, and all who follow one."""

    def test_who_asks_stands_first_and_one_is_allowed_lowered_and_removed(self) -> None:
        """A number says how many ask; each is answered alone, in the list and by keys."""
        url = self.link("read")[1]
        first, second, other = (self.come(url, name) for name in ("Grace", "Eve", "Zoe"))
        first.get_by_role("button", name="Ask to edit").click()
        second.get_by_role("button", name="Ask to run code").click()
        expect(second.get_by_text("You asked to run code.")).to_be_visible()
        page = self.page
        page.get_by_role("button", name="2 people ask for more").click()
        dialog = page.get_by_role("dialog")
        asking = dialog.get_by_role("region", name="Asking")
        expect(asking.locator(".visitor")).to_have_count(2)
        second.get_by_role("button", name="Take it back").click()
        expect(asking.locator(".visitor")).to_have_count(1)
        dialog.get_by_role("button", name="Allow Grace (guest) to edit").press("Enter")
        expect(first.get_by_text("You can edit now.")).to_be_visible()
        expect(dialog.get_by_role("region", name="Can edit")).to_contain_text("Grace")
        dialog.get_by_role("button", name="What can be done with Grace (guest)").click()
        page.get_by_role("menuitem", name="Back to viewing").click()
        expect(first.get_by_text("You are viewing.")).to_be_visible()
        dialog.get_by_role("button", name="What can be done with Zoe (guest)").click()
        page.get_by_role("menuitem", name="Remove from this notebook").click()
        page.get_by_role("dialog", name="Remove Zoe").get_by_role("button", name="Remove", exact=True).click()
        expect(other.get_by_role("heading", name="Your access has ended.")).to_be_visible()
        expect(first.locator(".cell").first).to_be_visible()
        expect(dialog.locator(".visitor")).to_have_count(3)

    def test_many_are_searched(self) -> None:
        """By a part of the name; with few there is no search."""
        url = self.link("read")[1]
        guests = [self.come(url, f"Guest {number}") for number in range(2)]
        self.page.locator(".people .avatar").first.click()
        self.page.get_by_role("menuitem", name="People here").click()
        dialog = self.page.get_by_role("dialog", name="3 people here")
        expect(dialog.locator(".visitor")).to_have_count(3)
        expect(dialog.get_by_role("searchbox")).to_have_count(0)
        guests += [self.come(url, f"Late {number}") for number in range(7)]
        self.page.get_by_role("searchbox", name="Find a person").fill("late 3")
        expect(self.page.locator(".visitor")).to_have_count(1)
        expect(self.page.get_by_role("dialog", name=f"{len(guests) + 1} people here")).to_be_visible()

    def test_everybody_is_asked_to_follow_and_each_may_leave(self) -> None:
        """They see what the other page shows; whoever scrolls goes their own way, and may come back."""
        for number in range(30):
            self.add_cell(self.session, f"y{number} = '{'long ' * 3}'\n\n\n\n", cell=f"far{number}", after="c3")
        guest, page = self.guest("read"), self.page
        expect(guest.locator("#cell-far0")).to_have_count(1)
        self.sees(page, "Grace (guest)")
        page.locator(".people .avatar").first.click()
        page.get_by_role("menuitem", name="People here").click()
        page.get_by_role("button", name="Ask everybody to follow you").click()
        page.keyboard.press("Escape")
        expect(guest.locator(".follow-bar")).to_contain_text("asks everybody to follow")
        expect(page.get_by_text("1 person follows now")).to_be_visible()
        page.locator("#cell-far10").scroll_into_view_if_needed()
        expect(guest.locator("#cell-far10")).to_be_in_viewport()
        guest.mouse.move(400, 400)
        guest.mouse.wheel(0, -5000)
        expect(guest.get_by_role("button", name="Follow", exact=True)).to_be_visible()
        expect(page.get_by_text("0 people follow now")).to_be_visible()
        guest.get_by_role("button", name="Follow", exact=True).click()
        expect(guest.locator("#cell-far10")).to_be_in_viewport()
        page.get_by_role("button", name="Stop asking").click()
        expect(guest.locator(".follow-bar")).to_have_count(0)


class Access(PeopleCase):
    """What axe-core finds."""

    def setUp(self) -> None:
        """Nothing was found yet."""
        super().setUp()
        self.found: list[str] = []

    def check(self, page: Page, state: str) -> None:
        """Notes what axe finds in a state of the page, in light and in dark."""
        for theme in ("light", "dark"):
            page.emulate_media(color_scheme=theme)
            page.wait_for_timeout(120)  # what fades has another contrast meanwhile
            self.found += [f"{state}, {theme}: {one}" for one in axe_finds(page)]

    def test_nothing_is_found_where_others_are(self) -> None:
        """The link, the dialog, people of many colours, following, the states of guests, and on a phone."""
        share, url = self.link("execute")
        joining = self.new_page(self.new_context())
        joining.goto(url)
        expect(joining.get_by_label("Your name")).to_be_visible()
        self.check(joining, "join")
        guests = [self.come(url, f"Guest {number}") for number in range(6)]
        for number, guest in enumerate(guests):
            guest.locator(f"#cell-c{number % 4}").click(position={"x": 5, "y": 5})
        page = self.page
        expect(page.locator(".here-name")).not_to_have_count(0)
        self.check(page, "people")
        page.get_by_role("button", name="and 3 more").click()
        expect(page.get_by_role("dialog").locator(".visitor")).to_have_count(7)
        self.check(page, "people, list")
        page.get_by_role("dialog").get_by_role("button", name="What can be done with").first.click()
        self.check(page, "people, menu")
        page.get_by_role("menuitem", name="Follow ").first.click()
        expect(page.locator(".follow-bar")).to_be_visible()
        self.check(page, "following")
        page.get_by_role("button", name="Share", exact=True).click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_role("button", name="Create link").click()
        expect(dialog.get_by_label("The new link")).to_be_visible()
        dialog.get_by_label("Right of ").last.select_option("execute")
        self.check(page, "share")
        page.set_viewport_size({"width": 390, "height": 780})
        self.check(page, "share, phone")
        page.keyboard.press("Escape")
        self.check(page, "people, phone")
        viewer = self.guest("read")
        viewer.keyboard.press("b")
        self.check(viewer, "viewer")
        viewer.get_by_role("button", name="Ask to edit").click()
        expect(page.get_by_role("button", name="Allow Grace (guest) to edit")).to_be_visible()
        self.check(viewer, "viewer who asked")
        self.check(page, "asked, phone")
        viewer.set_viewport_size({"width": 390, "height": 780})
        self.check(viewer, "viewer, phone")
        viewer.goto(self.server.origin)
        expect(viewer.get_by_text("You are a guest here.")).to_be_visible()
        self.check(viewer, "guest's home")
        self.server.call("share.revoke", session=self.session, share=share)
        expect(guests[0].get_by_text("Your access has ended.")).to_be_visible()
        self.check(guests[0], "ended")
        self.assertFalse(self.found, "\n".join(self.found))
