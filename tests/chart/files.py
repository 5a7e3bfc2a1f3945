"""Small chart files of both foreign formats with one of everything; where larger ones may be."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import msgspec

Json = dict[str, Any]

SHARED_CHARTS = Path(__file__).parents[3] / "shared" / "data" / "charts"


def shared_files() -> list[Path]:
    """Real charts that stand beside the project on some machines; empty on others."""
    return sorted(SHARED_CHARTS.glob("*/*.json"))


def encoded(document: Json) -> bytes:
    return msgspec.json.encode(document)


def seatsio_seats(prefix: str, *xs: float, y: float = 0.0, **fields: object) -> list[Json]:
    return [
        {"uuid": f"{prefix}{n}", "label": str(n), "x": x, "y": y, "categoryKey": 1, **fields}
        for n, x in enumerate(xs, 1)
    ]


def seatsio_drawing() -> Json:
    """A single-floor drawing with every object the format has."""
    return copy.deepcopy(_SEATSIO)


def seatsio_floors() -> Json:
    """The same house on two floors."""
    document = seatsio_drawing()
    ground = document.pop("subChart")
    upper = copy.deepcopy(_UPPER)
    document["subChartFloors"] = [
        {**ground, "floorName": "0", "floorDisplayName": "Ground"},
        {**upper, "floorName": "1", "floorDisplayName": "Upper"},
    ]
    return document


def pretix_plan() -> Json:
    """Two zones on one floor, areas of every shape."""
    return copy.deepcopy(_PRETIX)


_SEATSIO: Json = {
    "name": "House",
    "version": 22,
    "categories": {
        "list": [
            {"key": 1, "label": "Stalls", "color": "#87A9CD", "accessible": False},
            {"key": "vip", "label": "VIP", "color": "#5E42ED", "accessible": True},
        ]
    },
    "zones": {"list": [{"key": "east", "label": "East", "focalPoint": {"x": 500, "y": 20}}]},
    "subChart": {
        "width": 900,
        "height": 600,
        "focalPoint": {"x": 300, "y": 10},
        "backgroundImage": {"backgroundImageKey": "k"},
        "referenceChart": {"backgroundImageKey": "r"},
        "rows": [
            {
                "uuid": "r1",
                "label": "A",
                "displayLabel": "Row A",
                "curve": 12.5,
                "points": None,
                "seats": [
                    *seatsio_seats("a", 100, 120, 140, y=100),
                    {
                        "uuid": "a4",
                        "label": "4",
                        "displayLabel": "four",
                        "x": 190.123456,
                        "y": 100,
                        "categoryKey": "vip",
                        "accessible": True,
                        "companionSeat": True,
                        "semiAmbulatorySeat": True,
                        "restrictedView": True,
                        "entrance": "North",
                        "viewFromYourSeatImage": "x.jpg",
                        "disabledBySocialDistancingRules": True,
                    },
                ],
            },
            {
                "uuid": "r2",
                "label": "B",
                "sectionLabel": "Circle",
                "points": [{"x": 0, "y": 0}, {"x": 50, "y": 10}, {"x": 90, "y": 0}],
                "seats": seatsio_seats("b", 100, 120, 140, y=130),
            },
        ],
        "tables": [
            {
                "uuid": "t1",
                "label": "T1",
                "type": "round",
                "center": {"x": 400, "y": 100},
                "radius": 20,
                "bookAsAWhole": True,
                "openSpaces": 1,
                "seats": seatsio_seats("t1-", 370, 400, 430, y=100),
            },
            {
                "uuid": "t2",
                "label": "T2",
                "type": "rectangular",
                "center": {"x": 400, "y": 200},
                "width": 80,
                "height": 30,
                "rotationAngle": 45,
                "bookAsAWhole": True,
                "variableOccupancy": True,
                "minOccupancy": 2,
                "maxOccupancy": 3,
                "seats": seatsio_seats("t2-", 380, 400, 420, y=180),
            },
            {"uuid": "t3", "label": "T3", "seats": seatsio_seats("t3-", 500, 560, y=200)},
        ],
        "booths": [
            {
                "uuid": "b1",
                "label": "Kiosk",
                "center": {"x": 600, "y": 100},
                "width": 40,
                "height": 30,
                "rotationAngle": 10,
                "categoryKey": "vip",
            },
            {
                "uuid": "b2",
                "label": "Corner",
                "points": [{"x": 650, "y": 90}, {"x": 690, "y": 90}, {"x": 650, "y": 130}],
                "categoryKey": 1,
            },
        ],
        "generalAdmissionAreas": [
            {
                "uuid": "g1",
                "label": "Floor",
                "type": "circle",
                "center": {"x": 300, "y": 300},
                "radius1": 60,
                "radius2": 40,
                "rotationAngle": 5,
                "capacity": 100,
                "categoryKey": 1,
                "variableOccupancy": True,
                "minOccupancy": 1,
            },
            {
                "uuid": "g2",
                "label": "Lounge",
                "type": "rectangle",
                "center": {"x": 450, "y": 300},
                "width": 100,
                "height": 60,
                "cornerRadius": 6,
                "capacity": 10,
                "categoryKey": "vip",
                "bookAsAWhole": True,
            },
            {
                "uuid": "g3",
                "label": "Pit",
                "type": "polygon",
                "points": [{"x": 520, "y": 260}, {"x": 600, "y": 260}, {"x": 560, "y": 330}],
                "capacity": 20,
                "categoryKey": 1,
                "bookAsAWhole": True,
                "variableOccupancy": True,
                "minOccupancy": 5,
                "maxOccupancy": 20,
            },
        ],
        "shapes": [
            {
                "uuid": "s1",
                "type": "rectangle",
                "smartType": "stage",
                "label": "Stage",
                "labelSize": 16,
                "fillColor": "#D0D1D2",
                "strokeColor": "#E8E8E9",
                "center": {"x": 300, "y": 20},
                "width": 200,
                "height": 40,
                "cornerRadius": 8,
                "icon": "stage",
                "foreground": True,
            },
            {"uuid": "s2", "type": "circle", "center": {"x": 10, "y": 10}, "radius": 5},
            {"uuid": "s3", "type": "polyline", "points": [{"x": 0, "y": 0}, {"x": 9, "y": 9}]},
            {
                "uuid": "s4",
                "type": "polygon",
                "smartType": "dance floor",
                "points": [{"x": 0, "y": 50}, {"x": 9, "y": 50}, {"x": 0, "y": 60}],
            },
            {"uuid": "s5", "type": "rectangle", "fillColor": "red"},
        ],
        "texts": [
            {"uuid": "x1", "text": "Welcome", "center": {"x": 50, "y": 400}, "fontSize": 20},
            {"uuid": "x2", "text": "Bar", "x": 80, "y": 420, "textColor": "#112233"},
            {"uuid": "x3", "text": "Nowhere"},
        ],
        "icons": [
            {"uuid": "i1", "icon": "restroom", "center": {"x": 20, "y": 500}, "size": 18},
            {"uuid": "i2", "iconType": "exit", "x": 40, "y": 500},
            {"uuid": "i3", "icon": "bar"},
        ],
        "imageObjects": [{"uuid": "im1"}, {"uuid": "im2"}],
        "sections": [
            {
                "uuid": "sec1",
                "label": "Balcony",
                "zone": "east",
                "categoryKey": "vip",
                "entrance": "Gate 3",
                "labelSize": 12,
                "labelRotationAngle": 30,
                "labelHorizontalOffset": 5,
                "viewFromYourSeatImage": "y.jpg",
                "topLeft": {"x": 600.5, "y": 400.25},
                "points": [
                    {"x": 600.5, "y": 400.25},
                    {"x": 700, "y": 400.25},
                    {"x": 700, "y": 480},
                    {"x": 600.5, "y": 480},
                ],
                "subChart": {
                    "rows": [
                        {
                            "uuid": "r3",
                            "label": "A",
                            "seats": seatsio_seats("c", 20, 40, 60, y=30.1, categoryKey=None),
                        }
                    ],
                    "booths": [
                        {
                            "uuid": "b3",
                            "label": "Box",
                            "center": {"x": 30, "y": 60},
                            "width": 20,
                            "height": 20,
                        }
                    ],
                    "generalAdmissionAreas": [
                        {
                            "uuid": "g4",
                            "label": "Standing",
                            "type": "rectangle",
                            "center": {"x": 70, "y": 60},
                            "width": 30,
                            "height": 20,
                            "capacity": 5,
                        }
                    ],
                    "shapes": [
                        {"uuid": "s6", "type": "circle", "center": {"x": 5, "y": 5}, "radius": 2}
                    ],
                },
            }
        ],
    },
}

_UPPER: Json = {
    "width": 1000,
    "height": 100,
    "focalPoint": {"x": 1, "y": 2},
    "rows": [
        {"uuid": "u1", "label": "A", "sectionLabel": "Upper", "seats": seatsio_seats("u", 5, 25)}
    ],
}

_PRETIX: Json = {
    "name": "Plan",
    "size": {"width": 800, "height": 600},
    "categories": [
        {"name": "Front", "color": "#F44336"},
        {"name": "Back", "color": "#9C27B0"},
    ],
    "zones": [
        {
            "name": "Stalls",
            "zone_id": "stalls",
            "uuid": "z1",
            "position": {"x": 100, "y": 50.5},
            "rows": [
                {
                    "row_number": number,
                    "row_label": f"Row {number}",
                    "row_number_position": "end",
                    "seat_label": "Seat %s",
                    "uuid": f"row-{number}",
                    "position": {"x": 10.1, "y": 30 * at},
                    "seats": [
                        {
                            "seat_guid": f"{number}-{seat}",
                            "seat_number": str(seat),
                            "uuid": f"uuid-{number}-{seat}",
                            "position": {"x": 25 * seat, "y": 0.2},
                            "category": "Front" if number == "A" else "Back",
                            "radius": 9,
                            "start_direction": "<>",
                        }
                        for seat in (1, 2, 3)
                    ],
                }
                for at, number in enumerate("AB")
            ],
            "areas": [
                {
                    "shape": "rectangle",
                    "color": "#CBEEB3",
                    "border_color": "#FFFFFF",
                    "rotation": 30,
                    "uuid": "area-1",
                    "position": {"x": 5, "y": 6},
                    "rectangle": {"width": 100, "height": 40},
                    "text": {
                        "position": {"x": 50, "y": 20},
                        "color": "#333333",
                        "text": "Stage",
                    },
                },
                {
                    "shape": "circle",
                    "uuid": "area-2",
                    "rotation": 0,
                    "position": {"x": 300, "y": 6},
                    "circle": {"radius": 12},
                },
                {
                    "shape": "ellipse",
                    "uuid": "area-3",
                    "rotation": 90,
                    "position": {"x": 350, "y": 6},
                    "ellipse": {"radius": {"x": 12, "y": 5}},
                },
                {
                    "shape": "polygon",
                    "uuid": "area-4",
                    "rotation": 90,
                    "position": {"x": 400, "y": 6},
                    "polygon": {"points": [{"x": 0, "y": 0}, {"x": 9, "y": 0}, {"x": 0, "y": 9}]},
                },
                {
                    "shape": "text",
                    "uuid": "area-5",
                    "rotation": 0,
                    "position": {"x": 450, "y": 6},
                    "text": {"text": "Exit", "size": 11},
                },
            ],
        },
        {
            "name": "Balcony",
            "zone_id": "balcony",
            "position": {"x": 100, "y": 300},
            "rows": [
                {
                    "row_number": "A",
                    "position": {"x": 0, "y": 0},
                    "seats": [
                        {
                            "seat_guid": f"balcony-{seat}",
                            "seat_number": str(seat),
                            "position": {"x": 25 * seat, "y": 0},
                            "category": "Back",
                        }
                        for seat in (1, 2)
                    ],
                }
            ],
        },
    ],
}
