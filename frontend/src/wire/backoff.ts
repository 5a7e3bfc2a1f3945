/** How long to wait before trying again: doubling, with full jitter, within bounds. */

export const FIRST_WAIT_MS = 400;
export const LONGEST_WAIT_MS = 8_000;

/** `attempt` counts from 0; `random` is in [0, 1). Half the wait is sure, half is jitter. */
export function waitBefore(attempt: number, random: number): number {
  const ceiling = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 10));
  return Math.round(ceiling / 2 + (ceiling / 2) * random);
}

/** Whether a close code invites the client back: see CloseCode in gateway/wire.py. */
export function mayComeBack(code: number): boolean {
  return code !== 1002 && code !== 1009 && (code < 4100 || code > 4199);
}
