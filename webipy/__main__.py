"""`python -m webipy` is the `webipy` command."""

from webipy.start import main

main()
