"""Imports Twisted and Autobahn without TLS and WAMP, which are imported when something asks for them.

Both packages import all that they may need: Twisted's transports import pyOpenSSL, and so cryptography, in case a connection is encrypted; the
`__init__` of Autobahn's Twisted part imports WAMP, and so cryptography again. A server that browsers reach by plain http on loopback, or through
a proxy, uses neither, and they would be a sixth of its memory. While this module is imported, they are kept from the modules that only look
whether they are there; afterwards everybody imports them as ever.

Who wants TLS after that gets it: `twisted.internet.ssl`, `twisted.protocols.tls` and `twisted.web.client` import it themselves, and
`wrapClientTLS` of `twisted.internet.endpoints`, which has found none, is given one that imports it at the first connection. For the life of the
process these are missing, which webipy does without: `startTLS` of plain transports, `listenSSL` and `connectSSL` of the reactor, TLS in
descriptions of endpoints, and WAMP in the names of `autobahn.twisted`. That is why the programs of webipy import this module and its Python
client does not: a script that uses the client may want them.

Import it before anything that imports Twisted's transports or Autobahn. Where one of these is there already, nothing is changed.

Rejected: `None` in `sys.modules` for as long as the process lives (a webhook by https would fail); `importlib.util.LazyLoader` (`from OpenSSL.SSL
import Error` loads at once); TLS on or off by options (a browser may subscribe to Web Push, which is https, at any time).
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, Final

_LOOKING: Final = ("twisted.internet.posixbase", "twisted.internet.endpoints", "autobahn.twisted.websocket")
"""The modules that look whether TLS is there; what they import belongs to them."""

_TLS: Final = "OpenSSL"
_WAMP: Final = "autobahn.twisted.wamp"
_OF_WAMP: Final = ("cbor2", "click")
"""What Autobahn looks for, and uses in WAMP only."""


def _tls_factory(*arguments: Any, **options: Any) -> Any:
    """Twisted's TLSMemoryBIOFactory, imported when it is called."""
    from twisted.protocols.tls import TLSMemoryBIOFactory

    return TLSMemoryBIOFactory(*arguments, **options)


def _import_without_them() -> None:
    if not {_TLS, _WAMP, "twisted.internet.tcp", "twisted.internet.endpoints"}.isdisjoint(sys.modules):
        return
    wamp = ModuleType(_WAMP)
    wamp.__dict__["__getattr__"] = lambda name: None  # whatever the `__init__` of Autobahn wants to have of it
    missing: Any = None  # what the import system takes for a module that is not there
    hidden = {_TLS: missing, _WAMP: wamp, **{name: missing for name in _OF_WAMP if name not in sys.modules}}
    sys.modules.update(hidden)
    try:
        for name in _LOOKING:
            importlib.import_module(name)
    finally:
        for name in hidden:
            del sys.modules[name]
    sys.modules["twisted.internet.endpoints"].__dict__["TLSMemoryBIOFactory"] = _tls_factory


_import_without_them()
