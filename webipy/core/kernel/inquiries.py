"""Inquiries: what is asked of a kernel and is no part of the document, such as completions and its variables.

The reply goes to the caller alone: an inquiry is no execution, and nothing about it is an event. Its request is known
by its id alone, so that a server that was restarted keeps apart, too, what the kernel says for an inquiry of the one before.

    a kernel with the boot file ──► on control: `webipy.kernel_programs.inquiries` answers it while code runs
    any other kernel            ──► on shell, when no code runs; what it prints or shows then goes nowhere
"""

from __future__ import annotations

from typing import Final

FEATURE: Final = "webipy inquiries"
"""What a kernel has among its `supported_features` (Jupyter messaging 5.5, kernel_info_reply) when it answers while code runs."""

REQUEST: Final = "webipy_inquiry_request"
"""Asks a function of a program of webipy's: `module`, `function`, `arguments`, and `source` for a kernel that has no such module yet."""

REPLY: Final = "webipy_inquiry_reply"
"""Its content: `status`, and `data` (a MIME bundle) or `ename` and `evalue`."""

PASSING: Final = frozenset({"comm_open", "comm_msg", "comm_close"})
"""Messages of an inquiry that become events all the same: without them, widgets would be out of step with the kernel."""

_PREFIX: Final = "inquiry-"


def inquiry(of: str) -> str:
    """The id of an inquiry's request, made of one that nothing else has."""
    return _PREFIX + of


def is_inquiry(request: str | None) -> bool:
    """Whether a request, by its id, is one."""
    return request is not None and request.startswith(_PREFIX)
