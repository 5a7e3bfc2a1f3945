/**
 * The map: a Konva stage (ground, seats as bitmaps, what moves, on one canvas), a camera over it,
 * and the gestures and keys that steer it. It knows seats and blocks, not sales: a pick is told.
 */

import Konva from "konva/lib/Core";
import type { Context } from "konva/lib/Context";
import { floorBounds, type Block, type ChartModel } from "../model/chart";
import {
  clamp,
  clampScale,
  fit,
  restingScale,
  scaleRange,
  settled,
  toScreen,
  toWorld,
  zoomTo,
  type Camera,
  type Insets,
  type Range,
  type Viewport,
} from "../model/camera";
import { categoriesPassing, NO_FILTER, passes, type Filter } from "../model/filter";
import { placeNearest, placeTowards } from "../model/neighbours";
import type { Bounds } from "../model/outline";
import type { SeatStore } from "../model/seats";
import type { Survey } from "../model/survey";
import { ARROWS } from "./arrows";
import { BlockLabels, type BlockWords } from "./block_labels";
import type { FarView } from "./far_view";
import { Gestures } from "./gestures";
import { Ground, type Frame } from "./ground";
import type { MapCallbacks, MapView } from "./map_callbacks";
import { hasReached, reach } from "./milestones";
import { Minimap } from "./minimap";
import { Motion } from "./motion";
import { Overlay } from "./overlay";
import { readPalette, type MapPalette } from "./palette";
import { SeatLayer } from "./seat_layer";
import { Targets } from "./targets";

export type { MapTarget, MapView } from "./map_callbacks";

const TOUCH_REACH_PX = 22;
const TOUCH_ZOOM_BELOW_PX = 15;
const COMFORTABLE_SEAT_PX = 24;
/** More device pixels than that for each CSS px are costly and hardly seen. */
const MOST_PIXEL_RATIO = 2;
const MOVED_LATELY_MS = 120;
const PAN_STEP_PX = 80;
const KEY_ZOOM = 2 ** 0.5;

export class SeatMap {
  private readonly stage: Konva.Stage;
  private readonly layer: Konva.Layer;
  private readonly ground: Ground;
  private readonly seatLayer: SeatLayer;
  private readonly farView: FarView;
  private readonly overlay: Overlay;
  private readonly targets: Targets;
  private readonly labels: BlockLabels;
  private readonly minimap: Minimap | null;
  private readonly motion: Motion;
  private readonly gestures: Gestures;
  private readonly observer: ResizeObserver;
  private readonly unsubscribe: () => void;
  private palette: MapPalette;
  private viewport: Viewport;
  private range: Range = { least: 1, most: 1 };
  private insets: Insets = { top: 0, right: 0, bottom: 0, left: 0 };
  private survey: Survey | null = null;
  private floor = "";
  private bounds: Bounds;
  private hoveredBlock: Block | null = null;
  private atFit = true;
  private frame = 0;
  private zoomTarget: number | null = null;
  private movedAt = -Infinity;
  private missed = false;
  private labelled = true;
  private toldView = "";

  constructor(
    private readonly container: HTMLDivElement,
    private readonly chart: ChartModel,
    private readonly seats: SeatStore,
    private readonly callbacks: MapCallbacks,
    words: BlockWords,
    colours: readonly string[],
    minimapBox: HTMLElement | null,
  ) {
    const pixelRatio = Math.max(1, Math.min(MOST_PIXEL_RATIO, devicePixelRatio));
    Konva.pixelRatio = pixelRatio;
    const redraw = () => this.redraw();
    this.bounds = chart.bounds;
    this.viewport = { width: container.clientWidth, height: container.clientHeight };
    this.palette = readPalette(container, colours);
    this.ground = new Ground(chart, seats);
    const moving = () => this.movedLately();
    this.seatLayer = new SeatLayer(chart, seats, this.palette, pixelRatio, redraw, moving);
    this.farView = this.seatLayer.farView;
    this.overlay = new Overlay(chart, seats, this.seatLayer.painter, this.seatLayer.fades);
    this.targets = new Targets(chart);
    this.labels = new BlockLabels(chart, words, pixelRatio);
    this.minimap = minimapBox
      ? new Minimap(chart, minimapBox, pixelRatio, (x, y) => this.centre(x, y), redraw)
      : null;
    this.motion = new Motion((camera) => this.inSight(camera), redraw);
    this.stage = new Konva.Stage({ container, ...this.viewport, listening: false });
    this.layer = new Konva.Layer({ listening: false });
    for (const draw of [this.drawGround, this.drawSeats, this.drawOverlay]) {
      this.layer.add(
        new Konva.Shape({ sceneFunc: (ctx: Context) => draw(ctx._context), perfectDrawEnabled: false }),
      );
    }
    this.stage.add(this.layer);
    this.gestures = new Gestures(container, {
      onPan: (dx, dy) => this.pan(dx, dy),
      onFling: (vx, vy) => this.motion.fling(vx, vy),
      onZoom: (factor, x, y) => this.zoom(factor, x, y),
      onZoomEnd: (x, y) => this.rest(x, y),
      onTap: (x, y, coarse) => this.tap(x, y, coarse),
      onDoubleTap: (x, y) => this.doubleTap(x, y),
      onHover: (x, y) => this.hover(x, y),
      onLeave: () => this.leave(),
    });
    this.unsubscribe = seats.subscribe((places) => this.seatsChanged(places));
    this.observer = new ResizeObserver(() => this.resized());
    this.observer.observe(container);
    document.addEventListener("visibilitychange", this.shownAgain);
    this.overlay.changed(null);
    this.resized();
  }

