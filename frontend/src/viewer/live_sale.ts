/** A sale wired to its line and to this browser's storage. One per page. */

import { Gaze } from "../model/gaze";
import { Sale, type Booking } from "../model/sale";
import type { ChartModel } from "../model/chart";
import type { LiveLine } from "./live_line";
import { keep, keptJson } from "./storage";

const MOST_BOOKINGS = 20;
/** A tab that nobody has looked at for so long is told less. */
const PUT_AWAY_AFTER_MS = 60_000;

export class LiveSale {
  readonly sale: Sale;
  readonly gaze: Gaze;
  private awayTimer = 0;

  constructor(
    readonly line: LiveLine,
    readonly chart: ChartModel,
  ) {
    const { connection, event } = line;
    const tab = Array.from(crypto.getRandomValues(new Uint8Array(6)), (b) => b.toString(36)).join("");
    let asked = 0;
    const clock = {
      localNow: () => Date.now(),
      later: (ms: number, act: () => void) => void setTimeout(act, ms),
    };
    this.sale = new Sale(chart, {
      ...clock,
      ask: (message) => connection.ask(message),
      newRef: () => `${tab}-${(asked += 1)}`,
    });
    this.gaze = new Gaze({ ...clock, say: (look) => connection.look(look) }, chart.spacing);
    this.sale.recall(keptBookings(event));
    connection.attend({
      seen: () => this.sale.seen,
      look: () => this.gaze.look,
      onMessage: (message) => this.sale.handle(message),
      onNonsense: () => this.sale.doubt(),
    });
    document.addEventListener("visibilitychange", this.looked);
  }

  close(): void {
    document.removeEventListener("visibilitychange", this.looked);
    clearTimeout(this.awayTimer);
    this.line.close();
  }

  private readonly looked = (): void => {
    clearTimeout(this.awayTimer);
    if (document.visibilityState !== "hidden") this.gaze.putAway(false);
    else this.awayTimer = window.setTimeout(() => this.gaze.putAway(true), PUT_AWAY_AFTER_MS);
  };
}

/** Bookings stay on this device, so that a reload still shows them. */
export function keepBooking(event: string, booking: Booking): void {
  const others = keptBookings(event).filter((b) => b.booking !== booking.booking);
  keep(bookingsKey(event), JSON.stringify([...others, booking].slice(-MOST_BOOKINGS)));
}

export function keptBookings(event: string): readonly Booking[] {
  return keptJson<readonly Booking[]>(bookingsKey(event), []);
}

function bookingsKey(event: string): string {
  return `seatengine.bookings.${event}`;
}
