"""Every message between browser and server, and their codec. Pure.

A message is one binary websocket frame: a msgpack array of the message's tag and its fields in
order. Unknown trailing fields are ignored and missing trailing fields take their defaults, so
both sides may be one minor version apart. docs/protocol.md tells the conversation;
`python -m gateway.live.wire_typescript` generates frontend/src/wire/messages.ts from this file.

Places are SeatIndexes, money is in minor units, times are Unix milliseconds of the server's clock.
`ref` is chosen by the client, unique in its session, and is the command's idempotency key: after
a break the client sends an unanswered message again with the same ref.
"""

from __future__ import annotations

import enum

import msgspec

PROTOCOL_VERSION = 2


class CloseCode(enum.IntEnum):
    """Websocket close codes. 4000-4099: come back after a pause. 4100-4199: do not come back."""

    GOING_AWAY = 1001
    COME_BACK = 4000
    TOO_SLOW = 4001
    OVERLOADED = 4002
    IDLE = 4003
    BAD_MESSAGE = 4100
    TOO_BIG = 4101
    TOO_MANY_MESSAGES = 4102
    BAD_TOKEN = 4103
    BAD_VERSION = 4104
    UNKNOWN_EVENT = 4105
    HELLO_EXPECTED = 4106


# Browser to server. Every conversation begins with Hello.


class Hello(msgspec.Struct, array_like=True, tag=1, gc=False):
    """What the client has seen last; all of it 0 or empty when it has nothing.

    `tiles` are the tiles whose places it knows as of `seq`, as TileRuns; `zones_seq` is the seq of
    the last Zones, 0 for none. A Look may follow at once; without one it looks from far out.
    """

    version: int
    token: str
    event: str
    epoch: int = 0
    seq: int = 0
    tiles: bytes = b""
    zones_seq: int = 0


class Hold(msgspec.Struct, array_like=True, tag=2, gc=False):
    """Hold exactly these places; `into` 0 makes a new hold, else adds to that one."""

    ref: str
    places: list[int]
    into: int = 0


class HoldBest(msgspec.Struct, array_like=True, tag=3, gc=False):
    """Best available together. Categories and sections are indexes; empty lists mean any."""

    ref: str
    quantity: int
    categories: list[int] = []
    sections: list[int] = []
    accessible: int = 0
    max_price: int = 0
    worst_step: int = 4
    into: int = 0


class HoldQuantity(msgspec.Struct, array_like=True, tag=4, gc=False):
    """Any `quantity` places of a general-admission area; `group` is the area's group index."""

    ref: str
    group: int
    quantity: int
    into: int = 0


class HoldWhole(msgspec.Struct, array_like=True, tag=5, gc=False):
    """All places of a table, booth or area."""

    ref: str
    group: int
    into: int = 0


class Drop(msgspec.Struct, array_like=True, tag=6, gc=False):
    """Give places of a hold back."""

    ref: str
    hold: int
    places: list[int]


class Extend(msgspec.Struct, array_like=True, tag=7, gc=False):
    ref: str
    hold: int


class Release(msgspec.Struct, array_like=True, tag=8, gc=False):
    ref: str
    hold: int


class Book(msgspec.Struct, array_like=True, tag=9, gc=False):
    """Pay at the venue: turn the hold into a booking for this person."""

    ref: str
    hold: int
    name: str
    email: str


class Ping(msgspec.Struct, array_like=True, tag=10, gc=False):
    """Keeps an idle connection; answered by Pong with the same `t`."""

    t: int


class Look(msgspec.Struct, array_like=True, tag=11, gc=False):
    """What the viewer looks at; answered by Watching and what was not known of it.

    The box is in chart units, `zoom` in CSS pixels per chart unit, `floor` "" means every floor.
    An empty box (x1 <= x0) is the list view: zones, and the places of `sections` (indexes).
    """

    x0: float
    y0: float
    x1: float
    y1: float
    zoom: float
    floor: str = ""
    sections: list[int] = []


Command = Hold | HoldBest | HoldQuantity | HoldWhole | Drop | Extend | Release | Book
"""Messages with a `ref`, each answered exactly once."""

ClientMessage = Hello | Look | Command | Ping


# Server to browser.


