/** Who sits beside whom, and which place lies next in a direction. */

import { AREA, GONE, isOnFloor, type ChartModel } from "./chart";
import { FREE } from "./seats";

/** Up to `count` free places of the same row, nearest to `place` first. */
export function freeBeside(chart: ChartModel, statuses: Uint8Array, place: number, count: number): number[] {
  const group = chart.groups[chart.group[place]!];
  if (!group || group.kind === AREA) return [];
  const distance = (other: number) =>
    Math.hypot(chart.x[other]! - chart.x[place]!, chart.y[other]! - chart.y[place]!);
  return Array.from(group.places)
    .filter((other) => other !== place && statuses[other] === FREE)
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, count);
}

/**
 * The place an arrow key leads to: the nearest one ahead, where a step aside counts three times a
 * step ahead. -1 where there is none.
 */
export function placeTowards(
  chart: ChartModel,
  from: { readonly x: number; readonly y: number },
  direction: { readonly x: number; readonly y: number },
  floor: string,
  except = -1,
): number {
  let best = -1;
  let least = Infinity;
  for (let place = 0; place < chart.size; place += 1) {
    if (place === except) continue;
    if (!isStop(chart, place, floor)) continue;
    const dx = chart.x[place]! - from.x;
    const dy = chart.y[place]! - from.y;
    const ahead = dx * direction.x + dy * direction.y;
    if (ahead < chart.spacing * 0.3) continue;
    const cost = ahead + 3 * Math.abs(dx * direction.y - dy * direction.x);
    if (cost < least) {
      least = cost;
      best = place;
    }
  }
  return best;
}

/** The place nearest to a point; -1 where the chart has none. */
export function placeNearest(chart: ChartModel, x: number, y: number, floor: string): number {
  let best = -1;
  let least = Infinity;
  for (let place = 0; place < chart.size; place += 1) {
    if (!isStop(chart, place, floor)) continue;
    const distance = Math.hypot(chart.x[place]! - x, chart.y[place]! - y);
    if (distance < least) {
      least = distance;
      best = place;
    }
  }
  return best;
}

/** Whether the keyboard stops here: at every seat, and at an area once. */
function isStop(chart: ChartModel, place: number, floor: string): boolean {
  const group = chart.groups[chart.group[place]!];
  if (!group || chart.flags[place]! & GONE || !isOnFloor(group.floor, floor)) return false;
  return group.kind !== AREA || group.places[0] === place;
}
