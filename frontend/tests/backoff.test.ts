import { describe, expect, it } from "vitest";

import {
  FIRST_WAIT_MS,
  LONGEST_ASKED_MS,
  LONGEST_WAIT_MS,
  mayComeBack,
  waitBefore,
} from "../src/wire/backoff";

const ALMOST_ONE = 1 - Number.EPSILON;

describe("waitBefore", () => {
  it("doubles within bounds, half of it sure", () => {
    expect(waitBefore(0, 0)).toBe(FIRST_WAIT_MS / 2);
    expect(waitBefore(0, ALMOST_ONE)).toBe(FIRST_WAIT_MS);
    expect(waitBefore(1, 0)).toBe(FIRST_WAIT_MS);
    expect(waitBefore(1000, ALMOST_ONE)).toBe(LONGEST_WAIT_MS);
  });

  it("comes when the server says, never before, and not with its neighbours", () => {
    expect(waitBefore(5, 0, "retry_ms=1500")).toBe(1500);
    expect(waitBefore(5, ALMOST_ONE, "retry_ms=1500")).toBe(1875);
    expect(waitBefore(0, 0.5, "retry_ms=0")).toBe(0);
  });

  it("believes no server that asks for hours", () => {
    expect(waitBefore(0, 0, "retry_ms=999999999")).toBe(LONGEST_ASKED_MS);
  });

  it.each(["", "retry_ms=", "retry_ms=-5", "retry_ms=1e9", "retry_ms=12 ", "bye retry_ms=12"])(
    "takes %j for no wish",
    (reason) => expect(waitBefore(0, 0, reason)).toBe(FIRST_WAIT_MS / 2),
  );
});

describe("mayComeBack", () => {
  it.each([1001, 1006, 4000, 4001, 4002, 4003])("after %d", (code) =>
    expect(mayComeBack(code)).toBe(true),
  );
  it.each([1002, 1009, 4100, 4102, 4106])("not after %d", (code) =>
    expect(mayComeBack(code)).toBe(false),
  );
});
