"""The short process that turns documents into other formats: `python -m webipy.converter FOLDER`."""
