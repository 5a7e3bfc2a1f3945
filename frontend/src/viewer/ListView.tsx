import { useEffect, useMemo, useState } from "react";
import type { Block, ChartModel } from "../model/chart";
import type { Filter } from "../model/filter";
import type { BlockSurvey, Survey } from "../model/survey";
import { MAX_PLACES_IN_VIEW, MAX_SECTIONS_LISTED } from "../wire/messages";
import type { Sale } from "../model/sale";
import { UNKNOWN } from "../model/seats";
import { AreaRow, RowOfSeats } from "./ListRows";
import { Forward } from "./icons";
import type { LiveSale } from "./live_sale";
import type { PricedChart } from "./sale_view";
import { blockLeft, priceRange, sectionName, togetherWords } from "./words";

interface Props {
  readonly live: LiveSale;
  readonly priced: PricedChart;
  readonly currency: string;
  readonly survey: Survey | null;
  readonly filter: Filter;
  readonly known: boolean;
  readonly enabled: boolean;
}

const ROWS_AT_ONCE = 60;

/** The same seats as the map, as sections, rows and buttons. */
export function ListView({ live, priced, currency, survey, filter, known, enabled }: Props) {
  const { sale, gaze } = live;
  const { chart } = sale;
  const [open, setOpen] = useState<ReadonlySet<number>>(
    () => new Set(chart.blocks.length <= 2 ? chart.blocks.map((b) => b.index) : []),
  );
  const floors = useMemo(() => new Map(chart.floors.map((f) => [f.id, f.label])), [chart]);
  const toggle = (index: number) => {
    const next = new Set(open);
    if (!next.delete(index)) next.add(index);
    setOpen(withinBounds(chart, next));
  };
  useEffect(() => gaze.onList(zonesOf(chart, open)), [gaze, chart, open]);
  useEffect(() => () => gaze.onList(null), [gaze]);
  if (!known || !survey) {
    return (
      <div className="list-view">
        <p role="status">Fetching who sits where…</p>
      </div>
    );
  }
  return (
    <div className="list-view" data-testid="list">
      <h2 className="unseen">All seats</h2>
      {chart.blocks.map((block) => {
        const own = survey.blocks[block.index]!;
        const shown = open.has(block.index);
        return (
          <section key={block.index} className="list-section" data-open={shown ? "" : undefined}>
            <h3>
              <button
                type="button"
                aria-expanded={shown}
                aria-controls={`list-${block.index}`}
                onClick={() => toggle(block.index)}
              >
                <Forward />
                <span className="list-name">
                  {sectionName(block.label) || "Seats"}
                  {floors.get(block.floor) ? <small>{floors.get(block.floor)}</small> : null}
                </span>
                <Left own={own} currency={currency} partySize={survey.partySize} />
              </button>
            </h3>
            <div id={`list-${block.index}`} hidden={!shown}>
              {shown ? (
                <Rows
                  block={block}
                  sale={sale}
                  priced={priced}
                  currency={currency}
                  filter={filter}
                  own={own}
                  enabled={enabled}
                />
              ) : null}
            </div>
          </section>
        );
      })}
    </div>
  );
}

function zonesOf(chart: ChartModel, blocks: Iterable<number>): readonly number[] {
  return [...new Set([...blocks].map((index) => chart.blocks[index]!.zoneIndex))];
}

/** The server tells the places of so many sections, and no more: those opened first are closed. */
function withinBounds(chart: ChartModel, open: ReadonlySet<number>): ReadonlySet<number> {
  const kept = [...open];
  const isTooMuch = () => {
    const zones = zonesOf(chart, kept);
    const told = chart.blocks.filter((block) => zones.includes(block.zoneIndex));
    const places = told.reduce((sum, { area, places: own }) => sum + (area >= 0 ? 1 : own.length), 0);
    return zones.length > MAX_SECTIONS_LISTED || places > MAX_PLACES_IN_VIEW;
  };
  while (kept.length > 1 && isTooMuch()) kept.shift();
  return new Set(kept);
}

interface LeftProps {
  readonly own: BlockSurvey;
  readonly currency: string;
  readonly partySize: number;
}

function Left({ own, currency, partySize }: LeftProps) {
  if (own.free < 0) return null;
  if (!own.fitting) return <span className="list-left">{own.free ? "none fit" : "sold out"}</span>;
  const together = togetherWords(own, partySize);
  return (
    <span className="list-left">
      {together ? <span className="list-together">{together}</span> : null} {blockLeft(own)}{" "}
      <b>{priceRange(own.from, own.to, currency)}</b>
    </span>
  );
}

interface RowsProps {
  readonly block: Block;
  readonly sale: Sale;
  readonly priced: PricedChart;
  readonly currency: string;
  readonly filter: Filter;
  readonly own: BlockSurvey;
  readonly enabled: boolean;
}

function Rows({ block, sale, priced, currency, filter, own, enabled }: RowsProps) {
  const [limit, setLimit] = useState(ROWS_AT_ONCE);
  if (block.area >= 0) {
    return (
      <AreaRow sale={sale} block={block} priced={priced} currency={currency} own={own} enabled={enabled} />
    );
  }
  if (!block.places.some((place) => sale.seats.statuses[place] !== UNKNOWN)) {
    return (
      <p className="list-wait" role="status">
        Fetching the seats of this section…
      </p>
    );
  }
  const groups = block.groups.slice(0, limit);
  return (
    <>
      {groups.map((group) => (
        <RowOfSeats
          key={group}
          sale={sale}
          group={sale.chart.groups[group]!}
          priced={priced}
          currency={currency}
          filter={filter}
          enabled={enabled}
          signature={signature(sale, sale.chart.groups[group]!.places)}
        />
      ))}
      {block.groups.length > limit ? (
        <button type="button" className="button list-more" onClick={() => setLimit(limit + ROWS_AT_ONCE)}>
          Show more rows
        </button>
      ) : null}
    </>
  );
}

/** Equal while no seat of the row has changed, so that unchanged rows are not drawn again. */
function signature(sale: Sale, places: Int32Array): string {
  let text = "";
  for (const place of places) {
    const { statuses, mine, fits } = sale.seats;
    text += String.fromCharCode(48 + statuses[place]! + 8 * mine[place]! + 64 * fits[place]!);
  }
  return text;
}
