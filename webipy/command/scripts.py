"""Scripts from files and standard input, as Python reads them, and what a Python kernel gets before one.

A file is text in the encoding that it names (PEP 263), else UTF-8, with or without a BOM; its line ends are made `\\n`. What the kernel has to know
beside the code is in `webipy/kernel_programs/run_script.py`, whose text is sent to it.
"""

from __future__ import annotations

import io
import os
import tokenize
from pathlib import Path
from typing import Final

import msgspec

from webipy.command.lookup import Wrong
from webipy.command.streams import read_all

STANDARD_INPUT: Final = "-"


class Script(msgspec.Struct, frozen=True):
    """What is to be run.

    Args:
        code: Its text.
        path: Its absolute path; `None` for one that has no file.
        arguments: `sys.argv`: its name as the user wrote it, and what follows.
    """

    code: str
    path: str | None
    arguments: list[str]

    def announcement(self) -> str:
        """Code for a Python kernel: the next execution of this script's code is to be as if `python` ran it."""
        side = Path(__file__).parent.parent / "kernel_programs" / "run_script.py"
        program = f"{side.read_text('utf-8')}\nannounce(shell and shell(), *given)\n"
        given = (self.code, self.path, self.arguments)
        names = f"{{'__name__': 'webipy.kernel_programs.run_script', 'given': {given!r}, 'shell': globals().get('get_ipython')}}"
        return f"exec(compile({program!r}, 'webipy/kernel_programs/run_script.py', 'exec'), {names})"


def code_argument(argument: str) -> str:
    """Code from the command line; bytes that the locale does not know are UTF-8.

    Raises:
        Wrong: They are not.
    """
    return decoded(os.fsencode(argument), "The code") if _has_surrogates(argument) else argument


def _has_surrogates(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def code_of_input() -> str:
    """The code on standard input.

    Raises:
        Wrong: It is no text.
        StreamFault: It cannot be read.
    """
    return decoded(read_all(), "Standard input")


def script(name: str, arguments: tuple[str, ...]) -> Script:
    """Reads a script from a file, or (`-`) from standard input.

    Args:
        name: The file.
        arguments: What follows the name of the script in `sys.argv`.

    Raises:
        Wrong: There is no such file, or it is no text.
        StreamFault: Standard input cannot be read.
    """
    if name == STANDARD_INPUT:
        return Script(code_of_input(), None, [name, *arguments])
    try:
        body = Path(name).read_bytes()
    except OSError as fault:
        raise Wrong(f"{name} cannot be read: {fault.strerror or fault}.") from None
    return Script(decoded(body, name), os.path.abspath(name), [name, *arguments])


def decoded(body: bytes, where: str) -> str:
    """Decodes a program as Python does.

    Source: PEP 263.

    Args:
        body: The bytes of the program.
        where: The place that they come from, for the message.

    Raises:
        Wrong: The bytes are no text in that encoding.
    """
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(body).readline)
        text = body.decode(encoding)
    except SyntaxError as fault:
        raise Wrong(f"{where} is no text that can be run: {fault.msg}.") from None
    except UnicodeDecodeError as fault:
        hint = "a line `# -*- coding: latin-1 -*-` at its top names another encoding"
        raise Wrong(f"{where} is no {fault.encoding} text (byte {fault.start}); {hint}.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")
