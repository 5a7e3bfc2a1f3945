/** Moves the camera: now, in a short ease, or gliding on after a fling. Honours reduced motion. */

import { between, easeOut, type Camera } from "../model/camera";

const EASE_MS = 200;
const FLIGHT_MS = 420;
const FLING_DECAY_MS = 220;
const FLING_LEAST_PX_S = 120;

export class Motion {
  camera: Camera = { scale: 1, x: 0, y: 0 };
  private goal: { from: Camera; to: Camera; startedAt: number; ms: number } | null = null;
  private glide: { vx: number; vy: number; at: number } | null = null;
  private readonly still = matchMedia("(prefers-reduced-motion: reduce)");

  constructor(
    private readonly keepInSight: (camera: Camera) => Camera,
    private readonly redraw: () => void,
  ) {}

  get moving(): boolean {
    return this.goal !== null || this.glide !== null;
  }

  /** Whether it is on its way to where it will rest. */
  get arriving(): boolean {
    return this.goal !== null;
  }

  get calm(): boolean {
    return this.still.matches;
  }

  /** Where the camera is going, or is. */
  get target(): Camera {
    return this.goal?.to ?? this.camera;
  }

  set(camera: Camera): void {
    this.goal = null;
    this.glide = null;
    this.camera = this.keepInSight(camera);
    this.redraw();
  }

  ease(to: Camera, far = false): void {
    const goal = this.keepInSight(to);
    this.glide = null;
    if (this.calm) {
      this.set(goal);
      return;
    }
    this.goal = {
      from: this.camera,
      to: goal,
      startedAt: performance.now(),
      ms: far ? FLIGHT_MS : EASE_MS,
    };
    this.redraw();
  }

  fling(vx: number, vy: number): void {
    if (this.calm || Math.hypot(vx, vy) < FLING_LEAST_PX_S) return;
    this.glide = { vx, vy, at: performance.now() };
    this.redraw();
  }

  /** One frame on. */
  step(now: number): void {
    if (this.goal) {
      const t = Math.min(1, (now - this.goal.startedAt) / this.goal.ms);
      this.camera = between(this.goal.from, this.goal.to, easeOut(Math.max(0, t)));
      if (t >= 1) this.goal = null;
    } else if (this.glide) {
      const seconds = Math.min(0.05, Math.max(0, (now - this.glide.at) / 1000));
      const decay = Math.exp((-seconds * 1000) / FLING_DECAY_MS);
      const { vx, vy } = this.glide;
      this.camera = this.keepInSight({
        scale: this.camera.scale,
        x: this.camera.x + vx * seconds,
        y: this.camera.y + vy * seconds,
      });
      this.glide = { vx: vx * decay, vy: vy * decay, at: now };
      if (Math.hypot(this.glide.vx, this.glide.vy) < 20) this.glide = null;
    }
  }
}
