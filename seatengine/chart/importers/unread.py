"""Members of a file that its typed decoding passed over, so that a report can name them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
from msgspec import inspect

from seatengine.chart.importers.decode import decode_json

_EMPTY: tuple[Any, ...] = (None, False, 0, "", [], {})


def unread_members(data: bytes, type_: type[msgspec.Struct]) -> dict[str, tuple[str, int]]:
    """Name -> (first place, how often) of every member that `type_` has no field for.

    `data` is JSON that decodes as `type_`. Empty values say nothing and are left out. Raises
    BadChart where a member that was passed over is not even JSON.
    """
    found: dict[str, tuple[str, int]] = {}
    for name, place in _unread(decode_json(data, dict), type_, "$"):
        first, count = found.get(name, (place, 0))
        found[name] = (first, count + 1)
    return found


def _unread(value: dict[str, Any], type_: type, place: str) -> Iterator[tuple[str, str]]:
    fields = _fields(type_)
    for name, member in value.items():
        if name not in fields:
            if member not in _EMPTY:
                yield name, f"{place}.{name}"
            continue
        struct = fields[name]
        if struct is None:
            continue
        if isinstance(member, dict):
            yield from _unread(member, struct, f"{place}.{name}")
        elif isinstance(member, list):
            for at, item in enumerate(member):
                yield from _unread(item, struct, f"{place}.{name}[{at}]")


@cache
def _fields(type_: type) -> dict[str, type | None]:
    """The JSON names of a struct's fields, with the struct that each holds, if it holds any."""
    info = inspect.type_info(type_)
    assert isinstance(info, inspect.StructType)
    return {field.encode_name: _struct_in(field.type) for field in info.fields}


def _struct_in(info: inspect.Type) -> type | None:
    if isinstance(info, inspect.StructType):
        return info.cls
    if isinstance(info, inspect.ListType):
        return _struct_in(info.item_type)
    if isinstance(info, inspect.UnionType):
        return next(filter(None, map(_struct_in, info.types)), None)
    return None
