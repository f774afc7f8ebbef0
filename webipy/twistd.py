"""What twistd loads for its subcommand `webipy`: the options and the service, imported as fast as that goes.

Most of a start is imports. TLS and WAMP wait until something asks for them (webipy.io.imports_on_demand), and the garbage collector waits for the
end and then leaves aside what was imported: that stays as long as the process, and to look through it, once now and again in every full
collection later, would be a tenth of the start.
"""

from __future__ import annotations

import gc

_collects = gc.isenabled()
gc.disable()
try:
    import webipy.io.imports_on_demand  # noqa: F401  before whatever imports Twisted's transports or Autobahn

    # isort: split
    from webipy.server_options import Options
    from webipy.service import makeService
finally:
    gc.freeze()
    if _collects:
        gc.enable()

__all__ = ["Options", "makeService"]
