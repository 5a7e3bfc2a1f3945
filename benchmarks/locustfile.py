"""Load scenarios for locust, over real websockets: `locust -f benchmarks/locustfile.py`.

Every user is a viewer with a screen, who looks at a part of the venue and is told of the places
there. Without a choice all scenarios run together, by their weights; `locust ... Herd Browse` or
`--tags herd browse` runs some. A refused hold is an answer, counted as "hold refused": failures are
only what breaks the protocol's promises. benchmarks/README.md says what is measured.
"""

from __future__ import annotations

import logging
import time
from random import Random
from typing import Final
from urllib.parse import urlencode

import gevent
import numpy as np
from gevent.lock import Semaphore
from locust import HttpUser, between, events, tag, task
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment
from locust.exception import StopUser

from benchmarks.locust_client import LiveViewer
from gateway.client.api import ApiClient, as_organizer
from gateway.demo.venue_map import VenueMap, read_map
from gateway.demo.viewing import Viewing
from gateway.http.resources import EventDetail, Events, EventState, PlacesByStatus
from gateway.live import wire
from gateway.live.wire import Booked, Held, HoldState
from seatengine.errors import BadSettings, SeatEngineError

_log = logging.getLogger(__name__)

_HOT_PLACES: Final = 120
_TRIES: Final = 4
_JOINS: Final = 5
_RECONNECT_EVERY_S: Final = 15.0
_SLOW_RECEIVE_BUFFER_BYTES: Final = 4_096
_EXPIRY_MARGIN_MS: Final = 3_000
_PARTIES: Final = (1, 2, 2, 2, 3, 4, 4, 6)


@events.init_command_line_parser.add_listener  # type: ignore[untyped-decorator]
def add_options(parser: LocustArgumentParser) -> None:
    parser.add_argument(
        "--event", default="", help="id of the event; by default the first one on sale at the host"
    )
    parser.add_argument(
        "--key",
        default="",
        is_secret=True,
        help="the organizer's API key: bookings made by the load are cancelled at once, and an "
        "event that is not on sale yet can be found",
    )
    parser.add_argument(
        "--pace", type=float, default=1.0, help="stretches the time that people take to think"
    )


@events.init.add_listener  # type: ignore[untyped-decorator]
def leave_out_what_no_tag_selects(environment: Environment, **_: object) -> None:
    """locust filters tasks by tag, and would still start users who have none left."""
    options = environment.parsed_options
    wanted = set(getattr(options, "tags", None) or ())
    unwanted = set(getattr(options, "exclude_tags", None) or ())
    for user_class in list(environment.user_classes):
        tags = {t for job in user_class.tasks for t in getattr(job, "locust_tag_set", ())}
        if (wanted and not tags & wanted) or tags & unwanted:
            environment.user_classes.remove(user_class)
    if not environment.user_classes:
        raise SystemExit("no scenario has these tags; `locust -f ... --show-task-ratio` lists them")


@events.test_start.add_listener  # type: ignore[untyped-decorator]
def look_again(**_: object) -> None:
    """What was on sale at the last load may not be at this one."""
    _houses.clear()


class House:
    """The event under load, and its venue; one for all users of a process.

    `hot` are the best seats that could be had when the load began, in order.
    """

    def __init__(
        self, site: str, event: EventDetail, venue: VenueMap, places: PlacesByStatus
    ) -> None:
        self.live_url = "ws" + site.removeprefix("http") + "/live"
        self.event = event
        self.venue = venue
        appeal = np.zeros(venue.size)
        to_be_had = [*places.free, *places.held]
        appeal[to_be_had] = venue.appeal[to_be_had]
        best = np.argsort(-appeal, kind="stable")[:_HOT_PLACES]
        self.hot: list[int] = np.sort(best[appeal[best] > 0]).tolist()


def _end_the_load(environment: Environment, why: str) -> None:
    """No user can do anything: the web UI goes back to its start, a headless run ends and fails."""
    _log.error("%s", why)
    environment.process_exit_code = 1
    runner = environment.runner
    if runner is not None:
        gevent.spawn(runner.quit if environment.web_ui is None else runner.stop)


