"""Which sites' pages may open a live connection here. Pure.

Nothing is at stake but load: a connection can do nothing without a viewer's token, and browsers
attach none by themselves. Programs send no Origin and may come in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

_DEFAULT_PORT: Final = {"http": ":80", "https": ":443"}
_ORIGIN: Final = re.compile(r"(https?)://([^/?#@\s]+)")


class Origins:
    """`allowed` are origins such as https://venue.example or https://*.venue.example:8443."""

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        normal = [said for origin in allowed if (said := _normal(origin)) is not None]
        self._exact = frozenset(origin for origin in normal if "://*." not in origin)
        self._below = [tuple(o.split("://*", 1)) for o in normal if "://*." in o]

    def admit(self, said: Sequence[str], host: str) -> bool:
        """Whether a request to `host` with these Origin headers may come in.

        `host` is the Host header: a page from the same host and port is our own. An opaque origin
        ("null": a sandboxed frame, a file) and more than one origin are strangers.
        """
        if not said:
            return True
        origin = _normal(said[0]) if len(said) == 1 else None
        if origin is None:
            return False
        scheme, _, origin_host = origin.partition("://")
        if origin_host == host.lower().removesuffix(_DEFAULT_PORT[scheme]):
            return True
        return origin in self._exact or any(
            scheme == its_scheme and origin_host.endswith(suffix)
            for its_scheme, suffix in self._below
        )


def _normal(origin: str) -> str | None:
    """Lower case, without a default port; None for what is no origin of a site."""
    match = _ORIGIN.fullmatch(origin.strip().lower())
    if match is None:
        return None
    scheme, host = match.groups()
    return f"{scheme}://{host.removesuffix(_DEFAULT_PORT[scheme])}"
