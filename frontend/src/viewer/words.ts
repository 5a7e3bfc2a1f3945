/** Every sentence of the buyer's page. Short, plain, kind and exact. */

import { AREA, BOOTH, placeName, TABLE, type ChartModel } from "../model/chart";
import { money, shortMoney } from "../model/money";
import type { Notice } from "../model/sale";
import { BLOCKED, BOOKED, FREE, HELD } from "../model/seats";
import type { BlockSurvey } from "../model/survey";
import { BestStep, Code } from "../wire/messages";

export const locale = globalThis.navigator?.language || "en";

const MOST_NAMED = 4;

const list = new Intl.ListFormat("en", { type: "conjunction" });
const count = new Intl.NumberFormat(locale);

export function number(value: number): string {
  return count.format(value);
}

export function plural(n: number, one: string, many: string): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

export function seats(n: number): string {
  return plural(n, "seat", "seats");
}

export function left(n: number): string {
  return `${number(n)} left`;
}

export function price(minor: number, currency: string): string {
  return money(minor, currency, locale);
}

export function priceRange(from: number, to: number, currency: string): string {
  return from === to ? price(from, currency) : fromPrice(from, currency);
}

export function fromPrice(from: number, currency: string): string {
  return from ? `from ${price(from, currency)}` : price(from, currency);
}

/** From so many on, a number that may be larger is rounded down to tens. */
const ROUNDED_FROM = 20;

/** "4 together: 12 left", "2 together: 350+ left": how many such parties find room; "" if not told. */
export function togetherWords(own: BlockSurvey, partySize: number): string {
  if (partySize < 2 || own.together < 0 || !own.fitting) return "";
  if (!own.together) return `no ${number(partySize)} together`;
  const size = number(partySize);
  if (!own.orMore) return `${size} together: ${left(own.together)}`;
  const least = own.together < ROUNDED_FROM ? own.together : Math.floor(own.together / 10) * 10;
  return `${size} together: ${number(least)}+ left`;
}

/** "120 left", "up to 4 left", "about 120 left"; "" where nothing is known. */
export function blockLeft(own: BlockSurvey): string {
  if (own.free < 0) return "";
  if (own.about && own.exact && own.fitting) return `about ${left(own.fitting)}`;
  return own.exact ? left(own.fitting) : `up to ${left(own.fitting)}`;
}

/** What may stand under the name of a block on the map, the fullest set of lines first. */
export function blockLines(
  own: BlockSurvey,
  partySize: number,
  currency: string,
): readonly (readonly string[])[] {
  if (own.free === 0) return [["sold out"]];
  if (own.fitting <= 0) return [];
  const amount = shortMoney(own.from, currency, locale);
  const from = own.from === own.to || own.from === 0 ? amount : `from ${amount}`;
  const together = togetherWords(own, partySize);
  const rest = blockLeft(own);
  const plain = [[from, rest], [from]];
  if (!together) return plain;
  const [size, room] = together.split(": ");
  const narrow = room ? [[from, `${size}:`, room]] : [[from, together.replace(/ \S+$/, ""), "together"]];
  return [[from, together], ...narrow, ...plain];
}

const LONGEST_BARE_LABEL = 3;

/** "Row B", "Table 4"; a label that says by itself what it is, like "Royal box", stays alone. */
export function groupName(kind: number, label: string): string {
  if (!label) return "";
  if (kind === BOOTH || kind === AREA || label.length > LONGEST_BARE_LABEL) return label;
  return `${kind === TABLE ? "Table" : "Row"} ${label}`;
}

const LONGEST_SECTION_NUMBER = 4;

/** "Section 114"; a label that is a name, like "Balcony", stays alone. */
export function sectionName(label: string): string {
  return label && label.length <= LONGEST_SECTION_NUMBER ? `Section ${label}` : label;
}

/** "Row B · Seat 12", for a line under its section. */
export function shortName(chart: ChartModel, place: number): string {
  const { row, seat, kind } = placeName(chart, place);
  if (kind === AREA || kind === BOOTH) return seat;
  return [groupName(kind, row), `Seat ${seat}`].filter(Boolean).join(" · ");
}

/** "Stalls, row B, seat 12", to be said aloud. */
export function spokenName(chart: ChartModel, place: number): string {
  const { section, row, seat, kind } = placeName(chart, place);
  const own =
    kind === AREA || kind === BOOTH
      ? [seat]
      : [groupName(kind, row).replace(/^(Row|Table) /, (word) => word.toLowerCase()), `seat ${seat}`];
  return [sectionName(section), ...own].filter(Boolean).join(", ");
}

