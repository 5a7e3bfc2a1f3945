/** The line to the box office of one event. Opened before its chart has come: both travel at once. */

import { createViewer } from "../wire/api";
import { LiveConnection, type Link } from "../wire/connection";
import { CloseCode } from "../wire/messages";
import { forget, keep, kept } from "./storage";

const TOKEN_KEY = "seatengine.viewer";

export async function viewerToken(): Promise<string> {
  const known = kept(TOKEN_KEY);
  if (known) return known;
  const token = await createViewer();
  // Another tab may have been quicker; both must speak as the same viewer.
  const first = kept(TOKEN_KEY) ?? token;
  keep(TOKEN_KEY, first);
  return first;
}

export class LiveLine {
  readonly connection: LiveConnection;
  private link: Link = { state: "connecting" };
  private readonly listeners = new Set<() => void>();
  private renewed = false;

  constructor(
    readonly event: string,
    private token: string,
  ) {
    this.connection = new LiveConnection({
      url: `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/live`,
      event,
      token: () => this.token,
      onLink: (link) => this.linked(link),
    });
    this.connection.open();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly current = (): Link => this.link;

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
