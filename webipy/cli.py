"""The `webipy` command: what can be typed, and what it is for.

Data flow: click reads the command line; a command is an async function of a `Client`, which `connecting.run` runs to its end. What a command does
stands in a module of webipy/command that is named after it (running.py for `exec`, notebooks.py for `run`); the options that several commands share
are in command/options.py, and commands that have subcommands or arguments of their own in command/*_commands.py.

Start-up is part of the product: `webipy --help` imports click and nothing else, so everything heavier is imported inside the functions that need it.
No module of webipy imports this one, so no cycle can hide there.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from webipy.command import exit_statuses
from webipy.command.audit_commands import audit
from webipy.command.connecting import Target, run
from webipy.command.console_commands import connection, console
from webipy.command.exit_statuses import FAILED, OK
from webipy.command.handout_commands import hand_out
from webipy.command.journal_commands import journal
from webipy.command.login_commands import logins
from webipy.command.merge_commands import diff, merge
from webipy.command.options import ExportFormats, by_name_options, env_option, json_option, server_options
from webipy.command.program import Program
from webipy.command.run_options import NamedValues, course_options, named, parameter_options, result_options
from webipy.command.terminal_commands import terminal
from webipy.command.token_commands import token
from webipy.command.user_commands import login, logout, user

if TYPE_CHECKING:
    from webipy.client.client import Client


@click.group(cls=Program, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="webipy", message="webipy %(version)s")
def main() -> None:
    """IPython and every other Jupyter kernel, over the web.

    A server owns the kernels and everything they ever printed. Browsers and this command are its clients: what you start in one you see in the
    other, and closing either stops nothing.

    \b
    Begin with:
      webipy serve               start a server; it prints an address for your browser
      webipy exec 'print(1+1)'   run code from another terminal
      webipy console             type code line by line, in the same session
      webipy doctor              check this installation
    """


@main.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []},
)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def serve(options: tuple[str, ...]) -> None:
    """Start a server here and print its address.

    The same as `twistd -n webipy`. See `webipy serve --help` for the options.
    """
    from webipy.command import serving

    serving.serve(list(options))


# ---- sessions -----------------------------------------------------------------------------------------------------


@main.command("ls")
@json_option
@server_options
def list_sessions(target: Target, as_json: bool) -> None:
    """List the sessions.

    A session keeps everything that happened in it, and has at most one kernel. Other commands name a session by its ID (the start is enough), its
    title or its path. MEMORY and CPU (100% is one processor) are those of the kernel and of the processes that it has started.
    """

    async def command(client: Client) -> int:
        from datetime import UTC, datetime

        from webipy.command.lookup import Listed, sessions_table, usage_of
        from webipy.command.terminal import print_json
        from webipy.core.api import calls

        found = await client.call("session.list", {}, calls.SessionList)
        used = await usage_of(client, found.sessions)
        if as_json:
            print_json(Listed(sessions=found.sessions, usage=used))
        elif found.sessions:
            click.echo(sessions_table(found.sessions, datetime.now(UTC), used))
        else:
            click.echo(
                "There are no sessions. Begin with: webipy exec 'print(1)', or in a browser: webipy open", err=True
            )
        return OK

    run(target, command)


main.add_command(journal)


@main.command()
@json_option
@server_options
def specs(target: Target, as_json: bool) -> None:
    """List the kernels that can be started.

    More kernels have installers of their own, such as R's IRkernel or `pip install bash_kernel`; the server finds them at once. A star marks
    the default.
    """

    async def command(client: Client) -> int:
        from webipy.command.escapes import Escapes
        from webipy.command.terminal import print_json, table
        from webipy.core.api import calls

        found = await client.call("kernelspec.list", {}, calls.KernelspecList)
        if as_json:
            print_json(found)
            return OK
        rows = [
            ["*" if spec.name == found.default else "", spec.name, spec.language, spec.display_name]
            for spec in found.kernelspecs
        ]
        click.echo(table(["", "NAME", "LANGUAGE", "DESCRIPTION"], rows))
        for spec in found.kernelspecs:
            if spec.note:
                click.echo(Escapes(False).clean(f"{spec.name}: {spec.note}"))
        for name, reason in found.broken.items():
            click.echo(Escapes(False).clean(f"webipy: {name} cannot be read: {reason}"), err=True)
        return OK

    run(target, command)


@main.command("open")
@click.argument("session", required=False)
@click.option("--browser", is_flag=True, help="Open the address in a browser, too.")
@json_option
@server_options
def open_page(target: Target, session: str | None, browser: bool, as_json: bool) -> None:
    """Print a new address of the page.

    The address signs a browser in and works once. It opens SESSION, or without SESSION the start page.
    """

    async def command(client: Client) -> int:
        from msgspec.structs import replace

        from webipy.command.lookup import the_session
        from webipy.command.page_links import reached
        from webipy.command.terminal import print_json
        from webipy.core.api import calls

        found = await the_session(client, session) if session is not None else None
        page = calls.OpenPage(session=found.id if found is not None else None)
        made = await client.call("server.launch_code", page, calls.LaunchCode)
        code = replace(made, url=await reached(client, target, made.url, page.session))
        if as_json:
            print_json(code)
        else:
            click.echo(code.url)
        if browser:
            import webbrowser

            if not webbrowser.open(code.url):
                click.echo("webipy: No browser could be started here; open the address yourself.", err=True)
        return OK

    run(target, command)


@main.command()
@click.argument("session")
@click.option(
    "--can",
    type=click.Choice(["view", "edit", "run"]),
    default="view",
    show_default=True,
    help="The right of the guest.",
)
@click.option(
    "--days", type=click.IntRange(1, 365), default=7, show_default=True, help="Number of days that the link works."
)
@click.option("--name", "label", metavar="LABEL", default="", help="A note for you, such as the name of the guest.")
@by_name_options
@click.option("--list", "is_listed", is_flag=True, help="List who can open it, by links and by name.")
@click.option("--revoke", metavar="ID", help="Revoke a link, and sign its guests out.")
@json_option
@server_options
def share(target: Target, session: str, is_listed: bool, revoke: str | None, as_json: bool, **wanted: Any) -> None:
    """Print a link that opens a session to a guest. SESSION is its ID, its title, or the path of a notebook.

    The guest enters a name and can use this session only. With --can run the guest runs code as you, and so can do whatever you can do.
    With --with nothing is printed: somebody who has an account on this server finds it in their page. SESSION can be a folder then, and with --list.

    \b
    Examples:
      webipy share report.ipynb
      webipy share report.ipynb --can edit --days 30 --name Grace
      webipy share report.ipynb --with ada --may edit
      webipy share data --with everybody
      webipy share report.ipynb --list
      webipy share report.ipynb --revoke 3f2a
    """
    whom, may = wanted.pop("whom"), wanted.pop("may")
    if is_listed + (revoke is not None) + (whom is not None) > 1:
        raise click.UsageError("--list, --revoke and --with cannot be used together.")

    async def command(client: Client) -> int:
        from webipy.command import sharing

        if is_listed:
            return await sharing.show(client, session, as_json)
        if whom is not None:
            return await sharing.give(client, session, whom, may, as_json)
        if revoke is not None:
            return await sharing.revoke(client, session, revoke, as_json)
        return await sharing.make(client, target, sharing.Share(session, as_json=as_json, **wanted))

    run(target, command)


for grouped in (hand_out, logins, user, login, logout, token, audit):
    main.add_command(grouped)


# ---- kernels ------------------------------------------------------------------------------------------------------


def call_kernel(target: Target, session: str, method: str, done: str, as_json: bool, not_done: str = "") -> None:
    """Calls a method on the kernel of a session, and prints what it has done.

    Args:
        target: The server.
        session: The session, as the user has typed it.
        method: The method of the API.
        done: Printed when the method has done something.
        as_json: Whether to print the result as JSON, too.
        not_done: Printed when there was nothing to do; empty when that cannot be.
    """

    async def command(client: Client) -> int:
        import msgspec

        from webipy.command.lookup import the_session
        from webipy.command.terminal import print_json
        from webipy.core.api import calls

        found = await the_session(client, session)
        result = await client.call_raw(method, msgspec.json.encode({"session": found.id}))
        if as_json:
            print_json(result)
        was_done = not not_done or msgspec.json.decode(result, type=calls.Interrupted).interrupted
        click.echo(f"webipy: {done if was_done else not_done}", err=True)
        return OK

    run(target, command)


@main.command()
@click.argument("session")
@json_option
@server_options
def interrupt(target: Target, session: str, as_json: bool) -> None:
    """Interrupt the code that a session runs, as ^C does."""
    call_kernel(target, session, "kernel.interrupt", "Interrupted.", as_json, "The session runs no code.")


@main.command()
@click.argument("session")
@json_option
@server_options
def restart(target: Target, session: str, as_json: bool) -> None:
    """Restart the kernel of a session.

    Variables are lost; the session and its outputs stay. Code that is queued does not run.
    """
    call_kernel(target, session, "kernel.restart", "The kernel restarts: variables are lost, outputs stay.", as_json)


@main.command()
@click.argument("session")
@json_option
@server_options
def kill(target: Target, session: str, as_json: bool) -> None:
    """Kill the kernel of a session.

    Variables are lost; outputs stay. The next `webipy exec` in this session starts a new kernel.
    """
    call_kernel(target, session, "kernel.kill", "The kernel is killed.", as_json)


@main.command()
@click.argument("session")
@click.option("--discard", is_flag=True, help="Close the session even if its document cannot be saved.")
@json_option
@server_options
def close(target: Target, session: str, discard: bool, as_json: bool) -> None:
    """Close a session: save its document, and shut its kernel down.

    Its journal stays on the disk of the server.
    """

    async def command(client: Client) -> int:
        from webipy.command.lookup import the_session
        from webipy.command.terminal import print_json
        from webipy.core.api import calls

        found = await the_session(client, session)
        asked = calls.CloseSession(session=found.id, discard=discard)
        done = await client.call("session.close", asked, calls.Done)
        if as_json:
            print_json(done)
        click.echo("webipy: Closed.", err=True)
        return OK

    run(target, command)


# ---- running code -------------------------------------------------------------------------------------------------


@main.command("exec", epilog=exit_statuses.OF_EXEC)
@click.argument("code", required=False)
@click.argument("arguments", nargs=-1)
@click.option("-f", "--file", metavar="FILE", help="Run the script in a file, with ARGUMENTS as its sys.argv.")
@click.option("-s", "--session", metavar="SESSION", help="Session to run in: ID, title or path. [default: shell]")
@click.option(
    "-k", "--kernel", metavar="NAME", help="Kernel for a session that has none yet; `webipy specs` lists the kernels."
)
@env_option
@click.option(
    "--save-figures",
    metavar="DIR",
    help="Save the pictures of the outputs in this folder, and print their paths. Large pictures are saved at the end.",
)
@click.option("--fresh", is_flag=True, help="Run in a new session that is closed afterwards; needs no running server.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Interrupt the code after so many seconds; with --fresh the kernel is killed if it does not react.",
)
@click.option(
    "--notify",
    is_flag=True,
    help="Tell me when it has ended, wherever I am then: in a page, and as the server's --notify-webhook and --smtp say.",
)
@json_option
@server_options
def execute(
    target: Target,
    code: str | None,
    arguments: tuple[str, ...],
    file: str | None,
    session: str | None,
    kernel: str | None,
    env: dict[str, str] | None,
    save_figures: str | None,
    fresh: bool,
    timeout: float | None,
    notify: bool,
    as_json: bool,
) -> None:
    """Run CODE, or a script (-f), or what standard input has (-).

    Output appears at once, standard output and standard error apart. Without -s the code runs in the session `shell`, so that variables stay from
    one command to the next; browsers see the same session live. `input()` reads the lines of standard input. ^C interrupts the code; a second
    ^C leaves it running.

    A script runs as `python FILE ARGUMENTS` runs it, in the session and its working directory: it has its own sys.argv, __file__ and sys.path[0],
    sys.exit(3) makes the exit status 3, and tracebacks name its lines. Put -- before ARGUMENTS that begin with -.

    \b
    Examples:
      webipy exec 'x = 41'
      webipy exec 'print(x + 1)'
      webipy exec -f train.py -s training -k python3 --env OMP_NUM_THREADS=4 -- --epochs 3
      echo 'print("hello")' | webipy exec -
      webipy exec --fresh --json '6 * 7'
    """
    from webipy.command import scripts

    script = None
    if file is not None:
        script = scripts.script(file, arguments if code is None else (code, *arguments))
    elif code is None or arguments:
        raise click.UsageError("Give the code, or a file with -f (and its arguments), or - for standard input.")
    if fresh and (session is not None or notify):
        raise click.UsageError("--fresh makes a new session; it cannot be used together with -s or --notify.")
    if script is None:
        code = scripts.code_of_input() if code == "-" else scripts.code_argument(code or "")
    from webipy.command.private import found_or_private

    if not fresh:
        target.find()
    with found_or_private(target, ["code"]) as (server, _):
        from twisted.internet import reactor

        from webipy.command.running import Execution

        text = script.code if script is not None else code or ""
        execution = Execution(
            reactor, text, session, kernel, env, fresh, timeout, as_json, server.options, script, save_figures, notify
        )
        run(server, execution.command, execution.interrupt)


main.add_command(console)
main.add_command(connection)
main.add_command(terminal)


@main.command()
@click.argument("session")
@click.option("--since", type=click.IntRange(min=0), metavar="SEQ", help="Begin with the events after this one.")
@click.option("--all", "everything", is_flag=True, help="Begin with the first event.")
@json_option
@server_options
def attach(target: Target, session: str, since: int | None, everything: bool, as_json: bool) -> None:
    """Watch the code that anybody runs in a session, and its output.

    ^C ends the command; code that runs goes on. In a terminal you can answer input() here, too. With --json each event is one line.
    """

    async def command(client: Client) -> int:
        from twisted.internet import reactor

        from webipy.command.lookup import the_session
        from webipy.command.watching import watch

        found = await the_session(client, session)
        return await watch(reactor, client, found, 0 if everything else since, as_json)

    run(target, command, cancelled=OK)


@main.command()
@click.argument("session")
@click.option("-f", "--follow", is_flag=True, help="Show new lines, too, until the session is closed.")
@json_option
@server_options
def logs(target: Target, session: str, follow: bool, as_json: bool) -> None:
    """Show what a kernel wrote outside of its notebook.

    Look here when a kernel does not start or has crashed. The log of the kernel goes to standard output, that of its host to standard error. When
    the host is gone, the end of both logs is kept.
    """

    async def command(client: Client) -> int:
        from twisted.internet import reactor

        from webipy.command.logs import show_logs
        from webipy.command.lookup import the_session

        found = await the_session(client, session)
        return await show_logs(reactor, client, found, follows=follow, as_json=as_json)

    run(target, command, cancelled=OK)


# ---- notebooks ----------------------------------------------------------------------------------------------------


@main.command("run", cls=NamedValues, epilog=exit_statuses.OF_RUN)
@click.argument("notebook")
@result_options
@parameter_options
@course_options
@json_option
@server_options
def run_notebook(target: Target, given: Any, timeout: float | None, as_json: bool, **options: Any) -> None:
    """Run a whole notebook and save it.

    NOTEBOOK is a path from here or from the server's root, or - for standard input. OUT can also follow NOTEBOOK. The working directory is the
    folder of the notebook. A notebook that is open runs in its session, where everybody sees the run; otherwise the run gets a new session, which
    the server closes at the end unless somebody else uses it. OUT is written whole, at the end: a run that fails writes the cells that ran; a run
    that is stopped leaves OUT unchanged and writes its result beside it.

    Parameters are set by a new cell after the cell with the tag `parameters`, as in papermill. A cell with the tag `skip-execution` does not run;
    a cell with the tag `raises-exception` may fail; sys.exit(0) ends the run with success. When no server runs, the command starts one in the
    folder that holds NOTEBOOK and OUT; that server ends with the command, also in the job of a build.

    ^C stops the run; a second ^C leaves it running. When the command ends in another way than by SIGTERM, the run goes on; --follow shows it again.

    \b
    Examples:
      webipy run report.ipynb
      webipy run report.ipynb -o reports/may.ipynb -p month=5 -p name=May
      webipy run train.ipynb --show --keep --timeout 3600
      webipy run report.ipynb --inspect
      webipy run - < report.ipynb > out.ipynb
    """
    from webipy.command.private import found_or_private

    options, paths = named(options, given, as_json)
    with found_or_private(target, paths) as (server, is_private):
        if is_private and (options["keep"] or options["follow"] is not None):
            raise click.UsageError("--keep and --follow need a running server. Start one: webipy serve")
        from twisted.internet import reactor

        from webipy.command.notebooks import NotebookCommand

        options["attached"] = options["attached"] or is_private
        command = NotebookCommand(reactor, timeout_s=timeout, as_json=as_json, options=server.options, **options)
        run(server, command.command, command.interrupt, on_end=command.end_by)


@main.command()
@click.argument("notebook")
@click.option(
    "--to",
    "format",
    type=ExportFormats(),
    default="html",
    show_default=True,
    help="Format of the result; pdf needs Chromium on the server; latex, rst and asciidoc need pandoc.",
)
@click.option("--no-input", is_flag=True, help="Leave the code out.")
@click.option("--no-prompt", is_flag=True, help="Leave the numbers of cells out.")
@click.option("--template", metavar="NAME", help="Template for html, slides and pdf: one installed beside nbconvert.")
@click.option("-o", "--output", metavar="OUT", help="File or folder to write to; - is standard output. [default: here]")
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@json_option
@server_options
def export(target: Target, no_input: bool, no_prompt: bool, template: str | None, **wanted: Any) -> None:
    """Export NOTEBOOK to another format.

    NOTEBOOK is a path from here or from the server's root. The server exports the notebook as it has it now, with its outputs, and runs no code.
    When no server runs, the command starts one that ends with the command.

    html is a single file; markdown, latex, rst and asciidoc become a zip file when there are pictures.
    The tags remove-cell, remove-input and remove-output leave parts of a cell out; hide-cell, hide-input and hide-output fold them.

    \b
    Examples:
      webipy export report.ipynb
      webipy export report.ipynb --to pdf -o /tmp/report.pdf
      webipy export report.ipynb --to script -o - | less
    """

    from os.path import abspath, dirname

    from webipy.command.private import found_or_private

    with found_or_private(target, [wanted["notebook"], dirname(abspath(wanted["notebook"]))]) as (server, _):

        async def command(client: Client) -> int:
            from twisted.internet import reactor

            from webipy.command.exporting import Export, run_export
            from webipy.core.api.formats import ExportOptions

            options = ExportOptions(not no_input, not no_prompt, template)
            return await run_export(reactor, client, server.find(), Export(options=options, **wanted))

        run(server, command)


main.add_command(diff)
main.add_command(merge)


# ---- anything -----------------------------------------------------------------------------------------------------


@main.command()
@click.argument("method")
@click.argument("params", required=False, default="{}")
@click.option("--json", "as_json", is_flag=True, help="Print a failure as JSON, too; a result is always JSON.")
@server_options
def call(target: Target, method: str, params: str, as_json: bool) -> None:
    """Call any METHOD of the API.

    PARAMS is a JSON object (- reads it from standard input).

    \b
    Examples:
      webipy call server.info
      webipy call session.rename '{"session": "...", "title": "Data"}'
      webipy call rpc.discover     lists every method with its params
    """
    import msgspec

    from webipy.command.streams import read_all
    from webipy.command.terminal import print_json
    from webipy.core import errors

    body = read_all() if params == "-" else params.encode(errors="surrogateescape")
    try:
        if not isinstance(msgspec.json.decode(body), dict):
            raise click.BadParameter('PARAMS must be a JSON object, such as {"session": "..."}', param_hint="PARAMS")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise click.BadParameter(f"PARAMS is not JSON: {fault}", param_hint="PARAMS") from None

    async def command(client: Client) -> int:
        try:
            print_json(await client.call_raw(method, body))
        except errors.Failure as failure:
            name = failure.facts.get("name", failure.name) if type(failure) is errors.Failure else failure.name
            code = failure.facts.get("code", failure.code) if type(failure) is errors.Failure else failure.code
            failure.args = (f"{name} ({code}): {failure.message}",)
            raise
        return OK

    run(target, command)


@main.command()
@json_option
@server_options
def doctor(target: Target, as_json: bool) -> None:
    """Check this installation, and give advice on each problem.

    With --url it asks that server, through whatever stands in front of it, and says what a proxy leaves away.

    The exit status is 1 when there is a problem.
    """
    from webipy.command import doctor as examination

    findings = examination.examine(target.state_folder, target.find, target.url is not None)
    if as_json:
        from webipy.command.terminal import print_json

        print_json(examination.Report(findings=findings))
    else:
        click.echo(examination.text_of(findings))
    sys.exit(FAILED if any(finding.is_problem for finding in findings) else OK)


if __name__ == "__main__":
    main()
