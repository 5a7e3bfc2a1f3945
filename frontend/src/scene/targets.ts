/** What lies under a point of the chart, other than single seats. */

import { AREA, BOOTH, isOnFloor, type Block, type ChartModel, type Group } from "../model/chart";
import { toScreen, type Camera, type Viewport } from "../model/camera";
import { contains } from "../model/outline";

export class Targets {
  /** Tables that are booked whole, and booths: taken by their shape. */
  private readonly shaped: readonly Group[];

  constructor(private readonly chart: ChartModel) {
    this.shaped = chart.groups.filter(
      (g) => g.rings.length && g.places.length && g.kind !== AREA && (g.whole || g.kind === BOOTH),
    );
  }

  /** The topmost block; undefined where there is none. */
  blockAt(x: number, y: number, floor: string): Block | undefined {
    return this.chart.blocks.findLast(
      ({ bounds, rings, floor: own }) =>
        isOnFloor(own, floor) &&
        x >= bounds.left &&
        x <= bounds.right &&
        y >= bounds.top &&
        y <= bounds.bottom &&
        contains(rings, x, y),
    );
  }

  /** Where the label stands of the block on the screen that is nearest to a point of it. */
  nearestBlock(
    { x, y }: { x: number; y: number },
    camera: Camera,
    { width, height }: Viewport,
    floor: string,
  ): { x: number; y: number } | undefined {
    const distance = (at: { x: number; y: number }) => Math.hypot(at.x - x, at.y - y);
    return this.chart.blocks
      .filter((block) => isOnFloor(block.floor, floor))
      .map(({ labelAt }) => toScreen(camera, labelAt.x, labelAt.y))
      .filter((at) => at.x > 0 && at.y > 0 && at.x < width && at.y < height)
      .sort((a, b) => distance(a) - distance(b))[0];
  }

  /** The index of a whole table or a booth; -1 for none. */
  groupAt(x: number, y: number, floor: string): number {
    const found = this.shaped.find((g) => isOnFloor(g.floor, floor) && contains(g.rings, x, y));
    return found?.index ?? -1;
  }
}
