"""The terminals of a server, and who reads them."""
