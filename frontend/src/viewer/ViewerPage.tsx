import { useCallback, useEffect, useMemo, useState } from "react";
import { readChart } from "../model/chart";
import { fetchChartView, fetchEvent, HttpProblem, type SaleEvent } from "../wire/api";
import { LiveLine, viewerToken } from "./live_line";
import { LiveSale } from "./live_sale";
import { pricedChart } from "./sale_view";
import { SaleDesk } from "./SaleDesk";
import { PageState, Skeleton } from "./states";
import "./viewer.css";

type Loaded =
  | { readonly state: "loading" }
  | { readonly state: "failed"; readonly problem: "unknown" | "offline" | "broken"; readonly message: string }
  | { readonly state: "ready"; readonly event: SaleEvent; readonly live: LiveSale };

export default function ViewerPage({ event: id }: { readonly event: string }) {
  const [loaded, setLoaded] = useState<Loaded>({ state: "loading" });
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);

  useEffect(() => {
    let live: LiveSale | null = null;
    let left = false;
    setLoaded({ state: "loading" });
    open(id)
      .then(([event, opened]) => {
        live = opened;
        if (left) opened.close();
        else setLoaded({ state: "ready", event, live: opened });
      })
      .catch((error: unknown) => {
        if (!left) setLoaded(failure(error));
      });
    return () => {
      left = true;
      live?.close();
    };
  }, [id, attempt]);

  useEffect(() => {
    if (loaded.state === "ready") document.title = `${loaded.event.name} · Seats`;
  }, [loaded]);

  if (loaded.state === "loading") return <Skeleton />;
  if (loaded.state === "failed") {
    return <PageState kind={loaded.problem} message={loaded.message} onRetry={retry} />;
  }
  return <Ready event={loaded.event} live={loaded.live} onRetry={retry} />;
}

function Ready({ event: first, live, onRetry }: { event: SaleEvent; live: LiveSale; onRetry: () => void }) {
  const [event, setEvent] = useState(first);
  const priced = useMemo(() => pricedChart(live.chart, event), [live, event]);

  useEffect(() => {
    let changes = 0;
    const look = () => {
      const { changes: now, chartHash } = live.sale.state;
      if (chartHash && chartHash !== live.chart.hash) onRetry();
      else if (now !== changes) {
        changes = now;
        // Without an answer the old prices stay; what is held next is told at its true price.
        fetchEvent(event.id).then(setEvent, () => undefined);
      }
    };
    look();
    return live.sale.subscribe(look);
  }, [live, event.id, onRetry]);

  return <SaleDesk event={event} live={live} priced={priced} />;
}

async function open(id: string): Promise<[SaleEvent, LiveSale]> {
  const opening = viewerToken().then((token) => new LiveLine(id, token));
  // Why it failed is told where it is awaited.
  opening.catch(() => undefined);
  try {
    const event = await fetchEvent(id);
    const view = await fetchChartView(event.chart_view_url);
    return [{ ...event, id }, new LiveSale(await opening, readChart(view))];
  } catch (error) {
    opening.then((line) => line.close()).catch(() => undefined);
    throw error;
  }
}

function failure(error: unknown): Loaded {
  if (error instanceof HttpProblem) {
    const problem = error.status === 404 ? "unknown" : "broken";
    return { state: "failed", problem, message: error.message };
  }
  if (error instanceof TypeError) return { state: "failed", problem: "offline", message: "" };
  return { state: "failed", problem: "broken", message: "" };
}
