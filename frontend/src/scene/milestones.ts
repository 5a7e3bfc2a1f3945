/** Moments of opening the map, as marks of the browser's User Timing; each is made once. */

export type Milestone = "map" | "places" | "seats";

const PREFIX = "seatengine:";
const reached = new Set<Milestone>();

export function hasReached(milestone: Milestone): boolean {
  return reached.has(milestone);
}

/**
 * `map`: outlines are drawn; `places`: with the live state; `seats`: single seats with their live
 * state, all of those in view.
 */
export function reach(milestone: Milestone): void {
  if (reached.has(milestone)) return;
  reached.add(milestone);
  performance.mark(PREFIX + milestone);
}
