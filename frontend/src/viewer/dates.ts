import { locale } from "./words";

const format = new Intl.DateTimeFormat(locale, {
  weekday: "short",
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "numeric",
  minute: "2-digit",
});

/** "Fri, 20 Nov 2026, 19:30" in the buyer's locale and time; "" where the event has no date. */
export function eventDate(startsAt: string | number | null): string {
  if (startsAt === null || startsAt === "" || startsAt === 0) return "";
  const date = new Date(startsAt);
  return Number.isNaN(date.getTime()) ? "" : format.format(date);
}
