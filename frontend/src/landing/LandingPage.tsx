import { useCallback, useEffect, useRef, useState, type RefObject } from "react";
import { readChart, type ChartModel } from "../model/chart";
import { drawSilhouette } from "../scene/silhouette";
import { eventDate } from "../viewer/dates";
import { ThemeToggle } from "../viewer/Header";
import { EmptyRows, PageState } from "../viewer/states";
import { useTheme } from "../viewer/theme";
import { fromPrice, left } from "../viewer/words";
import {
  fetchAvailability,
  fetchChartView,
  fetchEvents,
  type Availability,
  type EventSummary,
} from "../wire/api";
import "./landing.css";

type Loaded = readonly EventSummary[] | "loading" | "failed";

export default function LandingPage() {
  const [events, setEvents] = useState<Loaded>("loading");
  const load = useCallback(() => {
    setEvents("loading");
    fetchEvents()
      .then(setEvents)
      .catch(() => setEvents("failed"));
  }, []);
  useEffect(load, [load]);
  useEffect(() => {
    document.title = "On sale · Seats";
  }, []);
  if (events === "failed") return <PageState kind="offline" onRetry={load} />;
  return (
    <main className="landing">
      <header>
        <p className="brand">
          <img src="/icon.svg" alt="" width="28" height="28" />
          Seat Engine
        </p>
        <ThemeToggle />
      </header>
      <h1>On sale now</h1>
      <p className="lead">Pick the very seats you want. What you see is free this second.</p>
      {events === "loading" ? (
        <ul className="events" aria-busy="true" aria-label="Loading events">
          {[0, 1, 2].map((i) => (
            <li key={i} className="event waiting" />
          ))}
        </ul>
      ) : events.length ? (
        <ul className="events">
          {events.map((event) => (
            <EventCard key={event.id} event={event} />
          ))}
        </ul>
      ) : (
        <div className="nothing">
          <EmptyRows />
          <h2>Nothing is on sale right now</h2>
          <p>New events appear here as soon as they open.</p>
        </div>
      )}
    </main>
  );
}

function EventCard({ event }: { readonly event: EventSummary }) {
  const card = useRef<HTMLLIElement>(null);
  const seen = useSeen(card);
  const [availability, setAvailability] = useState<Availability | null>(null);
  useEffect(() => {
    if (!seen || !event.on_sale) return;
    // Without it the card is still a way to the seats.
    fetchAvailability(event.id).then(setAvailability, () => undefined);
  }, [seen, event.id, event.on_sale]);
  return (
    <li ref={card} className="event">
      <a href={`/e/${encodeURIComponent(event.id)}`}>
        <Silhouette url={seen ? event.chart_view_url : ""} />
        <div className="event-words">
          <h2>{event.name}</h2>
          <p>{[eventDate(event.starts_at), event.venue].filter(Boolean).join(" · ")}</p>
          <div className="event-left" data-known={availability ? "" : undefined}>
            <i
              style={
                {
                  "--share": availability ? availability.free / availability.total : 0,
                } as React.CSSProperties
              }
            />
          </div>
          <p className="event-more">
            <span>{availability ? leftWords(availability, event.currency) : "\u00a0"}</span>
            <b>{event.on_sale ? "Choose seats" : "Not on sale yet"}</b>
          </p>
        </div>
      </a>
    </li>
  );
}

function leftWords({ free, from }: Availability, currency: string): string {
  return free ? `${left(free)} · ${fromPrice(from, currency)}` : "Everything is taken right now";
}

/** Whether an element has come near the screen. */
function useSeen(element: RefObject<HTMLElement | null>): boolean {
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) setSeen(true);
      },
      { rootMargin: "200px" },
    );
    observer.observe(element.current!);
    return () => observer.disconnect();
  }, [element]);
  return seen;
}

/** The page the card leads to finds the chart in the browser's cache. */
function Silhouette({ url }: { readonly url: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [chart, setChart] = useState<ChartModel | null>(null);
  const theme = useTheme();
  useEffect(() => {
    if (!url) return;
    fetchChartView(url)
      .then((view) => setChart(readChart(view)))
      .catch(() => undefined);
  }, [url]);
  useEffect(() => {
    if (chart) drawSilhouette(canvas.current!, chart);
  }, [chart, theme]);
  return (
    <canvas ref={canvas} className="silhouette" data-drawn={chart ? "" : undefined} aria-hidden="true" />
  );
}
