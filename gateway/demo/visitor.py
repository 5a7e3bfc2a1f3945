"""One visitor of an event, from looking around to leaving: what people do, at people's pace."""

from __future__ import annotations

import asyncio
import time
from random import Random
from typing import Final, Protocol

import msgspec

from gateway.client.client import Answer, Asked, Client, ConversationOver, Unanswered
from gateway.demo.told import Kind, Told
from gateway.demo.venue_map import VenueMap
from gateway.demo.viewing import Viewing
from gateway.live.sight import Sight
from gateway.live.wire import (
    Book,
    Booked,
    Drop,
    Ended,
    Extend,
    Held,
    Hold,
    HoldBest,
    HoldQuantity,
    HoldState,
    HoldWhole,
    Look,
    Refused,
    Release,
    ServerMessage,
)

_PARTIES: Final = (1, 2, 3, 4, 5, 6)
_PARTY_WEIGHTS: Final = (10, 52, 12, 18, 5, 3)
_GIVEN_UP_AFTER: Final = 5
# Below this, people zoom in before they pick.
_PICKED_FROM_PX: Final = 10.0
# A hold that ends this soon after a visitor's return may have ended on the way.
_EXPIRY_MARGIN_MS: Final = 3_000
_GIVEN_NAMES: Final = ("Amara", "Björn", "Chloé", "Dmitri", "Emre", "Fatima", "Grace", "Hiroshi")
_FAMILY_NAMES: Final = (
    "Okafor",
    "Lindqvist",
    "Moreau",
    "Silva",
    "Yılmaz",
    "Haddad",
    "Kim",
    "Novak",
)


class Crowd(Protocol):
    """What a visitor needs of the crowd it is part of."""

    async def viewer_token(self) -> str:
        """A new viewer's token."""
        ...

    async def think(self, least_s: float, most_s: float) -> None:
        """Let a person's time pass; returns at once when the crowd is going home."""
        ...

    @property
    def going_home(self) -> bool: ...

    def tell(self, told: Told) -> None:
        """Write down what the server said."""
        ...