class HoldState(msgspec.Struct, array_like=True, gc=False):
    """A live hold in full. `prices[i]` is what `places[i]` costs, all-in."""

    hold: int
    places: list[int]
    prices: list[int]
    expires_at_ms: int
    extensions_left: int


class Welcome(msgspec.Struct, array_like=True, tag=1, gc=False):
    """Answers Hello; Watching, what it brings, and Mine follow at once."""

    version: int
    viewer: str
    now_ms: int
    epoch: int
    chart_hash: str


class View(msgspec.Struct, array_like=True, tag=2, gc=False):
    """The status of every place as of `seq`: 2 bits a place, four to a byte, lowest bits first.

    0 free, 1 held, 2 booked, 3 blocked or gone. `count` places; the rest of the last byte is 0.
    Said instead of Tiles to those who watch every tile.
    """

    epoch: int
    seq: int
    count: int
    statuses: bytes


class Tiles(msgspec.Struct, array_like=True, tag=11, gc=False):
    """Statuses of tiles as of `seq`, changed ones or all, in the forms of tile_forms.py.

    All forms are absolute. What is known of every watched tile is now as of `seq`.
    """

    seq: int
    packed: bytes


class Watching(msgspec.Struct, array_like=True, tag=12, gc=False):
    """What the viewer is told of from now on: `tiles` (TileRuns), and the zones if `zones`.

    Whatever else it knew goes stale. What is new to it follows in View, Tiles, Zones or Totals.
    """

    tiles: bytes
    zones: bool


class Zones(msgspec.Struct, array_like=True, tag=13, gc=False):
    """Places left and party fit by zone as of `seq`, changed zones or all, in the form of
    gateway/live/zone_forms.py."""

    seq: int
    packed: bytes


class Totals(msgspec.Struct, array_like=True, tag=14, gc=False):
    """Places left of the whole event, by category index; for viewers who are not told of zones."""

    seq: int
    left: list[int]


class Mine(msgspec.Struct, array_like=True, tag=4, gc=False):
    """All live holds of this viewer, after Hello."""

    holds: list[HoldState]


class Held(msgspec.Struct, array_like=True, tag=5, gc=False):
    """A hold was made or changed. Answers the message with `ref`; "" when another tab did it.

    `state` is the hold in full. `step` is the BestStep of a best-available search, else 0.
    """

    ref: str
    state: HoldState
    added: list[int] = []
    dropped: list[int] = []
    step: int = 0


class Ended(msgspec.Struct, array_like=True, tag=6, gc=False):
    """A hold is over and its places are free again. `why`: 1 released, 2 expired."""

    ref: str
    hold: int
    why: int


class Booked(msgspec.Struct, array_like=True, tag=7, gc=False):
    """The hold became this booking, which ends the hold. `total` is in minor units."""

    ref: str
    hold: int
    booking: str
    places: list[int]
    total: int


class Refused(msgspec.Struct, array_like=True, tag=8, gc=False):
    """The message with `ref` changed nothing. `places` stand in the way; `beside` are free places
    next to them, as a suggestion. `code` is a Code, see docs/protocol.md."""

    ref: str
    code: int
    message: str
    places: list[int] = []
    beside: list[int] = []


class Pong(msgspec.Struct, array_like=True, tag=9, gc=False):
    t: int
    now_ms: int


class EventChanged(msgspec.Struct, array_like=True, tag=10, gc=False):
    """Prices or sale rules changed: fetch the event again over HTTP."""

    seq: int


ServerMessage = (
    Welcome
    | View
    | Tiles
    | Watching
    | Zones
    | Totals
    | Mine
    | Held
    | Ended
    | Booked
    | Refused
    | Pong
    | EventChanged
)

decode_client_message = msgspec.msgpack.Decoder(ClientMessage).decode
"""bytes -> ClientMessage. Raises msgspec.DecodeError (ValidationError among them), and
UnicodeDecodeError or RecursionError where a string is none or nesting has no end."""

decode_server_message = msgspec.msgpack.Decoder(ServerMessage).decode
"""bytes -> ServerMessage; for bots, tests and load tools."""

encode_message = msgspec.msgpack.Encoder().encode
"""Message -> bytes, either direction."""
