import { describe, expect, it } from "vitest";
import { contrast, inkOn, nudged, parseColour, PALETTE } from "../src/model/colour";
import { money, shortMoney } from "../src/model/money";
import { minuteToSay, timeLeft } from "../src/model/basket";

const WHITE = { r: 255, g: 255, b: 255 };
const NIGHT = { r: 14, g: 16, b: 20 };

describe("colours", () => {
  it("reads what organizers write", () => {
    expect(parseColour("#c90")).toEqual({ r: 204, g: 153, b: 0 });
    expect(parseColour("3b5bdb")).toEqual({ r: 59, g: 91, b: 219 });
    expect(parseColour("rgb(1, 2, 3)")).toEqual({ r: 1, g: 2, b: 3 });
    expect(parseColour("nonsense")).toBeNull();
  });

  it("nudges any colour to contrast, on light and on dark", () => {
    for (const text of ["#ffff00", "#000080", "#777777", "#ffffff", "#000000", ...PALETTE]) {
      for (const ground of [WHITE, NIGHT]) {
        expect(contrast(nudged(parseColour(text)!, ground, 3), ground)).toBeGreaterThanOrEqual(3);
      }
    }
  });

  it("leaves a colour alone that contrasts already", () => {
    const blue = parseColour("#3b5bdb")!;
    expect(nudged(blue, WHITE, 3)).toEqual(blue);
  });

  it("writes with readable ink", () => {
    for (const text of PALETTE) {
      const ground = parseColour(text)!;
      expect(contrast(inkOn(ground), ground)).toBeGreaterThanOrEqual(4.4);
    }
  });
});

describe("money and time", () => {
  it("shows minor units in the buyer's locale", () => {
    expect(money(4_550, "EUR", "en")).toBe("€45.50");
    expect(money(4_550, "JPY", "en")).toBe("¥4,550");
    expect(shortMoney(4_500, "EUR", "en")).toBe("€45");
    expect(shortMoney(4_550, "EUR", "en")).toBe("€45.50");
    expect(money(0, "EUR", "en")).toBe("Free");
  });

  it("counts down", () => {
    expect(timeLeft(479_600)).toBe("8:00");
    expect(timeLeft(480_300)).toBe("8:00");
    expect(timeLeft(59_000)).toBe("0:59");
    expect(timeLeft(-5)).toBe("0:00");
  });

  it("says five, two and one minute once each", () => {
    expect(minuteToSay(301_000, 299_900)).toBe(5);
    expect(minuteToSay(299_900, 299_600)).toBe(0);
    expect(minuteToSay(400_000, 100_000)).toBe(2);
    expect(minuteToSay(60_100, 60_000)).toBe(1);
  });
});
