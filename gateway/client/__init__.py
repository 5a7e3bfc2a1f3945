"""The server seen from outside: viewers and callers as programs."""
