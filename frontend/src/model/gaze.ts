/**
 * What this viewer looks at, said to the server as Look: when it really changed, at once where the
 * view rests and now and then while it moves.
 */

import { MAX_SECTIONS_LISTED, type Look } from "../wire/messages";
import type { Bounds } from "./outline";

/** What the map shows: `zoom` in CSS px per chart unit; `floor` "" for every floor. */
export interface MapSight {
  readonly box: Bounds;
  readonly zoom: number;
  readonly floor: string;
}

export interface GazePort {
  readonly say: (look: Look) => void;
  readonly localNow: () => number;
  readonly later: (ms: number, act: () => void) => void;
}

const EVERY_MS = 120;
const NOWHERE: Look = { type: "Look", x0: 0, y0: 0, x1: 0, y1: 0, zoom: 0, sections: [] };
/** A box that moved by less than so many steps shows the same. */
const SLACK_STEPS = 2;
/** Chart units are fine: a box is told in whole ones, or in half seats where a seat is less. */
const SEATS_PER_STEP = 0.5;

export class Gaze {
  private mapLook: Look | null = null;
  private listLook: Look | null = null;
  private away = false;
  private said: Look | null = null;
  private saidAt = -Infinity;
  private waiting = false;
  private readonly step: number;

  constructor(
    private readonly port: GazePort,
    spacing: number,
  ) {
    this.step = spacing >= 2 ? 1 : spacing * SEATS_PER_STEP;
  }

  /** What to say behind Hello; null before anything was looked at. */
  get look(): Look | null {
    if (this.away) return NOWHERE;
    return this.listLook ?? this.mapLook;
  }

  /** The map shows this; `resting` where it is, or will be, for longer. */
  onMap({ box, zoom, floor }: MapSight, resting: boolean): void {
    const { step } = this;
    const low = (value: number) => Math.floor(value / step) * step;
    const high = (value: number) => Math.ceil(value / step) * step;
    this.mapLook = {
      type: "Look",
      x0: low(box.left),
      y0: low(box.top),
      x1: high(box.right),
      y1: high(box.bottom),
      zoom: Number(zoom.toPrecision(3)),
      floor,
    };
    this.say(resting);
  }

  /** The list shows these zones; null when the map is looked at again. */
  onList(zones: readonly number[] | null): void {
    this.listLook = zones && {
      ...NOWHERE,
      sections: [...zones].sort((a, b) => a - b).slice(0, MAX_SECTIONS_LISTED),
    };
    this.say(true);
  }

  /** Nobody looks: counts of sections are enough until somebody does again. */
  putAway(away: boolean): void {
    this.away = away;
    this.say(true);
  }

  private say(now: boolean): void {
    const { look } = this;
    if (!look || (this.said && this.isAlike(look, this.said))) return;
    const wait = this.saidAt + EVERY_MS - this.port.localNow();
    if (now || wait <= 0) {
      this.said = look;
      this.saidAt = this.port.localNow();
      this.port.say(look);
    } else if (!this.waiting) {
      this.waiting = true;
      this.port.later(wait, () => {
        this.waiting = false;
        this.say(true);
      });
    }
  }

  private isAlike(a: Look, b: Look): boolean {
    const slack = this.step * SLACK_STEPS;
    const near = (one: number, other: number) => Math.abs(one - other) <= slack;
    return (
      near(a.x0, b.x0) &&
      near(a.y0, b.y0) &&
      near(a.x1, b.x1) &&
      near(a.y1, b.y1) &&
      a.zoom === b.zoom &&
      a.floor === b.floor &&
      String(a.sections) === String(b.sections)
    );
  }
}
