import { useCallback, useEffect, useRef, useState } from "react";
import { readChart, type ChartModel } from "../model/chart";
import { drawSilhouette } from "../scene/silhouette";
import { eventDate } from "../viewer/dates";
import { ThemeToggle } from "../viewer/Header";
import { EmptyRows, PageState } from "../viewer/states";
import { useTheme } from "../viewer/theme";
import { plural } from "../viewer/words";
import { fetchChartView, fetchEvents, type EventSummary } from "../wire/api";
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
  const [places, setPlaces] = useState(0);
  return (
    <li className="event">
      <a href={`/e/${encodeURIComponent(event.id)}`}>
        <Silhouette url={event.chart_view_url} onPlaces={setPlaces} />
        <div className="event-words">
          <h2>{event.name}</h2>
          <p>{[eventDate(event.starts_at), event.venue].filter(Boolean).join(" · ")}</p>
          <p className="event-more">
            <span>{places ? plural(places, "place", "places") : "\u00a0"}</span>
            <b>{event.on_sale ? "Choose seats" : "Not on sale yet"}</b>
          </p>
        </div>
      </a>
    </li>
  );
}

/** Drawn once the card comes near the screen; the page it leads to finds the chart in the cache. */
function Silhouette({ url, onPlaces }: { readonly url: string; readonly onPlaces: (n: number) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [chart, setChart] = useState<ChartModel | null>(null);
  const theme = useTheme();
  useEffect(() => {
    const seen = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        seen.disconnect();
        fetchChartView(url)
          .then((view) => {
            const read = readChart(view);
            setChart(read);
            onPlaces(read.blocks.reduce((sum, block) => sum + block.places.length, 0));
          })
          .catch(() => undefined);
      },
      { rootMargin: "200px" },
    );
    seen.observe(canvas.current!);
    return () => seen.disconnect();
  }, [url, onPlaces]);
  useEffect(() => {
    if (chart) drawSilhouette(canvas.current!, chart);
  }, [chart, theme]);
  return <canvas ref={canvas} className="silhouette" data-drawn={chart ? "" : undefined} aria-hidden="true" />;
}
