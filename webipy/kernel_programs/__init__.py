"""What runs inside a kernel: loaded there by path, or sent as text. The standard library alone, unless a module says otherwise."""
