"""webipy: IPython, and every other Jupyter kernel, over the web, on Twisted."""
