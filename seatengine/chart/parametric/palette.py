"""The categories of generated venues: their colours and plausible prices in minor units.

The colours were searched for so that any two differ by a CIE76 distance of at least 22 to people
with normal, deuteranope and protanope sight (simulated after Machado, Oliveira and Fernandes 2009).
"""

from __future__ import annotations

from typing import Final

from seatengine.chart.chart import Category

PLATINUM: Final = Category("platinum", "Platinum", "#A30D6B", 14_500)
GOLD: Final = Category("gold", "Gold", "#F07C12", 9_900)
SILVER: Final = Category("silver", "Silver", "#2456B8", 7_200)
BRONZE: Final = Category("bronze", "Bronze", "#EE7385", 4_900)
VALUE: Final = Category("value", "Value", "#4AA3DA", 2_900)
STANDING: Final = Category("standing", "Standing", "#6B2FE0", 6_500)
TABLES: Final = Category("tables", "Tables and boxes", "#B01F2B", 16_000)
