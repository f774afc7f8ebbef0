"""What a kernel asks and tells: input, completion, documentation, interrupt, restart, death."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.stage import PageCase


class Asking(PageCase):
    """Running code asks a person."""

    def test_input_is_answered_inline(self) -> None:
        """The prompt stands where the output does; the answer goes to the code that waits."""
        page = self.notebook()
        cell = self.run_code(page, "name = input('Sample name: ')\nprint('got', name)")
        field = cell.get_by_label("Sample name:")
        expect(field).to_be_focused()
        expect(cell.locator(".meta")).to_contain_text("waiting for you")
        field.fill("žluťoučký 😀")
        page.keyboard.press("Enter")
        expect(cell.locator(".out .text")).to_contain_text("got žluťoučký 😀")
        expect(field).to_have_count(0)

    def test_a_password_is_hidden_and_in_no_event(self) -> None:
        """What is typed into getpass is not shown, and the journal does not have it."""
        page = self.notebook()
        cell = self.run_code(page, "import getpass\nprint(len(getpass.getpass('Key: ')))")
        field = cell.get_by_label("Key:")
        expect(field).to_have_attribute("type", "password")
        field.fill("correct horse")
        page.keyboard.press("Enter")
        expect(cell.locator(".out .text")).to_contain_text("13")
        events = self.server.call("session.events", session=self.sessions[0])["events"]
        self.assertNotIn("correct horse", str(events))


class Knowing(PageCase):
    """The kernel knows names."""

    def quiet_notebook(self) -> Page:
        """A notebook that completes nothing while one types: Tab in a list that is open takes a name, and it may open at any time."""
        self.context.add_init_script("try { localStorage.setItem('webipy.completion', 'no') } catch {}")
        return self.notebook()

    def test_tab_completes_after_any_character(self) -> None:
        """Positions are converted: a character outside of the basic plane before the name does no harm."""
        page = self.quiet_notebook()
        self.finished(self.run_code(page, "import os"))
        self.edit(page)
        self.put(page, "s = '😀'; os.path.isl")
        page.keyboard.press("Tab")
        expect(page.locator(".cm-content")).to_have_text(
            "s = '😀'; os.path.islink"
        )  # there is no other: it is inserted
        page.keyboard.press("Control+Backspace")
        self.put(page, "expandus")
        page.keyboard.press("Backspace")
        page.keyboard.press("Backspace")
        page.keyboard.press("Tab")
        expect(page.locator(".cm-tooltip-autocomplete")).to_contain_text("expandvars")
        page.keyboard.press("Enter")
        expect(page.locator(".cm-content")).to_have_text("s = '😀'; os.path.expanduser")

    def test_completion_tells_kinds(self) -> None:
        """What is a function, a module or a class is told where the kernel knows it."""
        page = self.quiet_notebook()
        # The kernel leaves kinds out that it has not found in 0.4 s, and reads the library's stubs at first: too long on a loaded machine.
        self.execute(
            self.sessions[-1],
            "from IPython.core.completer import provisionalcompleter\n"
            "get_ipython().Completer.jedi_compute_type_timeout = 4_000\n"
            "with provisionalcompleter(): _ = list(get_ipython().Completer.completions('pr', 2))",
        )
        self.put(page, "pr")
        page.keyboard.press("Tab")
        row = page.locator(".cm-tooltip-autocomplete li", has_text=re.compile("^print"))
        expect(row.locator(".cm-completionDetail")).to_have_text("function")
        page.keyboard.press("Escape")
        expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
        expect(page.locator(".cm-content")).to_be_focused()

    def test_tab_indents_where_there_is_nothing_to_complete(self) -> None:
        """At the start of a line Tab is four spaces."""
        page = self.notebook()
        page.keyboard.press("Tab")
        self.put(page, "x")
        self.assertEqual(page.locator(".cm-line").evaluate("line => line.textContent"), "    x")

    def test_shift_tab_shows_the_documentation_and_again_all_of_it(self) -> None:
        """The first Shift-Tab is a tooltip, the second a page; Esc closes."""
        page = self.notebook()
        self.put(page, "print")
        page.keyboard.press("Shift+Tab")
        expect(page.locator(".cm-inspection")).to_contain_text("Prints the values to a stream")
        page.keyboard.press("Shift+Tab")
        expect(page.locator(".pager-body")).to_contain_text("Prints the values to a stream")
        page.get_by_role("button", name="Close the documentation").click()
        expect(page.locator(".pager")).to_have_count(0)

    def test_a_question_mark_opens_the_documentation(self) -> None:
        """The pager payload of `name?` is shown under the cells of the tab that asked, and in no other."""
        session = self.new_session()
        page, other = self.open(session), self.open(session)
        page.locator(".cm-content").click()
        expect(page.locator(".cm-content")).to_be_focused()
        self.run_code(page, "len?")
        expect(page.locator(".pager-body")).to_contain_text("Return the number of items")
        expect(other.locator(".cell .meta .st")).to_have_count(1)
        expect(other.locator(".pager")).to_have_count(0)

    def test_code_can_set_the_next_input(self) -> None:
        """`set_next_input` fills a new cell below, or replaces the one that ran."""
        page = self.notebook()
        self.run_code(page, "get_ipython().set_next_input('x = 1')")
        expect(page.locator(".cell")).to_have_count(2)
        expect(page.locator(".cell.edit .cm-content")).to_have_text("x = 1")
        page.keyboard.press("Control+a")
        self.run_code(page, "get_ipython().set_next_input('replaced', replace=True)")
        expect(page.locator(".cell").nth(1).locator(".cm-content, .src")).to_have_text("replaced")


class Living(PageCase):
    """Interrupt, restart, death."""

    def test_interrupt_stops_the_run(self) -> None:
        """The run ends as interrupted, and the kernel goes on."""
        page = self.notebook()
        cell = self.run_code(page, "print('in', flush=True)\nwhile True: pass")
        expect(cell.locator(".out .text")).to_have_text("in")
        cell.get_by_role("button", name="Interrupt cell 1").click()
        expect(cell.locator(".meta")).to_have_text("interrupted")
        self.edit(page)
        cell = self.run_code(page, "'alive'")
        expect(cell.locator(".out .text")).to_have_text("'alive'")

    def test_restart_asks_and_keeps_the_outputs(self) -> None:
        """Restarting says what is lost; variables go, outputs stay."""
        page = self.notebook()
        cell = self.run_code(page, "x = 5; print('kept')")
        self.finished(cell)
        page.get_by_role("button", name="Restart the kernel").click()
        expect(page.get_by_role("dialog")).to_contain_text("Variables are lost, outputs stay.")
        page.get_by_role("dialog").get_by_role("button", name="Restart").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.get_by_role("button", name="Add a code cell below").click()
        expect(page.locator(".cell.edit")).to_have_attribute("aria-label", re.compile("^Cell 2"))
        second = self.run_code(page, "x")
        expect(second.locator(".tb summary")).to_contain_text("NameError")
        expect(cell.locator(".out .text")).to_have_text("kept")

    def test_a_kernel_that_dies_is_told_with_a_way_on(self) -> None:
        """The banner says how it ended and what is lost; its button brings it back."""
        page = self.notebook()
        cell = self.run_code(
            page, "import os, sys\nprint('last', file=sys.__stderr__, flush=True)\nos.kill(os.getpid(), 9)"
        )
        banner = page.locator(".banner.bad")
        expect(banner).to_contain_text("The kernel was killed")
        expect(banner).to_contain_text("SIGKILL")
        expect(cell.locator(".meta")).to_contain_text("lost")
        expect(page.locator(".kernel")).to_contain_text("stopped")
        banner.get_by_role("button", name="Restart", exact=True).click()
        expect(banner).to_have_count(0)
        expect(page.locator(".kernel")).to_contain_text("ready")

    def test_what_a_kernel_uses_is_told_where_it_is_looked_at(self) -> None:
        """In the menu of the kernel, in the side, and on the home page; with the processes that it has started."""
        page = self.notebook()
        code = "import subprocess\nheld = b'x' * 300_000_000\nchild = subprocess.Popen(['sleep', '60'])"
        self.finished(self.run_code(page, code))
        expect(page.locator(".side .kernel-line")).to_contain_text(re.compile(r"· ready · [34]\d\d MB"))
        page.locator(".kernel").click()
        expect(page.locator(".menu-note")).to_have_text(
            re.compile(r"^[34]\d\d MB of memory · \d+ % CPU · 2 processes$")
        )
        page.keyboard.press("Escape")
        page.goto(f"{self.server.origin}/")
        tile = page.locator(".tile", has_text=self._testMethodName)
        expect(tile).to_contain_text(re.compile(r"ready\s*· [34]\d\d MB"))

    def test_a_kernel_is_shut_down_and_started_again(self) -> None:
        """The menu of the kernel ends it, which is no death, and starts it."""
        page = self.notebook()
        expect(page.locator(".kernel")).to_contain_text("ready")
        page.locator(".kernel").click()
        page.get_by_role("menuitem", name="Shut down…").click()
        page.get_by_role("dialog").get_by_role("button", name="Shut down").click()
        expect(page.locator(".kernel")).to_contain_text("stopped")
        expect(page.locator(".banner.bad")).to_have_count(0)
        page.locator(".kernel").click()
        page.get_by_role("menuitem", name="Start kernel").click()
        expect(page.locator(".kernel")).to_contain_text("ready")

    def test_a_session_without_a_kernel_gets_one_when_something_runs(self) -> None:
        """Nobody has to choose a kernel before the first run."""
        session = str(self.server.call("session.create")["id"])
        self.sessions.append(session)
        page = self.open(session)
        expect(page.locator(".kernel")).to_contain_text("No kernel")
        expect(page.locator(".cm-content")).to_be_focused()
        cell = self.run_code(page, "6 * 7")
        expect(cell.locator(".out .text")).to_have_text("42")

    def test_another_kernel_is_chosen(self) -> None:
        """The menu of the kernel leads to the list of all kernelspecs."""
        page = self.notebook()
        expect(page.locator(".kernel")).to_contain_text("ready")
        page.locator(".kernel").click()
        page.get_by_role("menuitem", name="Change kernel…").click()
        dialog = page.get_by_role("dialog", name="Choose a kernel")
        expect(dialog.get_by_role("button", name=re.compile("Python 3"))).to_contain_text("running now")
        page.keyboard.press("Escape")
        expect(dialog).to_have_count(0)

    def test_cells_queued_behind_an_error_say_that_they_were_not_run(self) -> None:
        """An error stops the queue; each cell says so."""
        page = self.notebook()
        self.put(page, "input(); 1/0")
        page.keyboard.press("Shift+Enter")
        expect(page.locator(".stdin input")).to_be_focused()
        page.locator(".cm-content").click()
        second = self.run_code(page, "2")
        page.locator(".stdin input").press("Enter")
        expect(page.locator(".tb summary")).to_contain_text("ZeroDivisionError")
        expect(second.locator(".meta")).to_contain_text("not run")
