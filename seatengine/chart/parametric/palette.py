"""The colours and prices of generated venues.

Hues are those of Paul Tol's colour-blind safe "vibrant" and "bright" schemes
(https://personal.sron.nl/~pault/), dearest first; prices are plausible and in minor units.
"""

from __future__ import annotations

from typing import Final

from seatengine.chart.chart import Category

PLATINUM: Final = Category("platinum", "Platinum", "#AA3377", 14_500)
GOLD: Final = Category("gold", "Gold", "#EE7733", 9_900)
SILVER: Final = Category("silver", "Silver", "#0077BB", 7_200)
BRONZE: Final = Category("bronze", "Bronze", "#009988", 4_900)
VALUE: Final = Category("value", "Value", "#33A6D8", 2_900)
STANDING: Final = Category("standing", "Standing", "#7A5CC0", 6_500)
TABLES: Final = Category("tables", "Tables and boxes", "#8C6D1F", 16_000)