class Visitor:
    """Joins `event` as a new viewer and stays until it has booked, given up or walked away."""

    def __init__(self, crowd: Crowd, url: str, event: str, venue: VenueMap, random: Random) -> None:
        self._crowd = crowd
        self._url = url
        self._event = event
        self._venue = venue
        self._random = random
        self._party = random.choices(_PARTIES, _PARTY_WEIGHTS)[0]
        self._liking = random.randrange(max(1, len(venue.categories)))
        self._viewing = Viewing(venue, random)
        self._token = ""
        self._hold: HoldState | None = None
        self.client: Client | None = None

    async def visit(self) -> None:
        """Ends quietly when the server sends the visitor away or cannot be reached."""
        self._token = await self._crowd.viewer_token()
        try:
            await self._join()
            await self._crowd.think(0.5, 6)
            if await self._find_seats():
                await self._make_up_its_mind()
        except ConversationOver:
            pass
        finally:
            if self.client is not None:
                await self.client.close()

    async def _join(self) -> Client:
        self.client = Client(
            self._url,
            self._event,
            self._token,
            tiles=self._venue.tiles,
            look=self._viewing.look,
            hear=self._hear,
        )
        await self.client.connect()
        return self.client

    def _hear(self, message: ServerMessage) -> None:
        if isinstance(message, Ended | Booked) and self._hold and message.hold == self._hold.hold:
            self._hold = None

    async def _find_seats(self) -> bool:
        for _ in range(_GIVEN_UP_AFTER):
            if self._crowd.going_home:
                return False
            message = await self._look_for_seats()
            if message is None:
                return False
            # Between seeing a free seat and clicking it, someone else may.
            await self._crowd.think(0.5, 3)
            if self._crowd.going_home:
                return False
            answer = await self._ask(message)
            if isinstance(answer, Held):
                return True
            await self._crowd.think(0.5, 3)
        return False

    async def _look_for_seats(self) -> Asked | None:
        """Zoom and pan until something appeals; None where nothing does soon."""
        viewing, random = self._viewing, self._random
        for _ in range(_GIVEN_UP_AFTER):
            if self._crowd.going_home:
                return None
            far = viewing.seat_px < _PICKED_FROM_PX
            mood = random.random()
            if far or mood < 0.35:
                await self._turn(viewing.go_near(self._sight, self._party, self._liking))
            elif mood < 0.55:
                await self._turn(viewing.move())
            elif mood < 0.6:
                await self._turn(viewing.step_back())
            message = self._choice()
            if message is not None:
                return message
        return None

    async def _turn(self, look: Look) -> None:
        """Look there, and wait until it is on the screen and taken in."""
        self._client.look(*msgspec.structs.astuple(look))
        try:
            await self._client.ping()
        except Unanswered:
            return
        await self._crowd.think(0.5, 3)

    def _choice(self) -> Asked | None:
        """What to ask for, of the places it sees."""
        client, venue, random, sight = self._client, self._venue, self._random, self._sight
        seen = self._viewing.seen(sight)
        areas = [
            group
            for group, tile in venue.areas
            if sight.mask >> tile & 1 and sight.areas.get(tile, 0) >= self._party
        ]
        if areas and random.random() < 0.15:
            return HoldQuantity(client.ref(), random.choice(areas), self._party)
        if self._party > 2 and random.random() < 0.2:
            group = venue.pick_whole(sight.statuses, random, sight.mask)
            if group is not None:
                return HoldWhole(client.ref(), group)
        if random.random() < 0.15:
            return HoldBest(client.ref(), self._party)
        places = venue.pick(sight.statuses, self._party, self._liking, random, seen)
        return Hold(client.ref(), places) if places else None

    async def _make_up_its_mind(self) -> None:
        """With a hold in the basket: change it, lose the connection, book it or walk away."""
        for _ in range(_GIVEN_UP_AFTER):
            await self._crowd.think(1.5, 7)
            if self._crowd.going_home or self._hold is None:
                return
            mood = self._random.random()
            if mood < 0.42:
                await self._book()
                return
            if mood < 0.50:
                return
            if mood < 0.60:
                await self._crash_and_come_back()
            elif mood < 0.68:
                await self._lose_connection()
            elif mood < 0.76:
                await self._swap_a_seat()
            elif mood < 0.84:
                await self._choose_again()
            elif mood < 0.88:
                await self._ask(Extend(self._ref(), self._hold.hold))
            elif mood < 0.95:
                await self._turn(self._viewing.move())

    async def _book(self) -> None:
        assert self._hold is not None
        given = self._random.choice(_GIVEN_NAMES)
        family = self._random.choice(_FAMILY_NAMES)
        number = self._random.randrange(1000)
        email = f"visitor{number}@example.org"
        await self._ask(Book(self._ref(), self._hold.hold, f"{given} {family}", email))

    async def _crash_and_come_back(self) -> None:
        """The browser dies; a new one with the same token must find the hold as it was."""
        assert self.client is not None
        before = self._hold
        await self.client.crash()
        await self._crowd.think(1, 6)
        if self._crowd.going_home:
            return
        client = await self._join()
        if before is None or before.expires_at_ms < time.time() * 1000 + _EXPIRY_MARGIN_MS:
            self._hold = client.holds.get(before.hold) if before else None
            return
        self._hold = client.holds.get(before.hold)
        kept = self._hold is not None and set(self._hold.places) == set(before.places)
        self._tell("kept" if kept else "missing", hold=before.hold, places=before.places)

    async def _lose_connection(self) -> None:
        """The line breaks while a command is on its way; the client asks it again by itself."""
        assert self._hold is not None
        assert self.client is not None
        asking = asyncio.create_task(self._ask(Extend(self._ref(), self._hold.hold)))
        await asyncio.sleep(0)
        self.client.cut()
        await asking

    async def _swap_a_seat(self) -> None:
        assert self._hold is not None
        assert self.client is not None
        if len(self._hold.places) > 1:
            place = self._random.choice(self._hold.places)
            await self._ask(Drop(self._ref(), self._hold.hold, [place]))
            await self._crowd.think(0.5, 2)
        if self._hold is None or self._crowd.going_home:
            return
        seen = self._viewing.seen(self._sight)
        places = self._venue.pick(self._sight.statuses, 1, self._liking, self._random, seen)
        if places:
            await self._ask(Hold(self._ref(), places, self._hold.hold))

    async def _choose_again(self) -> None:
        assert self._hold is not None
        await self._ask(Release(self._ref(), self._hold.hold))
        await self._find_seats()

    @property
    def _client(self) -> Client:
        assert self.client is not None
        return self.client

    @property
    def _sight(self) -> Sight:
        return self._client.sight

    def _ref(self) -> str:
        return self._client.ref()

    async def _ask(self, message: Asked) -> Answer | None:
        """Ask and write down what was said; None when nobody knows what became of it."""
        assert self.client is not None
        client, breaks = self.client, self.client.breaks
        began = time.perf_counter()
        try:
            answer = await client.ask(message)
        except Unanswered:
            return None
        took_ms = (time.perf_counter() - began) * 1000 if client.breaks == breaks else 0.0
        match answer:
            case Held(ref, state):
                self._hold = state
                made = (
                    isinstance(message, Hold | HoldBest | HoldQuantity | HoldWhole)
                    and not message.into
                )
                kind: Kind = "held" if made else "changed"
                self._tell(kind, ref, hold=state.hold, places=state.places, ms=took_ms)
            case Ended(ref, hold):
                self._hold = None
                self._tell("ended", ref, hold=hold, ms=took_ms)
            case Booked(ref, hold, booking, places, total):
                self._hold = None
                told = Told("booked", self._event, client.viewer, ref, hold, booking, places, total)
                told.ms = took_ms
                self._crowd.tell(told)
            case Refused(ref, code):
                self._tell("refused", ref, code=code, ms=took_ms)
        return answer

    def _tell(
        self,
        kind: Kind,
        ref: str = "",
        *,
        hold: int = 0,
        places: list[int] | None = None,
        code: int = 0,
        ms: float = 0.0,
    ) -> None:
        assert self.client is not None
        viewer = self.client.viewer
        self._crowd.tell(
            Told(kind, self._event, viewer, ref, hold, places=places or [], code=code, ms=ms)
        )
