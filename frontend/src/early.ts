/**
 * Runs while the page's own script is still on its way: sends for what the buyer's page is about to
 * need, so that it is there by then. Nothing depends on it.
 */

const event = /^\/e\/([^/]+)\/?$/.exec(location.pathname)?.[1];
const own = document.querySelector<HTMLElement>("script[data-viewer]");

function sendFor(rel: "preload" | "modulepreload", href: string, as: "fetch" | "style" | "" = ""): void {
  const link = document.createElement("link");
  link.rel = rel;
  link.href = href;
  if (as) link.as = as;
  link.crossOrigin = "anonymous";
  document.head.append(link);
}

async function sendForChart(id: string): Promise<void> {
  const answer = await fetch(`/api/v1/events/${id}`);
  if (!answer.ok) return;
  const { chart_view_url: url } = (await answer.json()) as { chart_view_url: string };
  sendFor("preload", url, "fetch");
}

if (event) {
  sendForChart(event).catch(() => undefined);
  for (const file of own?.dataset["viewer"]?.split(" ") ?? []) {
    if (file.endsWith(".css")) sendFor("preload", file, "style");
    else sendFor("modulepreload", file);
  }
}

export {};