_houses: dict[tuple[str, str], House] = {}
_door: Final = Semaphore()


def house(site: str, event: str, key: str) -> House:
    """What is on sale at `site`. Raises BadSettings, ApiRefused, SiteUnreachable."""
    with _door:
        found = _houses.get((site, event))
        if found is None:
            found = _houses[site, event] = _find(site, event, key)
        return found


def _find(site: str, event: str, key: str) -> House:
    api = as_organizer(site, key) if key else ApiClient(site)
    try:
        if not event:
            query = urlencode({"mine": "true"} if key else {})
            listed = api.get(f"/api/v1/events?{query}", Events).events
            if not listed:
                raise BadSettings(f"nothing is on sale at {site}; put an event on sale first")
            event = listed[0].id
        detail = api.get(f"/api/v1/events/{event}", EventDetail)
        state = api.get(f"/api/v1/events/{event}/state?places=true", EventState)
        assert state.places is not None
        venue = read_map(api.exchange("GET", detail.chart_view_url))
        return House(site, detail, venue, state.places)
    finally:
        api.close()


class Visitor(HttpUser):
    """Someone who has the page open. What visitors can do stands here; the scenarios choose."""

    abstract = True
    host = "http://127.0.0.1:8000"
    wait_time = between(1, 4)
    receive_buffer_bytes = 0

    def on_start(self) -> None:
        self.viewer: LiveViewer | None = None
        self.site = (self.host or "").rstrip("/")
        options = self.environment.parsed_options
        self.pace: float = options.pace
        self.key: str = options.key
        try:
            self.house = house(self.site, options.event, self.key)
        except SeatEngineError as error:
            _end_the_load(self.environment, str(error))
            raise StopUser from error
        self.random = Random()
        self.come_in()

    def on_stop(self) -> None:
        if self.viewer is not None:
            self.viewer.say_goodbye()

    def wait(self) -> None:
        gevent.sleep(self.wait_time() * self.pace)

    def think(self, least_s: float, most_s: float) -> None:
        gevent.sleep(self.random.uniform(least_s, most_s) * self.pace)

    def come_in(self) -> None:
        """Open the page as a new viewer, and look at the whole venue."""
        if self.viewer is not None:
            self.viewer.leave()
        token = self._new_token()
        self.viewing = Viewing(self.house.venue, self.random)
        self.party = self.random.choice(_PARTIES)
        self.liking = self.random.randrange(max(1, len(self.house.venue.categories)))
        self.viewer = LiveViewer(
            self.house.live_url,
            self.house.event.id,
            token,
            self.house.venue.tiles,
            self.viewing.look,
            self._report,
            self.receive_buffer_bytes,
        )
        self.viewer.join("join")

    @property
    def live(self) -> LiveViewer:
        """The viewer, connected. Raises StopUser when that is not to be had."""
        viewer = self.viewer
        assert viewer is not None
        for _ in range(_JOINS):
            if viewer.unwanted:
                break
            if not viewer.lost or viewer.join("rejoin"):
                return viewer
            self.think(0.5, 2)
        raise StopUser

    def look_around(self) -> None:
        """Zoom to a part of the venue, pan there, or step back."""
        viewer, viewing, mood = self.live, self.viewing, self.random.random()
        if viewing.look == viewing.whole() or mood < 0.25:
            viewer.look(viewing.go_near(viewer.sight, self.party, self.liking))
        elif mood < 0.85:
            viewer.look(viewing.move())
        else:
            viewer.look(viewing.step_back())

    def hold_what_it_sees(self) -> HoldState | None:
        """Seats together among those on the screen; where there are none, the best available."""
        for _ in range(_TRIES):
            viewer, venue = self.live, self.house.venue
            seen = self.viewing.seen(viewer.sight)
            statuses = viewer.sight.statuses
            places = venue.pick(statuses, self.party, self.liking, self.random, seen)
            if not places:
                viewer.look(self.viewing.go_near(viewer.sight, self.party, self.liking))
                continue
            self.think(0.3, 2)
            held = self.live.ask(wire.Hold(viewer.ref(), places), "hold")
            if isinstance(held, Held):
                return held.state
        return self.hold_best(self.party)

    def hold_best(self, quantity: int) -> HoldState | None:
        viewer = self.live
        held = viewer.ask(wire.HoldBest(viewer.ref(), quantity), "hold best")
        return held.state if isinstance(held, Held) else None

    def hold_hot_seats(self) -> HoldState | None:
        """Two of the seats that everybody wants, whether they look free or not."""
        viewer, hot = self.live, self.house.hot
        if not hot:
            return self.hold_best(2)
        at = self.random.randrange(len(hot))
        places = sorted({hot[at], hot[(at + 1) % len(hot)]})
        held = viewer.ask(wire.Hold(viewer.ref(), places), "hold")
        return held.state if isinstance(held, Held) else None

    def release(self, hold: HoldState) -> None:
        viewer = self.live
        if hold.hold in viewer.holds:
            viewer.ask(wire.Release(viewer.ref(), hold.hold), "release")

    def extend(self, hold: HoldState) -> None:
        viewer = self.live
        if hold.hold in viewer.holds:
            viewer.ask(wire.Extend(viewer.ref(), hold.hold), "extend")

    def book(self, hold: HoldState) -> None:
        """Pay at the venue; with the organizer's key the booking is cancelled again."""
        viewer = self.live
        if hold.hold not in viewer.holds:
            return
        asked = wire.Book(viewer.ref(), hold.hold, "Ada Example", "ada@example.org")
        booked = viewer.ask(asked, "book")
        if isinstance(booked, Booked) and self.key:
            self.client.delete(
                f"/api/v1/events/{self.house.event.id}/bookings/{booked.booking}",
                headers={"Authorization": f"Bearer {self.key}"},
                name="cancel",
            )

    def make_up_its_mind(self, hold: HoldState, book_share: float) -> None:
        """Think about a hold, then book it, or give it back."""
        self.think(1, 6)
        if self.random.random() < 0.15:
            self.extend(hold)
            self.think(1, 6)
        if self.random.random() < book_share:
            self.book(hold)
        else:
            self.release(hold)

    def pick(self) -> None:
        self.look_around()
        hold = self.hold_what_it_sees()
        if hold is not None:
            self.make_up_its_mind(hold, book_share=0.25)

    def grab(self) -> None:
        """Want what everybody wants, give it back soon, want it again."""
        hold = self.hold_hot_seats()
        if hold is not None:
            self.think(0.5, 2)
            self.release(hold)

    def storm(self) -> None:
        """Be there when the sale opens: in, to a seat and into the basket within seconds."""
        self.come_in()
        self.think(0, 1)
        hold = None
        if self.random.random() < 0.6:
            viewer = self.live
            viewer.look(self.viewing.go_near(viewer.sight, self.party, self.liking))
            self.think(0.2, 1)
            hold = self.hold_what_it_sees()
        else:
            hold = self.hold_best(self.party)
        if hold is not None:
            self.make_up_its_mind(hold, book_share=0.1)

    def read_slowly(self) -> None:
        """Look at a screenful of seats, and read nothing for a while."""
        viewer = self.live
        viewer.look(self.viewing.go_near(viewer.sight, self.party, self.liking))
        viewer.stall(self.random.uniform(5, 25) * self.pace)
        self.look_around()

    def lose_connection_with_all(self) -> None:
        """Hold something, break at the same second as all others, and find it again."""
        hold = self.hold_best(self.party)
        period_s = max(_RECONNECT_EVERY_S * self.pace, 1.0)
        gevent.sleep(period_s - time.time() % period_s)
        self.live.leave()
        viewer = self.live
        if hold is None or hold.expires_at_ms < time.time() * 1_000 + _EXPIRY_MARGIN_MS:
            return
        kept = viewer.holds.get(hold.hold)
        missing = kept is None or set(kept.places) != set(hold.places)
        failure = ValueError(f"hold {hold.hold} was gone after a break") if missing else None
        self._report("find hold again", 0.0, 0, failure)
        self.release(hold)

    def abandon(self) -> None:
        """Hold, and go away for good without a word: the hold is left to expire."""
        self.look_around()
        if self.hold_what_it_sees() is not None:
            self.think(1, 5)
        self.come_in()

    def hoard(self) -> None:
        """Take as many as one may have, and keep them as long as one can."""
        hold = self.hold_best(self.house.event.policy.max_per_hold)
        if hold is None:
            return
        for _ in range(self.house.event.policy.max_extensions):
            self.think(5, 15)
            self.extend(hold)
        self.think(5, 15)
        self.release(hold)

    def _new_token(self) -> str:
        for _ in range(_JOINS):
            with self.client.post(
                "/api/v1/viewers", json={}, name="viewer", catch_response=True
            ) as given:
                if given.ok:
                    return str(given.json()["token"])
                if given.status_code == 429:
                    # Everyone comes from one address here; locust's ramp is faster than people.
                    given.success()
            self.think(0.5, 2)
        raise StopUser

    def _report(self, name: str, ms: float, size: int, failure: Exception | None) -> None:
        self.environment.events.request.fire(
            request_type="WS",
            name=name,
            response_time=ms,
            response_length=size,
            exception=failure,
            context=self.context(),
        )


