import { locale } from "./words";

const FORMAT: Intl.DateTimeFormatOptions = {
  weekday: "short",
  day: "numeric",
  month: "short",
  hour: "numeric",
  minute: "2-digit",
};
const YEAR_UNSAID_MS = 300 * 24 * 3_600_000;

/**
 * "Fri, 20 Nov 2026, 19:30" in the buyer's locale: by the clock on the venue's wall where the
 * RFC 3339 time carries its offset, else by the buyer's. "" where the event has no date.
 */
export function eventDate(startsAt: string): string {
  const date = new Date(startsAt);
  if (Number.isNaN(date.getTime())) return "";
  const soon = Math.abs(date.getTime() - Date.now()) < YEAR_UNSAID_MS;
  const parts: Intl.DateTimeFormatOptions = soon ? FORMAT : { ...FORMAT, year: "numeric" };
  const offset = /([+-])(\d\d):?(\d\d)$/.exec(startsAt);
  if (!offset) return new Intl.DateTimeFormat(locale, parts).format(date);
  const minutes = (Number(offset[2]) * 60 + Number(offset[3])) * (offset[1] === "-" ? -1 : 1);
  const onTheWall = new Date(date.getTime() + minutes * 60_000);
  return new Intl.DateTimeFormat(locale, { ...parts, timeZone: "UTC" }).format(onTheWall);
}
