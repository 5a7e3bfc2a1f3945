import { decode, encode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { mayComeBack, waitBefore, FIRST_WAIT_MS, LONGEST_WAIT_MS } from "../src/wire/backoff";
import { BadMessage } from "../src/wire/bad_message";
import { decodeMessage, encodeMessage } from "../src/wire/codec";

describe("encodeMessage", () => {
  it("writes the tag and the fields in order, defaults where nothing is given", () => {
    const bytes = encodeMessage({ type: "Hold", ref: "a-1", places: [3, 4] });
    expect(decode(bytes)).toEqual([2, "a-1", [3, 4], 0]);
  });
});

describe("decodeMessage", () => {
  it("reads nested structs", () => {
    const bytes = encode([5, "a-1", [7, [3], [9000], 1234, 2], [3]]);
    expect(decodeMessage(bytes)).toEqual({
      type: "Held",
      ref: "a-1",
      state: { hold: 7, places: [3], prices: [9000], expires_at_ms: 1234, extensions_left: 2 },
      added: [3],
      dropped: [],
      step: 0,
    });
  });

  it("reads lists of structs", () => {
    const message = decodeMessage(encode([4, [[1, [2], [3], 4, 5]]]));
    expect(message).toMatchObject({ type: "Mine", holds: [{ hold: 1, places: [2] }] });
  });

  it("passes over unknown trailing fields and unknown tags", () => {
    expect(decodeMessage(encode([9, 1, 2, "new"]))).toEqual({ type: "Pong", t: 1, now_ms: 2 });
    expect(decodeMessage(encode([99, 1]))).toBeNull();
  });

  it("refuses what is no message", () => {
    expect(() => decodeMessage(encode("hello"))).toThrow(BadMessage);
    expect(() => decodeMessage(encode([9, 1]))).toThrow(BadMessage);
    expect(() => decodeMessage(encode([4, "none"]))).toThrow(BadMessage);
    expect(() => decodeMessage(Uint8Array.of(0xc1))).toThrow(BadMessage);
  });
});

describe("coming back", () => {
  it("waits longer each time, within bounds", () => {
    expect(waitBefore(0, 0)).toBe(FIRST_WAIT_MS / 2);
    expect(waitBefore(3, 0)).toBeGreaterThan(waitBefore(0, 1));
    expect(waitBefore(1_000, 1)).toBe(LONGEST_WAIT_MS);
  });

  it("follows the close code", () => {
    expect([1001, 1006, 4000, 4003].every(mayComeBack)).toBe(true);
    expect([1002, 1009, 4100, 4105].some(mayComeBack)).toBe(false);
  });
});
