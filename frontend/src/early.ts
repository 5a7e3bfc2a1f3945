/**
 * Runs while the page's own script is still on its way: sends for what the buyer's page is about to
 * need, so that it is there by then. Nothing depends on it.
 */

import type {} from "./wire/early_answers";

const event = /^\/e\/([^/]+)\/?$/.exec(location.pathname)?.[1];
const own = document.querySelector<HTMLElement>("script[data-viewer]");
const answers = new Map<string, Promise<Response>>();

function sendFor(url: string): Promise<Response> {
  const answer = fetch(url);
  answers.set(url, answer);
  return answer;
}

async function sendForEvent(id: string): Promise<void> {
  const answer = await sendFor(`/api/v1/events/${id}`);
  if (!answer.ok) return;
  const { chart_view_url: url } = (await answer.clone().json()) as { chart_view_url: string };
  await sendFor(url);
}

function sendForFile(href: string): void {
  const link = document.createElement("link");
  link.rel = href.endsWith(".css") ? "preload" : "modulepreload";
  if (link.rel === "preload") link.as = "style";
  link.crossOrigin = "anonymous";
  link.href = href;
  document.head.append(link);
}

if (event) {
  window.earlyAnswers = answers;
  sendForEvent(event).catch(() => undefined);
  for (const file of own?.dataset["viewer"]?.split(" ") ?? []) sendForFile(file);
}