  destroy(): void {
    cancelAnimationFrame(this.frame);
    this.seatLayer.stop();
    document.removeEventListener("visibilitychange", this.shownAgain);
    this.unsubscribe();
    this.observer.disconnect();
    this.gestures.destroy();
    this.minimap?.destroy();
    this.stage.destroy();
  }

  useTheme(colours: readonly string[]): void {
    this.palette = readPalette(this.container, colours);
    this.seatLayer.usePalette(this.palette);
    this.labels.forgetAll();
    this.minimap?.forget();
    this.redraw();
  }

  repaint(): void {
    this.labels.forgetAll();
    this.seatLayer.bitmaps.changed(null);
    this.redraw();
  }

  useWords(words: BlockWords): void {
    this.labels.useWords(words);
    this.redraw();
  }

  useSurvey(survey: Survey): void {
    this.survey = survey;
    this.minimap?.forget();
    this.redraw();
  }

  useFilter(filter: Filter, prices: readonly number[]): void {
    const passing = categoriesPassing(filter, prices);
    this.seatLayer.useQuiet(
      filter === NO_FILTER ? () => false : (place) => !passes(this.chart, passing, filter.accessible, place),
    );
    this.redraw();
  }

  useFloor(floor: string): void {
    if (floor === this.floor) return;
    this.floor = floor;
    this.bounds = floorBounds(this.chart, floor);
    this.overlay.cursor = -1;
    this.seatLayer.useFloor(floor);
    this.minimap?.useFloor(floor);
    this.resized();
  }

  /** What floats over the map's edges; the chart is fitted between. */
  useInsets(insets: Insets): void {
    const same = (Object.keys(insets) as (keyof Insets)[]).every((k) => insets[k] === this.insets[k]);
    if (same) return;
    this.insets = insets;
    this.resized();
  }

  zoomIn(): void {
    this.stepZoom(2);
  }

  zoomOut(): void {
    this.stepZoom(0.5);
  }

  showAll(): void {
    this.atFit = true;
    this.motion.ease(this.whole(), true);
  }

  /** Goes where `places` can be seen well. */
  showPlaces(places: readonly number[]): void {
    if (!places.length) return;
    const margin = this.chart.spacing * 6;
    const xs = places.map((p) => this.chart.x[p]!);
    const ys = places.map((p) => this.chart.y[p]!);
    this.show({
      left: Math.min(...xs) - margin,
      top: Math.min(...ys) - margin,
      right: Math.max(...xs) + margin,
      bottom: Math.max(...ys) + margin,
    });
  }

  flash(places: readonly number[]): void {
    this.overlay.flash(places, performance.now());
    this.redraw();
  }

  /** Whether the camera is on its way somewhere. */
  get moving(): boolean {
    return this.motion.moving;
  }

  /** Whether nothing moves and the picture shows all that is known. */
  get atRest(): boolean {
    return !this.frame && !this.seatLayer.behind;
  }

  /** Where a place is on the map, CSS px from its top left corner. */
  screenOf(place: number): { x: number; y: number } {
    return toScreen(this.motion.target, this.chart.x[place]!, this.chart.y[place]!);
  }

