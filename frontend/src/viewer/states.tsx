/** Pages for when there is no map to show: each says what is so, and the one thing to do next. */

export type PageProblem = "unknown" | "offline" | "broken" | "ended";

const TEXTS: Readonly<Record<PageProblem, { title: string; text: string; action: string }>> = {
  unknown: {
    title: "We cannot find this event",
    text: "The address may have a typo, or the event is no longer listed.",
    action: "See what is on sale",
  },
  offline: {
    title: "No connection to the box office",
    text: "Check your network. Seats you already hold stay yours until their time is up.",
    action: "Try again",
  },
  broken: {
    title: "The seat map could not be loaded",
    text: "Nothing was booked or lost. It usually works a moment later.",
    action: "Try again",
  },
  ended: {
    title: "The box office closed this page",
    text: "Load it again to go on. Seats you hold stay yours until their time is up.",
    action: "Load again",
  },
};

interface Props {
  readonly kind: PageProblem;
  readonly message?: string;
  readonly onRetry: () => void;
}

export function PageState({ kind, message, onRetry }: Props) {
  const { title, text, action } = TEXTS[kind];
  return (
    <main className="page-state">
      <EmptyRows />
      <h1>{title}</h1>
      <p>{text}</p>
      {message && kind === "broken" ? <p className="page-state-detail">{message}</p> : null}
      {kind === "unknown" ? (
        <a className="button primary" href="/">
          {action}
        </a>
      ) : (
        <button type="button" className="button primary" onClick={onRetry}>
          {action}
        </button>
      )}
    </main>
  );
}

/** Three rows of seats, one of them missing: the same drawing in every empty state. */
export function EmptyRows() {
  const dots = [];
  for (let row = 0; row < 3; row += 1) {
    const count = 7 + row * 2;
    for (let i = 0; i < count; i += 1) {
      const angle = Math.PI * (0.28 + (0.44 * i) / (count - 1));
      const radius = 74 + row * 17;
      const missing = row === 1 && i === 4;
      dots.push(
        <circle
          key={`${row} ${i}`}
          className={missing ? "missing" : ""}
          cx={100 + radius * Math.cos(angle)}
          cy={-28 + radius * Math.sin(angle)}
          r={missing ? 5.2 : 4.6}
        />,
      );
    }
  }
  return (
    <svg className="empty-rows" viewBox="20 20 160 68" aria-hidden="true">
      {dots}
    </svg>
  );
}

export function Skeleton() {
  return (
    <main className="desk skeleton" aria-busy="true" aria-label="Loading the seat map">
      <div className="desk-header">
        <i style={{ inlineSize: 220 }} />
        <i style={{ inlineSize: 120 }} />
      </div>
      <div className="map-area" />
      <div className="panel">
        <div className="panel-scroll">
          {[60, 100, 34, 90, 90, 90, 90].map((share, i) => (
            <i key={i} style={{ inlineSize: `${share}%` }} />
          ))}
        </div>
      </div>
    </main>
  );
}
