import type { SaleEvent } from "../wire/api";
import type { Link } from "../wire/connection";
import { Back, ListIcon, MapIcon, Moon, Sun } from "./icons";
import { eventDate } from "./dates";
import { toggleTheme, useTheme } from "./theme";

export type ViewKind = "map" | "list";

interface Props {
  readonly event: SaleEvent;
  readonly link: Link;
  readonly view: ViewKind;
  readonly onView: (view: ViewKind) => void;
}

export function Header({ event, link, view, onView }: Props) {
  const details = [eventDate(event.starts_at), event.venue].filter(Boolean).join(" · ");
  return (
    <header className="desk-header">
      <a className="icon-button" href="/" aria-label="All events">
        <Back />
      </a>
      <div className="event-name">
        <h1>{event.name}</h1>
        {details ? <p>{details}</p> : null}
      </div>
      <LinkState link={link} />
      <div className="segmented" role="group" aria-label="How to choose seats">
        <button type="button" aria-pressed={view === "map"} onClick={() => onView("map")}>
          <MapIcon />
          <span>Map</span>
        </button>
        <button type="button" aria-pressed={view === "list"} onClick={() => onView("list")}>
          <ListIcon />
          <span>List</span>
        </button>
      </div>
      <ThemeToggle />
    </header>
  );
}

const LINK_WORDS: Readonly<Record<Link["state"], string>> = {
  connecting: "Connecting",
  live: "Live",
  reconnecting: "Reconnecting",
  offline: "Offline",
  ended: "Closed",
};

function LinkState({ link }: { readonly link: Link }) {
  return (
    <p className="link-state" data-state={link.state} data-testid="link-state">
      <i aria-hidden="true" />
      <span>{LINK_WORDS[link.state]}</span>
    </p>
  );
}

export function ThemeToggle() {
  const theme = useTheme();
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={theme === "dark" ? "Use light colours" : "Use dark colours"}
      onClick={toggleTheme}
    >
      {theme === "dark" ? <Sun /> : <Moon />}
    </button>
  );
}