export function statusWord(status: number): string {
  if (status === FREE) return "free";
  if (status === HELD) return "held by someone else";
  if (status === BOOKED) return "sold";
  if (status === BLOCKED) return "not on sale";
  return "not told yet";
}

/** "B-13 and B-14": places of one section, which is named only where `section` asks for it. */
export function labels(chart: ChartModel, places: readonly number[], section = false): string {
  const sections = new Set(places.map((place) => placeName(chart, place).section));
  const shared = sections.size === 1 ? [...sections][0]! : "";
  const named = [...new Set(places.map((place) => labelWithin(chart, place, shared)))];
  const shown = named.slice(0, MOST_NAMED);
  const more = named.length - shown.length;
  const text = list.format(more > 0 ? [...shown, `${number(more)} more`] : shown);
  return section && shared ? `${text} in ${sectionName(shared).replace(/^Section /, "section ")}` : text;
}

function labelWithin(chart: ChartModel, place: number, section: string): string {
  const name = placeName(chart, place);
  return [name.section === section ? "" : name.section, name.row, name.seat].filter(Boolean).join("-");
}

export interface NoticeWords {
  readonly text: string;
  readonly tone: "plain" | "careful";
  /** Places the notice offers, in the groups a tap would take. */
  readonly offers: readonly (readonly number[])[];
}

export function noticeWords(notice: Notice, chart: ChartModel): NoticeWords {
  switch (notice.kind) {
    case "taken": {
      const what = `${seatWord(chart, notice.places)} ${labels(chart, notice.places)} ${notice.places.length === 1 ? "was" : "were"} just taken.`;
      const offers = besideOffers(notice.beside, notice.wanted);
      return { text: `${what} ${besideSentence(chart, offers)}`.trim(), tone: "careful", offers };
    }
    case "not-free": {
      const what = `${seatWord(chart, [notice.place])} ${labels(chart, [notice.place])} is ${statusWord(notice.status)}.`;
      const offers = besideOffers(notice.beside, 1);
      return { text: `${what} ${besideSentence(chart, offers)}`.trim(), tone: "careful", offers };
    }
    case "refused":
      return { text: refusalSentence(notice.code, notice.message), tone: "careful", offers: [] };
    case "found":
      return { text: foundSentence(chart, notice.step, notice.places), tone: "plain", offers: [] };
    case "ended":
      return {
        text: `Your time ran out, so ${notice.count === 1 ? "your seat is" : `your ${number(notice.count)} seats are`} free again. You can pick ${notice.count === 1 ? "it" : "them"} again if nobody else has.`,
        tone: "careful",
        offers: [],
      };
  }
}

function seatWord(chart: ChartModel, places: readonly number[]): string {
  const kinds = new Set(places.map((place) => placeName(chart, place).kind));
  if (kinds.has(AREA) || kinds.has(BOOTH)) return "";
  return places.length === 1 ? "Seat" : "Seats";
}

function besideOffers(beside: readonly number[], wanted: number): readonly (readonly number[])[] {
  if (!beside.length) return [];
  if (wanted <= 1) return beside.slice(0, 2).map((place) => [place]);
  return beside.length >= wanted ? [beside.slice(0, wanted)] : [beside];
}

function besideSentence(chart: ChartModel, offers: readonly (readonly number[])[]): string {
  const places = offers.flat();
  if (!places.length) return "";
  return `${labels(chart, places)} ${places.length === 1 ? "is" : "are"} free.`;
}

function foundSentence(chart: ChartModel, step: number, places: readonly number[]): string {
  const what = `Found ${labels(chart, places, true)}`;
  switch (step) {
    case BestStep.TOGETHER:
      return places.length === 1 ? `${what}.` : `${what}, side by side.`;
    case BestStep.TOGETHER_LEAVES_ONE:
      return `${what}, side by side. One single seat is left beside you.`;
    case BestStep.NEARBY:
      return `${what}: near each other, not all in one row.`;
    default:
      return `${what}: apart, the best that is left.`;
  }
}

function refusalSentence(code: number, message: string): string {
  if (code === Code.UNAVAILABLE || code === Code.OVERLOADED) {
    return "The box office is very busy. Nothing was changed; please try again.";
  }
  return message || "That was not possible. Nothing was changed.";
}

export function minutesLeft(minutes: number): string {
  return `${plural(minutes, "minute", "minutes")} left to book your seats.`;
}
