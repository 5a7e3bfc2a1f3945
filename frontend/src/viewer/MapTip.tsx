import { AREA } from "../model/chart";
import type { BlockSurvey, Survey } from "../model/survey";
import type { Sale } from "../model/sale";
import { FREE, MINE, MY_BOOKING } from "../model/seats";
import type { MapTarget } from "../scene/seat_map";
import { ACCESSIBLE, COMPANION, placeName, RESTRICTED_VIEW } from "../model/chart";
import type { PricedChart } from "./sale_view";
import {
  blockLeft,
  price,
  priceRange,
  sectionName,
  shortName,
  spokenName,
  statusWord,
  togetherWords,
} from "./words";

const TIP_ROOM_PX = 124;
const TIP_HALF_PX = 96;

interface Facts {
  readonly survey: Survey | null;
  readonly priced: PricedChart;
  readonly currency: string;
}

interface Props extends Facts {
  readonly target: MapTarget;
  readonly x: number;
  readonly y: number;
  readonly sale: Sale;
  readonly partySize: number;
}

/** What the pointer is over: beside it, never on it. */
export function MapTip({ target, x, y, sale, priced, currency, survey, partySize }: Props) {
  const below = y < TIP_ROOM_PX;
  const style = { left: Math.max(TIP_HALF_PX, x), top: y };
  if (target.kind === "block") {
    const block = sale.chart.blocks[target.block]!;
    const own = survey?.blocks[target.block];
    return (
      <div className="tip" data-below={below ? "" : undefined} style={style} aria-hidden="true">
        <b>{sectionName(block.label) || "Seats"}</b>
        {own ? <span>{blockWords(own, currency)}</span> : null}
        {own && togetherWords(own, partySize) ? <span>{togetherWords(own, partySize)}</span> : null}
        {block.entrance ? <span>Entrance {block.entrance}</span> : null}
      </div>
    );
  }
  const { place } = target;
  const { section } = placeName(sale.chart, place);
  const category = sale.chart.category[place]!;
  return (
    <div className="tip" data-below={below ? "" : undefined} style={style} aria-hidden="true">
      <b>{shortName(sale.chart, place)}</b>
      {section ? <span>{sectionName(section)}</span> : null}
      <span className="tip-price">
        <i className="swatch" style={{ "--own": priced.shownColours[category] } as React.CSSProperties} />
        {sale.chart.categories[category]?.label} · {price(priced.prices[category] ?? 0, currency)}
      </span>
      <span>{[stateWord(sale, place), ...featureWords(sale, place)].join(" · ")}</span>
    </div>
  );
}

function blockWords(own: BlockSurvey, currency: string): string {
  if (own.free < 0) return "Nothing told yet";
  if (own.fitting > 0) return `${priceRange(own.from, own.to, currency)} · ${blockLeft(own)}`;
  return own.free > 0 ? "Nothing here fits the filters" : "Sold out";
}

/** The same, as one sentence for a screen reader. */
export function targetWords(target: MapTarget, sale: Sale, { survey, priced, currency }: Facts): string {
  if (target.kind === "block") {
    const own = survey?.blocks[target.block];
    const { label } = sale.chart.blocks[target.block]!;
    if (!own) return label;
    const together = togetherWords(own, survey!.partySize);
    return [sectionName(label), blockWords(own, currency), together].filter(Boolean).join(", ");
  }
  const { place } = target;
  const amount = price(priced.prices[sale.chart.category[place]!] ?? 0, currency);
  return [spokenName(sale.chart, place), amount, stateWord(sale, place), ...featureWords(sale, place)].join(
    ", ",
  );
}

export function stateWord(sale: Sale, place: number): string {
  const mark = sale.seats.mine[place];
  if (mark === MINE) return "in your basket";
  if (mark === MY_BOOKING) return "your booking";
  const group = sale.chart.groups[sale.chart.group[place]!];
  const status = sale.seats.statuses[place]!;
  if (group?.whole && group.kind !== AREA && status === FREE) return "free, booked as a whole";
  return statusWord(status);
}

export function featureWords(sale: Sale, place: number): string[] {
  const flags = sale.chart.flags[place]!;
  return [
    flags & ACCESSIBLE ? "accessible" : "",
    flags & COMPANION ? "companion seat" : "",
    flags & RESTRICTED_VIEW ? "restricted view" : "",
  ].filter(Boolean);
}