  /** True where the key did something. */
  key(event: KeyboardEvent): boolean {
    const arrow = ARROWS[event.key];
    if (arrow && event.shiftKey) this.pan(-arrow.x * PAN_STEP_PX, -arrow.y * PAN_STEP_PX);
    else if (arrow) this.moveCursor(arrow);
    else if (event.key === "+" || event.key === "=") this.stepZoom(KEY_ZOOM);
    else if (event.key === "-") this.stepZoom(1 / KEY_ZOOM);
    else if (event.key === "0") this.showAll();
    else if (event.key === "Enter" || event.key === " ") this.pressCursor();
    else return false;
    return true;
  }

  private stepZoom(factor: number): void {
    const middle = factor > 1 ? this.nearestBlockOnScreen() : this.middle();
    const scale = restingScale(this.motion.target.scale * factor, this.range);
    this.atFit = scale <= this.range.least * 1.001;
    this.motion.ease(this.atFit ? this.whole() : zoomTo(this.motion.target, scale, middle.x, middle.y));
  }

  /** The middle, or the block nearest to it where the middle shows a pitch or nothing at all. */
  private nearestBlockOnScreen(): { x: number; y: number } {
    const middle = this.middle();
    const camera = this.motion.target;
    const at = toWorld(camera, middle.x, middle.y);
    if (this.targets.blockAt(at.x, at.y, this.floor) || this.placeAt(at, this.chart.spacing * 8) >= 0) {
      return middle;
    }
    return this.targets.nearestBlock(middle, camera, this.viewport, this.floor) ?? middle;
  }

  private placeAt({ x, y }: { x: number; y: number }, reach: number): number {
    return this.seatLayer.painter.placeAt(x, y, reach);
  }

  private show(bounds: Bounds): void {
    this.leave();
    const camera = fit(bounds, this.viewport, this.fitInsets());
    const scale = restingScale(
      clampScale(Math.min(camera.scale, COMFORTABLE_SEAT_PX / this.chart.spacing), this.range),
      this.range,
    );
    const middle = this.middle();
    this.atFit = false;
    this.motion.ease(zoomTo(camera, scale, middle.x, middle.y), true);
  }

  private centre(x: number, y: number): void {
    const middle = this.middle();
    const { scale } = this.motion.camera;
    this.motion.set({ scale, x: middle.x - x * scale, y: middle.y - y * scale });
  }

  private middle(): { x: number; y: number } {
    const { top, right, bottom, left } = this.insets;
    return {
      x: left + (this.viewport.width - left - right) / 2,
      y: top + (this.viewport.height - top - bottom) / 2,
    };
  }

  private pan(dx: number, dy: number): void {
    this.atFit = false;
    this.movedAt = performance.now();
    const { scale, x, y } = this.motion.camera;
    this.motion.set({ scale, x: x + dx, y: y + dy });
    this.leave();
  }

  private zoom(factor: number, x: number, y: number): void {
    this.zoomTarget = clampScale((this.zoomTarget ?? this.motion.camera.scale) * factor, this.range);
    this.atFit = false;
    this.movedAt = performance.now();
    this.motion.set(zoomTo(this.motion.camera, this.zoomTarget, x, y));
    this.leave();
  }

  private rest(x: number, y: number): void {
    const scale = restingScale(this.motion.camera.scale, this.range);
    this.zoomTarget = null;
    this.atFit = scale <= this.range.least * 1.001;
    this.motion.ease(this.atFit ? this.whole() : zoomTo(this.motion.camera, scale, x, y));
  }

  private tap(x: number, y: number, coarse: boolean): boolean {
    const at = toWorld(this.motion.camera, x, y);
    const seatPx = this.chart.spacing * this.motion.camera.scale;
    const block = this.targets.blockAt(at.x, at.y, this.floor);
    if (block && block.area >= 0) {
      this.callbacks.onArea(block.area);
      return true;
    }
    if (this.far() > 0.5) {
      if (block) this.show(block.bounds);
      else if (coarse) this.zoomAround(x, y);
      return block !== undefined;
    }
    const group = this.targets.groupAt(at.x, at.y, this.floor);
    if (group >= 0) {
      this.callbacks.onPick(this.chart.groups[group]!.places[0]!);
      return true;
    }
    const reach = coarse ? Math.max(TOUCH_REACH_PX, seatPx / 2) : Math.max(6, seatPx / 2);
    const place = this.placeAt(at, reach / this.motion.camera.scale);
    if (place < 0) return false;
    // A second tap on the way there means the seat, not still nearer.
    const coming = this.chart.spacing * this.motion.target.scale;
    if (coarse && coming < TOUCH_ZOOM_BELOW_PX) this.zoomAround(x, y);
    else this.callbacks.onPick(place);
    return true;
  }

