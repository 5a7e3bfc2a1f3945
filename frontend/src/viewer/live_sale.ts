/** A sale wired to its socket and to this browser's storage. One per page. */

import { Gaze } from "../model/gaze";
import { Sale, type Booking } from "../model/sale";
import type { ChartModel } from "../model/chart";
import { createViewer } from "../wire/api";
import { LiveConnection, type Link } from "../wire/connection";
import { CloseCode } from "../wire/messages";
import { forget, keep, kept, keptJson } from "./storage";

const TOKEN_KEY = "seatengine.viewer";
const MOST_BOOKINGS = 20;

export async function viewerToken(): Promise<string> {
  const known = kept(TOKEN_KEY);
  if (known) return known;
  const token = await createViewer();
  // Another tab may have been quicker; both must speak as the same viewer.
  const first = kept(TOKEN_KEY) ?? token;
  keep(TOKEN_KEY, first);
  return first;
}

export class LiveSale {
  readonly sale: Sale;
  readonly gaze: Gaze;
  link: Link = { state: "connecting" };
  private readonly connection: LiveConnection;
  private readonly listeners = new Set<() => void>();
  private renewed = false;

  constructor(
    readonly event: string,
    readonly chart: ChartModel,
    private token: string,
  ) {
    const tab = Array.from(crypto.getRandomValues(new Uint8Array(6)), (b) => b.toString(36)).join("");
    let asked = 0;
    this.sale = new Sale(chart, {
      ask: (message) => this.connection.ask(message),
      newRef: () => `${tab}-${(asked += 1)}`,
      localNow: () => Date.now(),
      later: (ms, act) => setTimeout(act, ms),
    });
    this.gaze = new Gaze(
      {
        say: (look) => this.connection.look(look),
        localNow: () => Date.now(),
        later: (ms, act) => setTimeout(act, ms),
      },
      chart.spacing,
    );
    this.connection = new LiveConnection({
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`,
      event,
      token: () => this.token,
      seen: () => this.sale.seen,
      look: () => this.gaze.look,
      onMessage: (message) => this.sale.handle(message),
      onNonsense: () => this.sale.doubt(),
      onLink: (link) => this.linked(link),
    });
    this.sale.recall(keptBookings(event));
    this.connection.open();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly currentLink = (): Link => this.link;

  close(): void {
    this.connection.close();
  }

  private linked(link: Link): void {
    if (link.state === "ended" && link.code === CloseCode.BAD_TOKEN && !this.renewed) {
      this.renewed = true;
      forget(TOKEN_KEY);
      void viewerToken().then((token) => {
        this.token = token;
        this.connection.open();
      });
      return;
    }
    this.link = link;
    for (const listener of this.listeners) listener();
  }
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
