"""The `webipy` command: what can be typed, and what it is for.

Data flow: click reads the command line; a command is an async function of a `Client`, which `connecting.run` brings to its end. What `exec` and
`attach` do is in command/running.py, what a terminal shows in command/terminal.py, how a session is named in command/lookup.py.

Start-up is part of the product: `webipy --help` imports click and nothing else, so everything heavier is imported inside the functions that need it.
No module of webipy imports this one, so no cycle can hide there.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from webipy.command import exit_statuses
from webipy.command.connecting import Target, run
from webipy.command.exit_statuses import FAILED, OK
from webipy.command.journal_commands import journal
from webipy.command.login_commands import logins
from webipy.command.merge_commands import diff, merge
from webipy.command.options import ExportFormats, env_option, json_option, server_options
from webipy.command.program import Program
from webipy.command.run_options import NamedValues, course_options, named, parameter_options, result_options

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
      webipy doctor              what is wrong with this installation, if anything
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

    A session is a journal of everything that happened in it, with at most one kernel. Other commands take its ID (the start is enough), its
    title or its path. MEMORY and CPU (100% is one processor) are those of the kernel and of the processes that it has started.
    """

    async def command(client: Client) -> int:
        from datetime import UTC, datetime

        from webipy.command.lookup import Listed, sessions_table
        from webipy.command.terminal import print_json
        from webipy.core.api import calls

        found = await client.call("session.list", {}, calls.SessionList)
        used = await client.call("kernel.usage", {}, calls.UsageList)
        if as_json:
            print_json(Listed(sessions=found.sessions, usage=used.kernels))
        elif found.sessions:
            click.echo(sessions_table(found.sessions, datetime.now(UTC), used.kernels))
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

    Install more with their own installers, such as R's IRkernel or `pip install bash_kernel`; they are found at once. The default is marked
    with a star.
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
    """Print a fresh address of the page.

    The address signs a browser in; it works once. Without SESSION it is that of the start page.
    """

    async def command(client: Client) -> int:
        from webipy.command.lookup import the_session
        from webipy.command.terminal import print_json
        from webipy.core.api import calls

        found = await the_session(client, session) if session is not None else None
        page = calls.OpenPage(session=found.id if found is not None else None)
        code = await client.call("server.launch_code", page, calls.LaunchCode)
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
    "--can", type=click.Choice(["view", "edit", "run"]), default="view", show_default=True, help="What it gives."
)
@click.option("--days", type=click.IntRange(1, 365), default=7, show_default=True, help="How long the link counts.")
@click.option("--name", "label", metavar="LABEL", default="", help="For whom it is meant, as a note for you.")
@click.option("--list", "is_listed", is_flag=True, help="List the links of the session, and who came by them.")
@click.option("--revoke", metavar="ID", help="End a link, and the logins that came by it.")
@json_option
@server_options
def share(target: Target, session: str, is_listed: bool, revoke: str | None, as_json: bool, **wanted: Any) -> None:
    """Print a link that lets somebody else into a session. SESSION is its ID, its title, or the path of a notebook.

    Whoever opens it gives a name and is in that session, and nowhere else. With --can run they run code as you: that is whatever you can do.

    \b
    Examples:
      webipy share report.ipynb
      webipy share report.ipynb --can edit --days 30 --name Grace
      webipy share report.ipynb --list
      webipy share report.ipynb --revoke 3f2a
    """
    if is_listed and revoke is not None:
        raise click.UsageError("--list and --revoke do not go together.")

    async def command(client: Client) -> int:
        from webipy.command import sharing

        if is_listed:
            return await sharing.show(client, session, as_json)
        if revoke is not None:
            return await sharing.revoke(client, session, revoke, as_json)
        return await sharing.make(client, target, sharing.Share(session, as_json=as_json, **wanted))

    run(target, command)


main.add_command(logins)


# ---- kernels ------------------------------------------------------------------------------------------------------


def tell_kernel(target: Target, session: str, method: str, done: str, as_json: bool, not_done: str = "") -> None:
    """Call a method on the kernel of a session, and say that it was done, or that there was nothing to do."""

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
    """Interrupt what a session runs, as ^C would."""
    tell_kernel(target, session, "kernel.interrupt", "Interrupted.", as_json, "Nothing runs there.")


@main.command()
@click.argument("session")
@json_option
@server_options
def restart(target: Target, session: str, as_json: bool) -> None:
    """Give a session a new kernel process.

    Variables are lost; what was printed stays, and so does the session. What was queued is not run.
    """
    tell_kernel(target, session, "kernel.restart", "Restarting: variables are gone, outputs stay.", as_json)


@main.command()
@click.argument("session")
@json_option
@server_options
def kill(target: Target, session: str, as_json: bool) -> None:
    """End the kernel of a session at once.

    Variables are lost; what was printed stays. The next `webipy exec` in this session starts a new kernel.
    """
    tell_kernel(target, session, "kernel.kill", "Killed.", as_json)


