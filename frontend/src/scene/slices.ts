/**
 * Work done between frames in slices of a few milliseconds, so that no frame waits for it. Nothing
 * runs while the page is hidden.
 */

/** Does a piece of the work; false when there is none left. */
export type Piece = () => boolean;

const LATEST_MS = 60;

export class Slices {
  private waiting = 0;

  /** After each slice `after` is told. `budgetMs` is asked anew for each. */
  constructor(
    private readonly piece: Piece,
    private readonly after: () => void,
    private readonly budgetMs: () => number,
  ) {}

  /** There is work: go on with it as soon as the browser has time. */
  wake(): void {
    if (this.waiting || document.hidden) return;
    this.waiting = later(this.slice);
  }

  stop(): void {
    if (this.waiting) forget(this.waiting);
    this.waiting = 0;
  }

  private readonly slice = (): void => {
    this.waiting = 0;
    const until = performance.now() + this.budgetMs();
    let more = this.piece();
    while (more && performance.now() < until) more = this.piece();
    this.after();
    if (more) this.wake();
  };
}

// Safari has no idle callbacks.
const idle = "requestIdleCallback" in window;

function later(act: () => void): number {
  return idle ? requestIdleCallback(act, { timeout: LATEST_MS }) : window.setTimeout(act, 0);
}

function forget(handle: number): void {
  if (idle) cancelIdleCallback(handle);
  else clearTimeout(handle);
}