class Browse(Visitor):
    """Looks around and buys nothing."""

    weight = 40

    @tag("browse")
    @task
    def browse(self) -> None:
        self.look_around()


class Pick(Visitor):
    """Looks for seats, holds them, thinks, books one time in four."""

    weight = 25

    @tag("pick")
    @task
    def choose(self) -> None:
        self.pick()


class Herd(Visitor):
    """All of them want the same seats, in front of the middle of the stage."""

    weight = 5
    wait_time = between(0.2, 1)

    @tag("herd")
    @task
    def want_the_same(self) -> None:
        self.grab()


class OnSaleStorm(Visitor):
    """The doors open: new viewers who hold something within seconds."""

    weight = 10
    wait_time = between(0.5, 2)

    @tag("onsale")
    @task
    def rush(self) -> None:
        self.storm()


class SlowReader(Visitor):
    """Reads nothing for seconds, through a buffer as small as the system allows."""

    weight = 3
    receive_buffer_bytes = _SLOW_RECEIVE_BUFFER_BYTES

    @tag("slow")
    @task
    def doze(self) -> None:
        self.read_slowly()


class ReconnectStorm(Visitor):
    """All of them lose their connections in the same second and come back at once."""

    weight = 5

    @tag("reconnect")
    @task
    def break_together(self) -> None:
        self.lose_connection_with_all()


