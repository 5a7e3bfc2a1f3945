/**
 * `window.seatengine`: where places are on the screen, for tests that drive a real pointer and for
 * whoever looks into a report. It reads only; nothing on the page uses it.
 */

import type { SeatMap } from "../scene/seat_map";

interface DebugHandle {
  /** Page coordinates of a place, CSS px; null while the map is moving. */
  readonly pointOf: (place: number) => { x: number; y: number } | null;
  /** Whether nothing moves on the map and it shows all that the page knows. */
  readonly isAtRest: () => boolean;
}

declare global {
  interface Window {
    seatengine?: DebugHandle;
  }
}

export function exposeMap(map: SeatMap, container: HTMLElement): () => void {
  window.seatengine = {
    pointOf: (place) => {
      if (map.moving) return null;
      const box = container.getBoundingClientRect();
      const { x, y } = map.screenOf(place);
      return { x: box.left + x, y: box.top + y };
    },
    isAtRest: () => map.atRest,
  };
  return () => delete window.seatengine;
}
