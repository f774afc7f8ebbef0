"""webipy as the server of one user of a JupyterHub."""
