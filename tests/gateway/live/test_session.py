"""E: a viewer's conversation, message by message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.live import wire
from gateway.live.session import Bye, Greet, Open, Purchase, Say, Session, told
from gateway.live.wire import CloseCode
from seatengine import limits
from seatengine.core import commands
from seatengine.core.outputs import Answer, Code
from seatengine.ids import HolderId
from tests.gateway.live.test_fanout import opened
from tests.venues import pocket

ME = HolderId("v_me")


def identify(token: str) -> HolderId | None:
    return ME if token == "good" else None


def say(session: Session, message: object, now_ms: int = 0) -> object:
    return session.receive(wire.encode_message(message), now_ms)


class Talk:
    """A session in front of a real shard, with nothing between them."""

    def __init__(self) -> None:
        self.shard, self.live = opened(pocket())
        self.session = Session(identify, 0)
        assert say(self.session, wire.Hello(wire.PROTOCOL_VERSION, "good", "e")) == Open("e", ME)
        greet = self.session.read_holds()
        assert isinstance(greet, Greet)
        answer = self.do(greet.command)
        assert isinstance(answer, Answer)
        self.greeting = self.session.welcome(self.live, answer, 5)

    def do(self, command: commands.AnyCommand, now_ms: int = 0) -> object:
        outcome = self.shard.step(command, now_ms)
        batch = self.shard.take_ready()
        assert batch is not None
        self.live.apply(batch)
        return outcome

    def ask(self, message: object, now_ms: int = 0) -> wire.ServerMessage:
        effect = say(self.session, message, now_ms)
        assert isinstance(effect, commands.Command), effect
        outcome = self.do(effect, now_ms)  # type: ignore[arg-type]
        assert not isinstance(outcome, str)
        said: wire.ServerMessage = wire.decode_server_message(
            self.session.outcome(self.live, outcome)  # type: ignore[arg-type]
        )
        return said


def test_hello_gets_welcome_and_mine_of_one_moment() -> None:
    talk = Talk()
    welcome, mine = talk.greeting
    told_welcome = wire.decode_server_message(welcome)
    assert isinstance(told_welcome, wire.Welcome)
    assert (told_welcome.viewer, told_welcome.now_ms) == (ME, 5)
    assert (told_welcome.epoch, told_welcome.chart_hash) == (1, pocket().chart_hash)
    assert wire.decode_server_message(mine) == wire.Mine([])
    held = talk.ask(wire.Hold("r", [4]))
    assert isinstance(held, wire.Held)
    say(talk.session, wire.Hello(wire.PROTOCOL_VERSION, "good", "e"))
    answer = talk.do(talk.session.read_holds().command)
    assert isinstance(answer, Answer)
    _, mine = talk.session.welcome(talk.live, answer, 6)
    assert wire.decode_server_message(mine) == wire.Mine([held.state])


def test_the_last_hello_is_the_one_that_counts() -> None:
    talk = Talk()
    later = wire.Hello(wire.PROTOCOL_VERSION, "good", "e", 1, 7, b"\0\1", 7)
    assert isinstance(say(talk.session, later), Greet)
    assert talk.session.hello == later


def test_a_hold_is_answered_in_full_with_its_prices() -> None:
    talk = Talk()
    held = talk.ask(wire.Hold("r1", [0, 1]), now_ms=1000)
    assert isinstance(held, wire.Held)
    assert held.ref == "r1"
    assert held.state.places == [0, 1]
    assert held.state.prices == talk.live.prices([0, 1], 0)
    assert held.state.expires_at_ms == 1000 + talk.live.policy.hold_ttl_ms
    more = talk.ask(wire.Hold("r2", [2], into=held.state.hold), now_ms=2000)
    assert isinstance(more, wire.Held)
    assert more.state.places == [0, 1, 2]
    assert (more.added, more.state.expires_at_ms) == ([2], held.state.expires_at_ms)
    less = talk.ask(wire.Drop("r3", held.state.hold, [0]))
    assert isinstance(less, wire.Held)
    assert (less.state.places, less.dropped) == ([1, 2], [0])
    assert talk.ask(wire.Release("r4", held.state.hold)) == wire.Ended("r4", held.state.hold, 1)


def test_a_lost_seat_is_named_with_free_ones_beside_it() -> None:
    talk = Talk()
    talk.do(commands.HoldSeats(id="x", holder="v_other", places=[3]))  # type: ignore[arg-type]
    refused = talk.ask(wire.Hold("r", [3]))
    assert isinstance(refused, wire.Refused)
    assert refused.code == Code.PLACES_TAKEN
    assert refused.places == [3]
    assert refused.beside
    assert talk.live.labels([3])[0] in refused.message
    assert talk.live.labels(refused.beside[:1])[0] in refused.message


def test_the_same_ref_again_gets_the_same_answer_and_holds_nothing_more() -> None:
    talk = Talk()
    first = talk.ask(wire.Hold("r", [0]))
    again = talk.ask(wire.Hold("r", [0]))
    assert first == again
    assert len(talk.shard.state.holds) == 1


def test_a_ref_that_is_under_way_is_not_asked_twice() -> None:
    talk = Talk()
    assert isinstance(say(talk.session, wire.Hold("r", [0])), commands.HoldSeats)
    assert say(talk.session, wire.Hold("r", [0])) is None


def test_other_tabs_hear_of_expiry() -> None:
    talk = Talk()
    held = talk.ask(wire.Hold("r", [0]))
    assert isinstance(held, wire.Held)
    talk.shard.tick(held.state.expires_at_ms)
    batch = talk.shard.take_ready()
    assert batch is not None
    message = told(talk.live, "", batch.seq, batch.entries[0], None)
    assert message is not None
    assert wire.decode_server_message(message) == wire.Ended("", held.state.hold, 2)


def test_a_purchase_needs_a_name_and_a_mail_address() -> None:
    talk = Talk()
    held = talk.ask(wire.Hold("r", [0]))
    assert isinstance(held, wire.Held)
    for name, email in [("", "a@b.org"), ("Ann", "nowhere")]:
        refused = say(talk.session, wire.Book("b", held.state.hold, name, email))
        assert isinstance(refused, Say)
        message = wire.decode_server_message(refused.payload)
        assert isinstance(message, wire.Refused)
        assert message.code == Code.OUT_OF_RANGE
    good = say(talk.session, wire.Book("b", held.state.hold, " Ann  Lee ", "ann@b.org"))
    assert isinstance(good, Purchase)
    assert (good.name, good.email, good.command_id) == ("Ann Lee", "ann@b.org", "v_me/b")


@pytest.mark.parametrize(
    ("message", "code"),
    [
        (wire.Hello(99, "good", "e"), CloseCode.BAD_VERSION),
        (wire.Hello(wire.PROTOCOL_VERSION, "forged", "e"), CloseCode.BAD_TOKEN),
        (wire.Hold("r", [0]), CloseCode.HELLO_EXPECTED),
        (wire.Ping(1), CloseCode.HELLO_EXPECTED),
        (wire.Look(0, 0, 1, 1, 1), CloseCode.HELLO_EXPECTED),
    ],
)
def test_a_bad_beginning_ends_the_conversation(message: object, code: CloseCode) -> None:
    assert say(Session(identify, 0), message) == Bye(code)


@pytest.mark.parametrize("ref", ["", "~mine", "x" * 41])
def test_refs_that_cannot_be(ref: str) -> None:
    assert say(Talk().session, wire.Hold(ref, [0])) == Bye(CloseCode.BAD_MESSAGE)


def test_another_event_needs_another_connection() -> None:
    assert say(Talk().session, wire.Hello(wire.PROTOCOL_VERSION, "good", "f")) == Bye(
        CloseCode.BAD_MESSAGE
    )


@given(st.binary(max_size=60))
def test_noise_ends_the_conversation_and_raises_nothing(noise: bytes) -> None:
    session = Session(identify, 0)
    effect = session.receive(noise, 0)
    assert isinstance(effect, Bye | Open)


@pytest.mark.parametrize(
    "look",
    [
        wire.Look(0, 0, 10, 10, 1.0),
        wire.Look(0, 0, 0, 0, 0.0, "", [0, 1]),
        wire.Look(-1e308, -1e308, 1e308, 1e308, 1e308, "no floor", [-5, 2**40]),
    ],
)
def test_a_look_goes_to_the_watch(look: wire.Look) -> None:
    assert say(Talk().session, look) == look


@pytest.mark.parametrize(
    "look",
    [
        wire.Look(float("nan"), 0, 10, 10, 1.0),
        wire.Look(0, 0, float("inf"), 10, 1.0),
        wire.Look(0, 0, 10, 10, float("-inf")),
        wire.Look(0, 0, 0, 0, 0.0, "", list(range(limits.MAX_SECTIONS_LISTED + 1))),
    ],
)
def test_a_look_that_makes_no_sense_ends_the_conversation(look: wire.Look) -> None:
    assert say(Talk().session, look) == Bye(CloseCode.BAD_MESSAGE)


def test_text_that_is_not_utf_8_ends_the_conversation() -> None:
    hold = bytearray(wire.encode_message(wire.Hold("r", [0])))
    hold[hold.index(b"r")] = 0xA4
    assert Talk().session.receive(bytes(hold), 0) == Bye(CloseCode.BAD_MESSAGE)


@pytest.mark.parametrize("nested", [b"\x91" * 4_000, b"\x81\x01" * 2_000])
def test_a_message_nested_without_end_ends_the_conversation(nested: bytes) -> None:
    """Unknown trailing fields are ignored, whatever is in them; but they are walked through."""
    assert Talk().session.receive(b"\x93\x0a\x01" + nested, 0) == Bye(CloseCode.BAD_MESSAGE)


def test_too_many_messages_end_the_conversation() -> None:
    talk = Talk()
    effects = [say(talk.session, wire.Ping(i), 0) for i in range(limits.MESSAGE_BURST + 1)]
    assert effects[-1] == Bye(CloseCode.TOO_MANY_MESSAGES)
    calm = Session(identify, 0)
    say(calm, wire.Hello(wire.PROTOCOL_VERSION, "good", "e"))
    gap_ms = 1000 // limits.MESSAGES_PER_SECOND
    for i in range(3 * limits.MESSAGE_BURST):
        assert isinstance(say(calm, wire.Ping(i), i * gap_ms), Say)


def test_an_operator_may_allow_more_messages() -> None:
    session = Session(identify, 0, messages_per_second=1_000)
    say(session, wire.Hello(wire.PROTOCOL_VERSION, "good", "e"), 0)
    assert all(isinstance(say(session, wire.Ping(i), i), Say) for i in range(3_000))
    effects = [say(session, wire.Ping(i), 3_000) for i in range(1_001)]
    assert effects[-1] == Bye(CloseCode.TOO_MANY_MESSAGES)


def test_too_many_unanswered_commands_are_refused_not_queued() -> None:
    talk = Talk()
    effects = [
        say(talk.session, wire.Hold(f"r{i}", [0]))
        for i in range(limits.MAX_PENDING_COMMANDS_PER_CONNECTION + 1)
    ]
    last = effects[-1]
    assert isinstance(last, Say)
    refused = wire.decode_server_message(last.payload)
    assert isinstance(refused, wire.Refused)
    assert refused.code == Code.OVERLOADED


def test_a_repeat_whose_hold_is_over_says_so() -> None:
    talk = Talk()
    held = talk.ask(wire.Hold("r", [0]))
    assert isinstance(held, wire.Held)
    talk.ask(wire.Hold("add", [1], into=held.state.hold))
    talk.ask(wire.Release("gone", held.state.hold))
    for repeat in (wire.Hold("r", [0]), wire.Hold("add", [1], into=held.state.hold)):
        again = talk.ask(repeat)
        assert isinstance(again, wire.Refused)
        assert again.code == Code.HOLD_ENDED
