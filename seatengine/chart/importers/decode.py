"""Typed JSON decoding whose errors name the exact place, list positions included."""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec

from seatengine.errors import BadChart
from seatengine.limits import MAX_CHART_FILE_BYTES

T = TypeVar("T")

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_WHERE: Final = re.compile(r"^(?P<reason>.*?)(?: - at `(?P<path>[^`]*)`)?$", re.DOTALL)
_STEP: Final = re.compile(r"\.([^.\[]+)|(\[\.\.\.\])")


def decode_json(data: bytes, type_: type[T]) -> T:
    """`data` as `type_`. Raises BadChart with the JSON path of the first thing that is wrong."""
    if len(data) > MAX_CHART_FILE_BYTES:
        raise BadChart("$", f"the file has {len(data)} bytes, {MAX_CHART_FILE_BYTES} are allowed")
    data = data.removeprefix(_BYTE_ORDER_MARK)
    if not data.strip():
        raise BadChart("$", "the file is empty")
    try:
        return msgspec.json.decode(data, type=type_)
    except msgspec.ValidationError as error:
        reason, path = _split(error)
        raise BadChart(_exact_path(data, type_, reason, path), reason) from None
    except msgspec.DecodeError as error:
        raise BadChart("$", f"this is not JSON: {error}") from None
    except UnicodeDecodeError:
        raise BadChart("$", "this is not JSON: it is not UTF-8 text") from None
    except RecursionError:
        raise BadChart("$", "its lists and objects are nested too deeply") from None


def _split(error: msgspec.ValidationError) -> tuple[str, str]:
    match = _WHERE.match(str(error))
    if match is None:
        return str(error), "$"
    return match["reason"], match["path"] or "$"


def _exact_path(data: bytes, type_: type[T], reason: str, path: str) -> str:
    """`path` with every `[...]` replaced by the position of the first culprit.

    msgspec does not say positions. The first culprit is where the shortest failing prefix of the
    list ends, which a binary search finds.
    """
    if "[...]" not in path:
        return path
    try:
        root = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return path

    def fails() -> bool:
        try:
            msgspec.convert(root, type_)
        except msgspec.ValidationError as error:
            return _split(error) == (reason, path)
        return False

    at: Any = root
    exact = "$"
    for name, position in _STEP.findall(path):
        if name:
            exact += f".{name}"
            at = at.get(name) if isinstance(at, dict) else None
        elif position and isinstance(at, list):
            everything = list(at)
            low, high = 0, len(everything)
            while low + 1 < high:
                middle = (low + high) // 2
                at[:] = everything[:middle]
                if fails():
                    high = middle
                else:
                    low = middle
            at[:] = everything[low : low + 1]
            if not fails():
                return path
            exact += f"[{low}]"
            at = at[0]
        else:
            return path
    return exact