  private zoomAround(x: number, y: number): void {
    this.leave();
    const wanted = Math.max(this.motion.camera.scale * 2, COMFORTABLE_SEAT_PX / this.chart.spacing);
    const scale = restingScale(clampScale(wanted, this.range), this.range);
    this.atFit = false;
    this.motion.ease(zoomTo(this.motion.camera, scale, x, y), true);
  }

  private doubleTap(x: number, y: number): void {
    const scale = restingScale(this.motion.target.scale * 2, this.range);
    this.atFit = false;
    this.motion.ease(zoomTo(this.motion.camera, scale, x, y));
  }

  private hover(x: number, y: number): void {
    const at = toWorld(this.motion.camera, x, y);
    const block = this.targets.blockAt(at.x, at.y, this.floor) ?? null;
    const near = this.far() < 0.5;
    const group = near ? this.targets.groupAt(at.x, at.y, this.floor) : -1;
    const place =
      group >= 0
        ? this.chart.groups[group]!.places[0]!
        : near
          ? this.placeAt(at, this.chart.spacing * 0.55)
          : -1;
    this.overlay.hovered = place;
    this.hoveredBlock = place < 0 ? block : null;
    const tells = place >= 0 || (block !== null && (!near || block.area >= 0));
    this.container.style.cursor = tells ? "pointer" : "grab";
    if (place >= 0) this.callbacks.onHover({ kind: "place", place }, x, y);
    else if (tells && block) this.callbacks.onHover({ kind: "block", block: block.index }, x, y);
    else this.callbacks.onHover(null, x, y);
    this.redraw();
  }

  private leave(): void {
    if (this.overlay.hovered < 0 && !this.hoveredBlock) return;
    this.overlay.hovered = -1;
    this.hoveredBlock = null;
    this.callbacks.onHover(null, 0, 0);
    this.redraw();
  }

  private moveCursor(arrow: { x: number; y: number }): void {
    const from = this.overlay.cursor;
    const middle = this.middle();
    const start = toWorld(this.motion.target, middle.x, middle.y);
    const place =
      from < 0
        ? placeNearest(this.chart, start.x, start.y, this.floor)
        : placeTowards(
            this.chart,
            { x: this.chart.x[from]!, y: this.chart.y[from]! },
            arrow,
            this.floor,
            from,
          );
    if (place < 0) return;
    this.overlay.cursor = place;
    const seatPx = this.chart.spacing * this.motion.target.scale;
    if (seatPx < 16) this.showPlaces([place]);
    else this.bringIntoView(place);
    const area = this.chart.blocks[this.chart.block[place]!];
    this.callbacks.onCursor(
      area && area.area >= 0 ? { kind: "block", block: area.index } : { kind: "place", place },
    );
    this.redraw();
  }

  private bringIntoView(place: number): void {
    const { x, y } = this.screenOf(place);
    const margin = 64;
    const { width, height } = this.viewport;
    const dx =
      Math.max(0, this.insets.left + margin - x) - Math.max(0, x - (width - this.insets.right - margin));
    const dy =
      Math.max(0, this.insets.top + margin - y) - Math.max(0, y - (height - this.insets.bottom - margin));
    const camera = this.motion.target;
    if (dx || dy) this.motion.ease({ ...camera, x: camera.x + dx, y: camera.y + dy });
  }

  private pressCursor(): void {
    const place = this.overlay.cursor;
    const area = this.chart.blocks[this.chart.block[place] ?? -1]?.area ?? -1;
    if (place < 0) this.moveCursor({ x: 0, y: 1 });
    else if (area >= 0) this.callbacks.onArea(area);
    else this.callbacks.onPick(place);
  }

  private seatsChanged(places: ArrayLike<number> | null): void {
    if (document.hidden) {
      this.missed = true;
      return;
    }
    this.overlay.changed(places);
    this.seatLayer.changed(places, this.motion.camera, this.viewport, !this.motion.calm);
    this.redraw();
  }

  /** A hidden page keeps no list of what changed: it looks once when it is seen again. */
  private readonly shownAgain = (): void => {
    if (document.hidden) {
      this.seatLayer.stop();
      return;
    }
    if (this.missed) {
      this.missed = false;
      this.seatsChanged(null);
    }
    this.redraw();
  };

  private movedLately(): boolean {
    return this.motion.moving || performance.now() - this.movedAt < MOVED_LATELY_MS;
  }

