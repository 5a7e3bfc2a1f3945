import { memo, useState, type KeyboardEvent } from "react";
import { ACCESSIBLE, BOOTH, type Block, type Group } from "../model/chart";
import { categoriesPassing, passes, type Filter } from "../model/filter";
import type { BlockSurvey } from "../model/survey";
import type { Sale } from "../model/sale";
import { ASKED, FREE, LEAVING, MINE, NOT_MINE } from "../model/seats";
import { featureWords, stateWord } from "./MapTip";
import type { PricedChart } from "./sale_view";
import { Stepper } from "./Stepper";
import { groupName, price, seats, spokenName } from "./words";

interface RowProps {
  readonly sale: Sale;
  readonly group: Group;
  readonly priced: PricedChart;
  readonly currency: string;
  readonly filter: Filter;
  readonly enabled: boolean;
  /** Changes when a seat of the row does. */
  readonly signature: string;
}

/** One row, table or booth. Arrow keys go from seat to seat; Tab goes from row to row. */
export const RowOfSeats = memo(function RowOfSeats(props: RowProps) {
  const { sale, group, priced, filter } = props;
  const [active, setActive] = useState(-1);
  const passing = categoriesPassing(filter, priced.prices);
  const shown = Array.from(group.places).filter(
    (place) => passes(sale.chart, passing, filter.accessible, place) || sale.seats.mine[place] !== NOT_MINE,
  );
  if (!shown.length) return null;
  const stop = shown.includes(active)
    ? active
    : (shown.find((p) => sale.seats.statuses[p] === FREE) ?? shown[0]!);
  const name = groupName(group.kind, group.label) || "Seats";
  return (
    <div className="list-row" role="group" aria-label={name}>
      <span className="list-row-name" aria-hidden="true">
        {name}
      </span>
      <div className="list-seats" onKeyDown={walk}>
        {group.whole ? (
          <SeatButton {...props} place={shown[0]!} tabIndex={0} whole />
        ) : (
          shown.map((place) => (
            <SeatButton
              key={place}
              {...props}
              place={place}
              tabIndex={place === stop ? 0 : -1}
              onFocus={() => setActive(place)}
            />
          ))
        )}
      </div>
    </div>
  );
});

interface SeatButtonProps extends RowProps {
  readonly place: number;
  readonly tabIndex: number;
  readonly whole?: boolean;
  readonly onFocus?: () => void;
}

function SeatButton({
  sale,
  group,
  priced,
  currency,
  enabled,
  place,
  tabIndex,
  whole,
  onFocus,
}: SeatButtonProps) {
  const mark = sale.seats.mine[place]!;
  const status = sale.seats.statuses[place]!;
  const category = sale.chart.category[place]!;
  const each = priced.prices[category] ?? 0;
  const amount = whole
    ? Array.from(group.places).reduce((sum, p) => sum + (priced.prices[sale.chart.category[p]!] ?? 0), 0)
    : each;
  const mine = mark === MINE || mark === LEAVING;
  const label = whole
    ? `Whole table, ${groupName(group.kind, group.label)}, ${seats(group.places.length)}`
    : spokenName(sale.chart, place);
  const maybeFree = status === FREE || !sale.seats.isFresh(place);
  const takable = enabled && (mine || (mark === NOT_MINE && maybeFree));
  return (
    <button
      type="button"
      className="list-seat"
      tabIndex={tabIndex}
      data-place={place}
      data-status={mark === NOT_MINE ? status : "mine"}
      data-waiting={mark === ASKED || mark === LEAVING ? "" : undefined}
      data-alone={status === FREE && !mine && !sale.seats.fits[place] ? "" : undefined}
      data-square={sale.chart.flags[place]! & ACCESSIBLE ? "" : undefined}
      style={{ "--own": priced.shownColours[category] } as React.CSSProperties}
      aria-pressed={mine}
      aria-disabled={takable ? undefined : true}
      aria-label={[label, price(amount, currency), stateWord(sale, place), ...featureWords(sale, place)].join(
        ", ",
      )}
      onFocus={onFocus}
      onClick={() => {
        if (enabled) sale.toggle(place);
      }}
    >
      {whole ? "Whole table" : group.kind === BOOTH ? group.label : sale.chart.seatLabels[place]}
    </button>
  );
}

/** Roving focus: left and right within the row, up and down to the seat nearest in the next one. */
function walk(event: KeyboardEvent<HTMLElement>): void {
  const from = document.activeElement;
  if (!(from instanceof HTMLElement) || !from.dataset["place"]) return;
  const row = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-place]")];
  const at = row.indexOf(from);
  const rtl = getComputedStyle(event.currentTarget).direction === "rtl" ? -1 : 1;
  const step = { ArrowRight: rtl, ArrowLeft: -rtl }[event.key];
  let next: HTMLElement | undefined;
  if (step) next = row[at + step];
  else if (event.key === "Home") next = row[0];
  else if (event.key === "End") next = row[row.length - 1];
  else if (event.key === "ArrowDown" || event.key === "ArrowUp")
    next = across(event.currentTarget, from, event.key === "ArrowDown");
  else return;
  event.preventDefault();
  next?.focus();
}

function across(row: HTMLElement, from: HTMLElement, down: boolean): HTMLElement | undefined {
  const rows = [...document.querySelectorAll<HTMLElement>(".list-seats")];
  const target = rows[rows.indexOf(row) + (down ? 1 : -1)];
  const x = from.getBoundingClientRect().x;
  return [...(target?.querySelectorAll<HTMLElement>("[data-place]") ?? [])].sort(
    (a, b) => Math.abs(a.getBoundingClientRect().x - x) - Math.abs(b.getBoundingClientRect().x - x),
  )[0];
}

interface AreaRowProps {
  readonly sale: Sale;
  readonly block: Block;
  readonly priced: PricedChart;
  readonly currency: string;
  readonly own: BlockSurvey;
  readonly enabled: boolean;
}

const MOST_AT_ONCE = 10;

export function AreaRow({ sale, block, priced, currency, own, enabled }: AreaRowProps) {
  const [quantity, setQuantity] = useState(1);
  const group = sale.chart.groups[block.area]!;
  const each = priced.prices[sale.chart.category[group.places[0]!]!] ?? 0;
  const free = own.free < 0 || own.about ? group.places.length : own.free;
  const most = Math.max(1, Math.min(MOST_AT_ONCE, free));
  const wanted = group.whole ? group.places.length : Math.min(quantity, most);
  return (
    <div className="list-row" role="group" aria-label={block.label}>
      {group.whole ? null : (
        <Stepper
          name={`How many places in ${block.label}`}
          value={wanted}
          least={1}
          most={most}
          onChange={setQuantity}
        />
      )}
      <button
        type="button"
        className="button primary"
        disabled={!enabled || free < wanted}
        onClick={() => sale.takeQuantity(block.area, wanted)}
      >
        Take {wanted} · {price(each * wanted, currency)}
      </button>
    </div>
  );
}
