import { useEffect, useRef, useState } from "react";
import type { Survey } from "../model/survey";
import type { Sale } from "../model/sale";
import { Cross } from "./icons";
import { Stepper } from "./Stepper";
import { left, number, price } from "./words";

interface Props {
  readonly sale: Sale;
  readonly group: number;
  readonly prices: readonly number[];
  readonly currency: string;
  readonly most: number;
  readonly suggested: number;
  readonly survey: Survey | null;
  readonly onClose: () => void;
}

/** How many places of a general-admission area to take. */
export function AreaCard({ sale, group, prices, currency, most, suggested, survey, onClose }: Props) {
  const { chart } = sale;
  const area = chart.groups[group]!;
  const own = survey?.blocks[area.block];
  const told = own && !own.about ? own.free : -1;
  const free = told < 0 ? area.places.length : told;
  const each = prices[chart.category[area.places[0]!]!] ?? 0;
  const ceiling = Math.max(1, Math.min(most, free));
  const [wanted, setWanted] = useState(Math.min(suggested, ceiling));
  const quantity = area.whole ? area.places.length : Math.min(wanted, ceiling);
  const card = useRef<HTMLElement>(null);
  useEffect(() => card.current?.focus(), []);
  return (
    <section
      ref={card}
      className="card area-card"
      aria-label={area.label}
      tabIndex={-1}
      data-testid="area-card"
      onKeyDown={(event) => {
        if (event.key === "Escape") onClose();
      }}
    >
      <header>
        <div>
          <h2>{area.label}</h2>
          <p>{free ? `${price(each, currency)} each${told < 0 ? "" : ` · ${left(free)}`}` : "Sold out"}</p>
        </div>
        <button type="button" className="icon-button" aria-label="Close" onClick={onClose}>
          <Cross />
        </button>
      </header>
      {free > 0 ? (
        <div className="area-take">
          {area.whole ? (
            <p>Booked as a whole, {number(quantity)} places.</p>
          ) : (
            <Stepper name="How many places" value={quantity} least={1} most={ceiling} onChange={setWanted} />
          )}
          <button
            type="button"
            className="button primary"
            onClick={() => {
              sale.takeQuantity(group, quantity);
              onClose();
            }}
          >
            Take {number(quantity)} · {price(each * quantity, currency)}
          </button>
        </div>
      ) : null}
    </section>
  );
}
