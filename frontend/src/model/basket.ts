/** What the viewer holds, as lines and a total. */

import type { HoldState } from "../wire/messages";

export interface BasketLine {
  readonly place: number;
  readonly price: number;
  readonly hold: number;
}

export interface Basket {
  readonly lines: readonly BasketLine[];
  readonly total: number;
  /** The earliest end of all holds, server's clock; 0 when the basket is empty. */
  readonly expiresAtMs: number;
  /** How often every hold may still be extended. */
  readonly extensionsLeft: number;
}

export const EMPTY_BASKET: Basket = { lines: [], total: 0, expiresAtMs: 0, extensionsLeft: 0 };

export function basketOf(holds: Iterable<HoldState>): Basket {
  const all = [...holds].filter((hold) => hold.places.length);
  if (!all.length) return EMPTY_BASKET;
  const lines = all.flatMap((hold) =>
    hold.places.map((place, i) => ({ place, price: hold.prices[i] ?? 0, hold: hold.hold })),
  );
  return {
    lines,
    total: lines.reduce((sum, line) => sum + line.price, 0),
    expiresAtMs: Math.min(...all.map((hold) => hold.expires_at_ms)),
    extensionsLeft: Math.min(...all.map((hold) => hold.extensions_left)),
  };
}

/** m:ss to the nearest second, never below 0:00: a slow answer must not read as a second given. */
export function timeLeft(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

const SPOKEN_MINUTES = [5, 2, 1];

/** The minute to be said aloud when time runs from `before` to `after` ms left; 0 for none. */
export function minuteToSay(before: number, after: number): number {
  return SPOKEN_MINUTES.findLast((m) => before > m * 60_000 && after <= m * 60_000) ?? 0;
}
