"""The exit statuses of the commands, and the texts that list them in `--help`.

It imports nothing, so that `webipy --help` stays fast. A reader of the output that goes away (`| head`) ends a command by SIGPIPE, which a shell
shows as 141.
"""

from __future__ import annotations

from typing import Final

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
"""The command line is wrong; click itself uses this one."""
LOST: Final = 3
"""The kernel died while it ran the code."""
NO_SERVER: Final = 4
NOT_STARTED: Final = 5
"""`webipy run`: the kernel did not start."""
TIMED_OUT: Final = 124
"""`webipy run --timeout`: as timeout(1) has it."""
BY_SIGNAL: Final = 128
"""The number of the signal is added to it."""
LEFT: Final = 130
"""^C: 128 and the number of SIGINT."""

SAME, DIFFERENT, TROUBLE = 0, 1, 2
"""`webipy diff`: as diff(1) has it."""
FAILED_FOR_GIT: Final = 129
"""`webipy merge` cannot read or write a file: over 128, so that git stops and does not take it for a conflict."""

EVERY_COMMAND: Final = """\b
Exit status:
  0    the command succeeded
  1    the command failed; a message gives the reason
  2    the command line is wrong, or names something that does not exist
  4    no server can be reached, or the server refuses the token
  130  you ended the command (^C)
  141  the reader of the output went away (SIGPIPE)
"""

OF_EXEC: Final = """\b
Exit status:
  0    the code ran to its end
  1    the code raised an error, was cancelled, or did not run after an earlier error
  2    the command line is wrong, or names something that does not exist
  3    the kernel died
  4    no server can be reached, or the server refuses the token
  130  you left the code running (^C twice)
  141  the reader of the output went away (SIGPIPE); the code goes on
  N    the code called sys.exit(N)
"""

OF_CONSOLE: Final = """\b
Exit status:
  0    you left, or the session was closed
  1    the command failed; a message gives the reason
  2    there is no terminal, or the command line names something that does not exist
  4    no server can be reached, or the server refuses the token
  129  the terminal was closed (SIGHUP); the code goes on
  143  the command was ended (SIGTERM); the code goes on
"""

OF_TERMINAL: Final = """\b
Exit status:
  0    you left the terminal; its shell goes on
  1    the command failed, or the terminal was closed; a message gives the reason
  2    there is no terminal here, or the command line names something that does not exist
  4    no server can be reached, or the server refuses the token
  129  the terminal here was closed (SIGHUP); the shell goes on
  143  the command was ended (SIGTERM); the shell goes on
  N    the shell ended with exit status N
"""

OF_RUN: Final = """\b
Exit status:
  0    every cell ran to its end
  1    a cell raised an error, was cancelled, or did not run after an earlier error
  2    the command line is wrong
  3    the kernel died
  4    no server can be reached
  5    the kernel did not start, or not in time
  124  the run took longer than --timeout
  129  the terminal was closed (SIGHUP): the run goes on; with --attached it ends
  130  you left the run (^C twice)
  143  the command was ended (SIGTERM), and the run with it
"""
