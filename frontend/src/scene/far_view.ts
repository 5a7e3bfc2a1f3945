/** Where blocks are drawn and where seats, and how one gives way to the other. */

import type { ChartModel } from "../model/chart";
import type { SeatStore } from "../model/seats";

/** From where on seats can be told apart and counts of blocks are in the way. */
const SEATS_FROM_PX = 7;
const SMALL_CHART = 1500;
const FADE_MS = 160;
const LONGEST_FRAME_MS = 50;

export class FarView {
  /** As it is drawn: 1 where blocks are, 0 where seats are, between while one fades into the other. */
  shown = 1;
  private shownAt = 0;

  constructor(
    private readonly chart: ChartModel,
    private readonly seats: SeatStore,
  ) {}

  /** 1 for blocks, 0 for seats, at a camera's scale that is on its way to another. */
  wanted(scale: number, target: number): number {
    // Where only zones are told there are no seats to draw, but those that are on their way out.
    return this.seats.onlyZones && this.at(target) < 1 ? 1 : this.at(scale);
  }

  /** One frame on: never all at once, whatever the reason. */
  step(wanted: number, now: number, calm: boolean): void {
    const most = calm ? 1 : Math.min(LONGEST_FRAME_MS, now - this.shownAt) / FADE_MS;
    this.shown += Math.min(most, Math.max(-most, wanted - this.shown));
    this.shownAt = now;
  }

  private at(scale: number): number {
    if (this.chart.size <= SMALL_CHART) return 0;
    return this.chart.spacing * scale >= SEATS_FROM_PX ? 0 : 1;
  }
}