  private resized(): void {
    const box = { width: this.container.clientWidth, height: this.container.clientHeight };
    if (!box.width || !box.height) return;
    const before = this.middle();
    const kept = toWorld(this.motion.camera, before.x, before.y);
    this.viewport = box;
    this.stage.size(box);
    this.range = scaleRange(fit(this.bounds, box, this.fitInsets()).scale, this.chart.spacing);
    const whole = this.whole();
    if (this.atFit) {
      this.motion.set(whole);
      return;
    }
    const scale = clampScale(this.motion.camera.scale, this.range);
    const middle = this.middle();
    this.motion.set({ scale, x: middle.x - kept.x * scale, y: middle.y - kept.y * scale });
  }

  private whole(): Camera {
    const camera = fit(this.bounds, this.viewport, this.fitInsets());
    const middle = this.middle();
    return zoomTo(camera, Math.min(camera.scale, this.range.most), middle.x, middle.y);
  }

  private fitInsets(): Insets {
    const pad = Math.min(32, this.viewport.width * 0.03);
    const { top, right, bottom, left } = this.insets;
    return { top: top + pad, right: right + pad, bottom: bottom + pad, left: left + pad };
  }

  private inSight(camera: Camera): Camera {
    return clamp(camera, this.bounds, this.viewport, this.insets);
  }

  private far(): number {
    return this.farView.wanted(this.motion.camera.scale, this.motion.target.scale);
  }

  private redraw(): void {
    if (this.frame) return;
    this.frame = requestAnimationFrame((now) => {
      this.frame = 0;
      this.motion.step(now);
      if (!this.motion.moving && this.zoomTarget === null) {
        this.motion.camera = settled(this.motion.camera, Konva.pixelRatio);
      }
      this.farView.step(this.far(), now, this.motion.calm);
      this.layer.drawScene();
      const minimapBehind = this.minimap?.draw(this.frameNow(), this.movedLately()) ?? false;
      this.tellView();
      reach("map");
      if (this.survey) reach("places");
      const fading = this.farView.shown !== this.far();
      const turning = this.overlay.waiting && !this.motion.calm;
      const behind = minimapBehind || !this.labelled;
      if (this.motion.moving || this.overlay.busy || turning || fading || behind) this.redraw();
    });
  }

  private tellView(): void {
    const { scale } = this.motion.target;
    const view: MapView = {
      zoomedIn: scale > this.range.least * 1.05,
      canZoomIn: scale < this.range.most * 0.999,
      canZoomOut: scale > this.range.least * 1.001,
      block: this.blockInTheMiddle(),
    };
    this.tellSight();
    const key = JSON.stringify(view);
    if (key === this.toldView) return;
    this.toldView = key;
    this.callbacks.onView(view);
  }

  private tellSight(): void {
    const camera = this.motion.target;
    const { width, height } = this.viewport;
    const from = toWorld(camera, 0, 0);
    const to = toWorld(camera, width, height);
    const box = { left: from.x, top: from.y, right: to.x, bottom: to.y };
    this.callbacks.onSight({ box, zoom: camera.scale, floor: this.floor }, this.motion.arriving);
  }

  private blockInTheMiddle(): number {
    if (this.far() > 0.5) return -1;
    const middle = this.middle();
    const at = toWorld(this.motion.camera, middle.x, middle.y);
    return this.targets.blockAt(at.x, at.y, this.floor)?.index ?? -1;
  }

  private frameNow(): Frame {
    return {
      camera: this.motion.camera,
      viewport: this.viewport,
      far: this.farView.shown,
      floor: this.floor,
      survey: this.survey,
      hovered: this.hoveredBlock,
      palette: this.palette,
    };
  }

  private readonly drawGround = (ctx: CanvasRenderingContext2D): void => {
    this.ground.draw(ctx, this.frameNow());
  };

  private readonly drawSeats = (ctx: CanvasRenderingContext2D): void => {
    if (this.farView.shown >= 1) return;
    const { camera, target } = this.motion;
    const goal = this.zoomTarget === null ? target.scale : null;
    const complete = this.seatLayer.draw(ctx, camera, this.viewport, goal, this.range);
    if (complete && !hasReached("seats") && this.knowsTheMiddle()) reach("seats");
  };

  private knowsTheMiddle(): boolean {
    const { x, y } = this.middle();
    const place = this.placeAt(toWorld(this.motion.camera, x, y), this.chart.spacing * 12);
    return this.seats.isFresh(place);
  }

  private readonly drawOverlay = (ctx: CanvasRenderingContext2D): void => {
    const frame = this.frameNow();
    const moving = this.motion.moving || this.zoomTarget !== null;
    this.labelled = this.labels.draw(ctx, frame, moving);
    this.overlay.draw(ctx, frame, performance.now(), this.motion.calm);
  };
}
