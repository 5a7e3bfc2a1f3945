/** How long to wait before trying again: what the server asks for, else doubling; with jitter. */

export const FIRST_WAIT_MS = 400;
export const LONGEST_WAIT_MS = 8_000;
/** No server needs longer to catch up; one that asks for more is not believed. */
export const LONGEST_ASKED_MS = 60_000;

/** Each viewer is given a moment of its own; a quarter on top keeps neighbours apart. */
const ASKED_JITTER = 0.25;

/**
 * `attempt` counts from 0; `random` is in [0, 1); `reason` is the close frame's, "retry_ms=1500"
 * where the server says when to come back: then never before. Without it half of the wait is sure
 * and half is jitter.
 */
export function waitBefore(attempt: number, random: number, reason = ""): number {
  const asked = askedWait(reason);
  if (asked !== null) return Math.round(asked * (1 + ASKED_JITTER * random));
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}

/** The wait that a close reason asks for, null where it asks for none. */
function askedWait(reason: string): number | null {
  const said = /^retry_ms=(\d{1,9})$/.exec(reason)?.[1];
  return said === undefined ? null : Math.min(Number(said), LONGEST_ASKED_MS);
}

/** Whether a close code invites the client back: see CloseCode in gateway/live/wire.py. */
export function mayComeBack(code: number): boolean {
  return code !== 1002 && code !== 1009 && (code < 4100 || code > 4199);
}
