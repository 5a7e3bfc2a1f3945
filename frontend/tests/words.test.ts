import { describe, expect, it } from "vitest";
import type { BlockSurvey } from "../src/model/survey";
import { togetherWords } from "../src/viewer/words";

function block(together: number, orMore = false): BlockSurvey {
  return {
    places: 900,
    free: 700,
    about: false,
    fitting: 700,
    exact: true,
    from: 100,
    to: 100,
    together,
    orMore,
    shade: 1,
    category: 0,
  };
}

describe("room for a party", () => {
  it("is told as it is, or rounded down where there may be more", () => {
    expect(togetherWords(block(12), 4)).toBe("4 together: 12 left");
    expect(togetherWords(block(12, true), 4)).toBe("4 together: 12+ left");
    expect(togetherWords(block(353, true), 2)).toBe("2 together: 350+ left");
    expect(togetherWords(block(353), 2)).toBe("2 together: 353 left");
  });

  it("is said to be none, and of one person or of nothing known not said at all", () => {
    expect(togetherWords(block(0), 4)).toBe("no 4 together");
    expect(togetherWords(block(700), 1)).toBe("");
    expect(togetherWords(block(-1), 4)).toBe("");
  });
});