@main.command()
@click.argument("session")
@click.option("--discard", is_flag=True, help="Close it also when its document cannot be saved.")
@json_option
@server_options
def close(target: Target, session: str, discard: bool, as_json: bool) -> None:
    """Close a session: its document is saved, its kernel shut down.

    Its journal stays on the server's disk.
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
    "-k", "--kernel", metavar="NAME", help="Kernel for a session that has none yet; `webipy specs` lists them."
)
@env_option
@click.option(
    "--save-figures",
    metavar="DIR",
    help="Save the pictures in the outputs there; the text says where. Large ones are saved at the end.",
)
@click.option("--fresh", is_flag=True, help="Run in a session of its own, closed afterwards; it needs no server.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="SECONDS",
    help="Interrupt the code after so many seconds; with --fresh its kernel is killed if it does not react.",
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
    as_json: bool,
) -> None:
    """Run CODE, or a script with -f, or (with -) the code on standard input.

    The output comes as it is made, each stream on its own. Code runs in the session `shell` unless told otherwise, so that variables stay from
    one command to the next; browsers see the same session live. `input()` reads the lines of standard input. ^C interrupts the code; a second
    ^C leaves it running.

    A script is run as `python FILE ARGUMENTS` runs it, in the session and its working directory: sys.argv, __file__ and sys.path[0] are its own
    for that time, sys.exit(3) makes the exit status 3, and tracebacks name its lines. What begins with - goes behind --.

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
    if fresh and session is not None:
        raise click.UsageError("--fresh makes a session of its own; it does not go with -s.")
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
            reactor, text, session, kernel, env, fresh, timeout, as_json, server.options, script, save_figures
        )
        run(server, execution.command, execution.interrupt)


@main.command()
@click.argument("session")
@click.option("--since", type=click.IntRange(min=0), metavar="SEQ", help="Show everything after this event first.")
@click.option("--all", "everything", is_flag=True, help="Show everything from the start first.")
@json_option
@server_options
def attach(target: Target, session: str, since: int | None, everything: bool, as_json: bool) -> None:
    """Watch a session: what is run in it, by whomever, and what it prints.

    ^C ends the watching; what runs goes on. In a terminal you can answer input() here, too. With --json each event is one line.
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
@click.option("-f", "--follow", is_flag=True, help="Show what comes, too, until the session is closed.")
@json_option
@server_options
def logs(target: Target, session: str, follow: bool, as_json: bool) -> None:
    """Show what the kernel of a session wrote past its notebook, and what its host says.

    That is where a kernel says why it does not start, and a crash leaves its dump. The kernel's log comes on standard output, the host's on standard
    error. Of a kernel whose host is gone the last words are kept.
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

    NOTEBOOK is a file below the server's root, named from here or from the root, or - for one that comes by standard input. OUT may stand after it,
    too. The working directory is the notebook's folder. A notebook that is open already runs in its session, where everybody sees it; else a
    session is made for the run, which the server closes at its end unless somebody else has come to use it. OUT is written whole, at
    the end: a run that fails leaves there what ran, one that is stopped leaves OUT as it was, and its own result beside it.

    Parameters are set by a cell after the one with the tag `parameters`, as papermill does it. A cell with the tag `skip-execution`
    is not run; the failure of one with `raises-exception` is none of the run; sys.exit(0) ends the run well.
    Where no server runs, the run has one of its own, in the folder that holds NOTEBOOK and OUT, which ends with it; so it does in the job of a
    build.

    ^C stops the run; a second ^C leaves it running. So does the end of this command by anything but SIGTERM; --follow takes it up again.

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
            raise click.UsageError("--keep and --follow need a server that goes on. Start one: webipy serve")
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
    help="Format to make; pdf needs a Chromium on the server, and latex, rst and asciidoc pandoc.",
)
@click.option("--no-input", is_flag=True, help="Leave the code out.")
@click.option("--no-prompt", is_flag=True, help="Leave the numbers of cells out.")
@click.option("--template", metavar="NAME", help="Template for html, slides and pdf: one installed beside nbconvert.")
@click.option("-o", "--output", metavar="OUT", help="File or folder to write to; - is standard output. [default: here]")
@click.option("--overwrite", is_flag=True, help="Replace OUT if it exists.")
@json_option
@server_options
def export(target: Target, no_input: bool, no_prompt: bool, template: str | None, **wanted: Any) -> None:
    """Make another format of NOTEBOOK.

    NOTEBOOK is a file below the server's root, named from here or from the root. What is exported is what the server has of it now, with the outputs
    that are shown; nothing is executed. Where no server runs, the command has one of its own.

    html is one file that needs no others; markdown, latex, rst and asciidoc are a zip when there are pictures.
    Tags of cells count: remove-cell, remove-input and remove-output leave something out, hide-cell, hide-input and hide-output fold it.

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
@click.option("--json", "as_json", is_flag=True, help="Print a failure as JSON, too; results are JSON in any case.")
@server_options
def call(target: Target, method: str, params: str, as_json: bool) -> None:
    """Call any METHOD of the API; PARAMS is a JSON object (- reads it from standard input).

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
            raise click.BadParameter('params are an object, such as {"session": "..."}', param_hint="PARAMS")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as fault:
        raise click.BadParameter(f"this is not JSON: {fault}", param_hint="PARAMS") from None

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
    """Check this installation, and say what to do about each problem.

    The exit status is 1 when there is one.
    """
    from webipy.command import doctor as examination

    findings = examination.examine(target.state_folder, target.find)
    if as_json:
        from webipy.command.terminal import print_json

        print_json(examination.Report(findings=findings))
    else:
        click.echo(examination.text_of(findings))
    sys.exit(FAILED if any(finding.is_problem for finding in findings) else OK)


if __name__ == "__main__":
    main()
