"""Commands: the union has them all, each can be told by its tag, none can grow unnoticed."""

from __future__ import annotations

import typing

import msgspec
import pytest

from seatengine.core import commands
from seatengine.core.commands import AnyCommand, Command
from seatengine.ids import CommandId, HolderId, HoldId

ALL = typing.get_args(AnyCommand)


def test_the_union_has_every_command() -> None:
    assert set(ALL) == set(Command.__subclasses__())


@pytest.mark.parametrize("kind", ALL)
def test_a_command_has_an_id_and_a_holder_and_is_not_staff_unless_said(kind: type) -> None:
    fields = {f.name: f for f in msgspec.structs.fields(kind)}
    assert fields["id"].required
    assert fields["holder"].required
    assert fields["staff"].default is False


def test_a_command_is_told_by_its_tag() -> None:
    command = commands.ReleaseHold(id=CommandId("c"), holder=HolderId("v"), hold=HoldId(3))
    data = msgspec.msgpack.encode(command)
    assert msgspec.msgpack.decode(data, type=AnyCommand) == command
