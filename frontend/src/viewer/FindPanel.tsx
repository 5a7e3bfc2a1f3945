import type { Filter } from "../model/filter";
import type { Survey } from "../model/survey";
import { Wheelchair } from "./icons";
import { PartySize } from "./PartySize";
import { SeatKey } from "./SeatKey";
import type { PricedChart } from "./sale_view";
import { number, price } from "./words";

interface Props {
  readonly priced: PricedChart;
  readonly currency: string;
  readonly survey: Survey | null;
  readonly filter: Filter;
  readonly onFilter: (filter: Filter) => void;
  readonly partySize: number;
  readonly mostTogether: number;
  readonly onPartySize: (size: number) => void;
  readonly onBest: () => void;
  readonly busy: boolean;
  readonly enabled: boolean;
}

/** Party size, best together, prices as legend and filter at once, accessibility. */
export function FindPanel(props: Props) {
  const { priced, filter, survey, partySize } = props;
  const used = priced.chart.categories
    .map((category, index) => ({ category, index, price: priced.prices[index]! }))
    .filter(({ index }) => priced.chart.category.includes(index))
    .sort((a, b) => b.price - a.price);
  const prices = [...new Set(used.map((c) => c.price))].sort((a, b) => a - b);
  const toggle = (index: number) => {
    const categories = new Set(filter.categories);
    if (!categories.delete(index)) categories.add(index);
    props.onFilter({ ...filter, categories });
  };
  return (
    <div className="find">
      <section className="find-party" aria-label="Party size">
        <PartySize value={partySize} most={props.mostTogether} onChange={props.onPartySize} />
        <BestButton {...props} />
      </section>
      <section aria-labelledby="prices-title">
        <div className="find-title">
          <h2 id="prices-title">Prices</h2>
          {filter.categories.size ? (
            <button
              type="button"
              className="link"
              onClick={() => props.onFilter({ ...filter, categories: new Set() })}
            >
              Show all
            </button>
          ) : null}
        </div>
        <ul className="prices">
          {used.map(({ category, index, price: amount }) => {
            const free = survey?.freeByCategory[index];
            return (
              <li key={category.key}>
                <button
                  type="button"
                  aria-pressed={filter.categories.has(index)}
                  data-off={filter.categories.size > 0 && !filter.categories.has(index) ? "" : undefined}
                  onClick={() => toggle(index)}
                >
                  <i
                    className="swatch"
                    style={{ "--own": priced.shownColours[index] } as React.CSSProperties}
                  />
                  <span className="prices-name">{category.label}</span>
                  <span className="prices-left">
                    {free === undefined ? "" : free ? `${number(free)} left` : "sold out"}
                  </span>
                  <span className="prices-amount">{price(amount, props.currency)}</span>
                </button>
              </li>
            );
          })}
        </ul>
        {prices.length > 1 ? (
          <label className="price-limit">
            <span>
              Up to <b>{filter.maxPrice ? price(filter.maxPrice, props.currency) : "any price"}</b>
            </span>
            <input
              type="range"
              min={0}
              max={prices.length - 1}
              step={1}
              value={filter.maxPrice ? prices.indexOf(filter.maxPrice) : prices.length - 1}
              aria-valuetext={filter.maxPrice ? price(filter.maxPrice, props.currency) : "any price"}
              onChange={(event) => {
                const at = Number(event.target.value);
                props.onFilter({ ...filter, maxPrice: at === prices.length - 1 ? 0 : prices[at]! });
              }}
            />
          </label>
        ) : null}
        <label className="switch">
          <Wheelchair />
          <span>Accessible seats only</span>
          <input
            type="checkbox"
            role="switch"
            checked={filter.accessible}
            onChange={(event) => props.onFilter({ ...filter, accessible: event.target.checked })}
          />
        </label>
      </section>
      <SeatKey partySize={partySize} />
    </div>
  );
}

export function BestButton({
  partySize,
  busy,
  enabled,
  onBest,
}: Pick<Props, "partySize" | "busy" | "enabled" | "onBest">) {
  return (
    <button
      type="button"
      className="button best"
      disabled={!enabled}
      aria-busy={busy}
      data-testid="best"
      onClick={onBest}
    >
      {partySize === 1 ? "Find the best seat" : `Find the best ${number(partySize)} together`}
    </button>
  );
}
