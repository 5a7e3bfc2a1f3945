/** The few HTTP calls the pages make. */

import { decode } from "@msgpack/msgpack";
import { takeEarlyAnswer } from "./early_answers";
import { VIEW_FORMAT, type ChartView } from "./messages";

export interface PricedCategory {
  readonly key: string;
  readonly label: string;
  readonly color: string;
  readonly price: number;
}

export interface EventSummary {
  readonly id: string;
  readonly name: string;
  readonly venue: string;
  readonly starts_at: string;
  readonly currency: string;
  readonly chart_view_url: string;
  readonly on_sale: boolean;
}

export interface SaleLimits {
  readonly hold_ttl_ms: number;
  readonly max_per_hold: number;
}

export interface SaleEvent extends EventSummary {
  readonly chart_hash: string;
  readonly categories: readonly PricedCategory[];
  readonly policy: SaleLimits;
}

export class HttpProblem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export async function fetchEvents(): Promise<readonly EventSummary[]> {
  const body = (await (await get("/api/v1/events")).json()) as { events: readonly EventSummary[] };
  return body.events;
}

export async function fetchEvent(id: string): Promise<SaleEvent> {
  return (await (await get(`/api/v1/events/${encodeURIComponent(id)}`)).json()) as SaleEvent;
}

export interface Availability {
  readonly free: number;
  readonly total: number;
  /** The lowest price with a free place, minor units; -1 when nothing is free. */
  readonly from: number;
}

interface StateAnswer {
  readonly counts: { readonly free: number; readonly total: number };
  readonly categories: readonly { readonly key: string; readonly free: number }[];
}

export async function fetchAvailability(id: string): Promise<Availability> {
  const path = `/api/v1/events/${encodeURIComponent(id)}/state`;
  const [event, answer] = await Promise.all([fetchEvent(id), get(path)]);
  const { counts, categories } = (await answer.json()) as StateAnswer;
  const open = new Set(categories.filter((c) => c.free).map((c) => c.key));
  const prices = event.categories.filter((c) => open.has(c.key)).map((c) => c.price);
  return { ...counts, from: prices.length ? Math.min(...prices) : -1 };
}

export async function fetchChartView(url: string): Promise<ChartView> {
  const view = decode(await (await get(url)).arrayBuffer()) as ChartView;
  if (view.format !== VIEW_FORMAT) {
    throw new HttpProblem(0, "bad-version", "This page is older than the box office. Reload it.");
  }
  return view;
}

export async function createViewer(): Promise<string> {
  const answer = await get("/api/v1/viewers", { method: "POST" });
  return ((await answer.json()) as { readonly token: string }).token;
}

async function get(url: string, init: RequestInit = {}): Promise<Response> {
  const answer = await ((init.method ? undefined : takeEarlyAnswer(url)) ?? fetch(url, init));
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string };
  throw new HttpProblem(
    answer.status,
    problem.code ?? "",
    problem.detail ?? `The box office answered ${answer.status}.`,
  );
}
