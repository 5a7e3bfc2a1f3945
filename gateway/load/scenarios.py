"""What the viewers of a load do: each scenario is one set of habits."""

from __future__ import annotations

from typing import Final

import msgspec

from seatengine.limits import MAX_HOLD_TTL_MS


class Scenario(msgspec.Struct, frozen=True):
    """Habits, as shares of viewers (of all, or of those who hold) and times in seconds.

    near_share: look at seats; the others see the whole venue · move_s: how often those move their
    viewport, from and to · hold_share: the part of the asked-for rate of holds that is made ·
    keep_s: how long a hold is kept, on average · book_share: of the holds, paid for in the end ·
    hot_places: everyone wants the same so many best places; 0 picks among the free ones in view ·
    forget_share: of the holds, left to expire · vanish_share: of the holds, whose viewer is gone
    at once and comes back later · hoard_share: of the viewers, who take as many places as one hold
    may have and extend it · slow_share: of the viewers, who do not read for `stall_s` now and then
    · drop_every_s: how often `drop_share` of the viewers lose their connection at one moment; 0
    never · hold_ttl_ms: of the event that is made for the run.
    """

    name: str
    says: str
    near_share: float = 0.3
    move_s: tuple[float, float] = (5.0, 10.0)
    hold_share: float = 1.0
    keep_s: float = 8.0
    book_share: float = 0.02
    hot_places: int = 0
    forget_share: float = 0.0
    vanish_share: float = 0.0
    hoard_share: float = 0.0
    slow_share: float = 0.0
    stall_s: float = 25.0
    drop_every_s: float = 0.0
    drop_share: float = 0.0
    hold_ttl_ms: int = MAX_HOLD_TTL_MS


SCENARIOS: Final = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            "browse",
            "People look around and buy nothing.",
            near_share=0.5,
            move_s=(2.0, 6.0),
            hold_share=0.0,
        ),
        Scenario(
            "pick",
            "Everyone looks at seats, picks some, thinks again, and one in four pays.",
            near_share=1.0,
            move_s=(4.0, 12.0),
            book_share=0.25,
        ),
        Scenario(
            "herd",
            "Everyone wants the same best seats.",
            near_share=0.6,
            keep_s=2.0,
            book_share=0.0,
            hot_places=600,
        ),
        Scenario("onsale", "The sale opens: most see the whole venue, three in ten are at seats."),
        Scenario(
            "slow",
            "A storm of holds while one viewer in ten stops reading for half a minute.",
            near_share=0.5,
            slow_share=0.1,
        ),
        Scenario(
            "reconnect",
            "Everyone's connection breaks at one moment, again and again.",
            drop_every_s=20.0,
            drop_share=1.0,
        ),
        Scenario(
            "abandon",
            "Baskets are left to expire, their owners vanish, and some hoard all they may.",
            near_share=0.6,
            forget_share=0.5,
            vanish_share=0.05,
            hoard_share=0.02,
            book_share=0.05,
            hold_ttl_ms=10_000,
        ),
        Scenario(
            "mixed",
            "All of it at once: pickers, hoarders, slow readers, broken connections.",
            book_share=0.05,
            forget_share=0.05,
            vanish_share=0.01,
            hoard_share=0.005,
            slow_share=0.03,
            drop_every_s=15.0,
            drop_share=0.1,
            hold_ttl_ms=20_000,
        ),
    )
}
