/** Which places are where. One kdbush for each block, made when somebody first looks there. */

import KDBush from "kdbush";
import type { ChartModel } from "../model/chart";
import type { Bounds } from "../model/outline";

interface Part {
  readonly places: Int32Array;
  readonly bounds: Bounds;
  index: KDBush | null;
}

export class SeatIndex {
  private readonly parts: readonly Part[];

  constructor(private readonly chart: ChartModel) {
    this.parts = chart.blocks
      .filter((block) => block.area < 0 && block.places.length)
      .map(({ places }) => ({ places, bounds: boundsOfPlaces(chart, places), index: null }));
  }

  /** Places whose middles lie in the box, in no order. */
  *range(left: number, top: number, right: number, bottom: number): Iterable<number> {
    for (const part of this.parts) {
      const { bounds } = part;
      if (bounds.left > right || bounds.right < left || bounds.top > bottom || bounds.bottom < top) continue;
      for (const at of this.indexOf(part).range(left, top, right, bottom)) yield part.places[at]!;
    }
  }

  /** Places within `reach` of a point, in no order. */
  *within(x: number, y: number, reach: number): Iterable<number> {
    for (const part of this.parts) {
      const { bounds } = part;
      if (bounds.left > x + reach || bounds.right < x - reach) continue;
      if (bounds.top > y + reach || bounds.bottom < y - reach) continue;
      for (const at of this.indexOf(part).within(x, y, reach)) yield part.places[at]!;
    }
  }

  private indexOf(part: Part): KDBush {
    if (part.index) return part.index;
    const made = new KDBush(part.places.length, 64, Float32Array);
    for (const place of part.places) made.add(this.chart.x[place]!, this.chart.y[place]!);
    part.index = made.finish();
    return part.index;
  }
}

function boundsOfPlaces(chart: Pick<ChartModel, "x" | "y">, places: ArrayLike<number>): Bounds {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < places.length; i += 1) {
    const [x, y] = [chart.x[places[i]!]!, chart.y[places[i]!]!];
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return { left, top, right, bottom };
}