class Abandoner(Visitor):
    """Leaves its basket standing and is gone."""

    weight = 5

    @tag("abandon")
    @task
    def walk_away(self) -> None:
        self.abandon()


class Hoarder(Visitor):
    """Takes as much as it may, for as long as it may."""

    weight = 2

    @tag("abandon", "hoard")
    @task
    def keep_for_itself(self) -> None:
        self.hoard()


class Mixed(Visitor):
    """One viewer who may do any of it: what a long evening looks like from one seat."""

    weight = 5

    @tag("mixed")
    @task(40)
    def look(self) -> None:
        self.look_around()

    @tag("mixed")
    @task(25)
    def choose(self) -> None:
        self.pick()

    @tag("mixed")
    @task(5)
    def want_the_same(self) -> None:
        self.grab()

    @tag("mixed")
    @task(5)
    def rush(self) -> None:
        self.storm()

    @tag("mixed")
    @task(2)
    def doze(self) -> None:
        self.read_slowly()

    @tag("mixed")
    @task(3)
    def break_off(self) -> None:
        self.live.leave()
        self.look_around()

    @tag("mixed")
    @task(4)
    def walk_away(self) -> None:
        self.abandon()

    @tag("mixed")
    @task(1)
    def keep_for_itself(self) -> None:
        self.hoard()
