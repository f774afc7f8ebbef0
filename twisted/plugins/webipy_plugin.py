"""Tells `twistd` that the subcommand `webipy` exists.

Twisted imports every plugin module to list its subcommands, so nothing of webipy is imported here: `webipy.twistd` is loaded
only when `twistd webipy` is chosen. The folder has no `__init__.py`: Twisted joins all `twisted/plugins` folders on `sys.path`.
"""

from __future__ import annotations

from twisted.application.service import ServiceMaker

webipy = ServiceMaker("webipy", "webipy.twistd", "IPython and every other Jupyter kernel, over the web.", "webipy")
