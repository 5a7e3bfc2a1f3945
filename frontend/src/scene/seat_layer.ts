/**
 * Single seats on the map: which bitmaps are shown at which scale, what is painted between frames,
 * and how far seats have faded in over the blocks.
 */

import { restingScale, type Camera, type Range, type Viewport } from "../model/camera";
import type { ChartModel } from "../model/chart";
import { NOT_MINE, type SeatStore } from "../model/seats";
import { FarView } from "./far_view";
import { Fades } from "./fades";
import type { MapPalette } from "./palette";
import { SeatBitmaps } from "./seat_bitmaps";
import { SeatPainter } from "./seat_painter";
import { Slices } from "./slices";

const SLICE_MS = 12;
const SLICE_WHILE_MOVING_MS = 7;
const MOST_FADING_AT_ONCE = 200;
const LARGE_BITMAP_BYTES = 64e6;
const SMALL_BITMAP_BYTES = 24e6;
const SMALL_MEMORY_GB = 4;

export class SeatLayer {
  readonly painter: SeatPainter;
  readonly bitmaps: SeatBitmaps;
  readonly fades: Fades;
  readonly farView: FarView;
  private readonly slices: Slices;
  private levelScale = 0;

  /** `redraw` asks for a frame, `moving` says whether the map is on the move. */
  constructor(
    private readonly chart: ChartModel,
    private readonly seats: SeatStore,
    palette: MapPalette,
    pixelRatio: number,
    redraw: () => void,
    moving: () => boolean,
  ) {
    this.farView = new FarView(chart, seats);
    this.painter = new SeatPainter(chart, seats, palette);
    this.bitmaps = new SeatBitmaps(chart, this.painter, pixelRatio, bitmapBytes());
    this.fades = new Fades(chart, seats, this.painter, this.bitmaps);
    this.slices = new Slices(
      () => this.bitmaps.work(),
      () => {
        if (this.bitmaps.freshened) redraw();
        this.bitmaps.freshened = false;
      },
      () => (moving() ? SLICE_WHILE_MOVING_MS : SLICE_MS),
    );
  }

  /** Whether seats in sight are still to be painted. */
  get behind(): boolean {
    return this.farView.shown < 1 && this.bitmaps.behind;
  }

  stop(): void {
    this.slices.stop();
  }

  usePalette(palette: MapPalette): void {
    this.painter.palette = palette;
    this.bitmaps.changed(null);
  }

  useFloor(floor: string): void {
    this.painter.floor = floor;
    this.fades.finish();
    this.bitmaps.forgetAll();
  }

  useQuiet(quiet: (place: number) => boolean): void {
    this.painter.quiet = quiet;
    this.bitmaps.changed(null);
  }

  /** Places changed (null: all of them): those in sight fade where `fading`, the others wait. */
  changed(places: ArrayLike<number> | null, camera: Camera, viewport: Viewport, fading: boolean): void {
    if (places === null || !fading || this.farView.shown >= 1 || places.length > MOST_FADING_AT_ONCE) {
      this.bitmaps.changed(places);
      return;
    }
    const [seen, unseen] = this.partedBySight(places, camera, viewport);
    this.bitmaps.changed(unseen);
    this.bitmaps.changed(this.fades.begin(seen, performance.now()));
  }

  /**
   * Copies what is ready. `goal` is the scale at which the map will rest, null while fingers or a
   * wheel hold it. True where everything that is to be seen was there.
   */
  draw(
    ctx: CanvasRenderingContext2D,
    camera: Camera,
    viewport: Viewport,
    goal: number | null,
    range: Range,
  ): boolean {
    const stretch = camera.scale / this.levelScale;
    if (goal !== null) this.levelScale = goal;
    else if (!(stretch < 1.5 && stretch > 0.66)) this.levelScale = restingScale(camera.scale, range);
    ctx.globalAlpha = 1 - this.farView.shown;
    const complete = this.bitmaps.draw(ctx, camera, viewport, this.levelScale);
    ctx.globalAlpha = 1;
    this.slices.wake();
    return complete && this.farView.shown === 0 && !this.bitmaps.behind;
  }

  private partedBySight(
    places: ArrayLike<number>,
    { scale, x, y }: Camera,
    { width, height }: Viewport,
  ): [seen: number[], unseen: number[]] {
    const [left, top] = [-x / scale, -y / scale];
    const [right, bottom] = [left + width / scale, top + height / scale];
    const parted: [number[], number[]] = [[], []];
    for (let n = 0; n < places.length; n += 1) {
      const place = places[n]!;
      const [px, py] = [this.chart.x[place]!, this.chart.y[place]!];
      const within = px > left && px < right && py > top && py < bottom;
      parted[within && this.seats.mine[place] === NOT_MINE ? 0 : 1].push(place);
    }
    return parted;
  }
}

function bitmapBytes(): number {
  const gigabytes = (navigator as { readonly deviceMemory?: number }).deviceMemory ?? Infinity;
  const small = gigabytes <= SMALL_MEMORY_GB || matchMedia("(pointer: coarse)").matches;
  return small ? SMALL_BITMAP_BYTES : LARGE_BITMAP_BYTES;
}
