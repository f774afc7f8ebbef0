"""The API's methods as values: params and results, JSON-RPC, and who may do what."""
