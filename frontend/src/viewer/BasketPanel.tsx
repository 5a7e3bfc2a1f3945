import { timeLeft } from "../model/basket";
import type { Booking, Sale, SaleState } from "../model/sale";
import { shownLines } from "./basket_lines";
import { Cross } from "./icons";
import { useNow } from "./sale_view";
import { price, seats } from "./words";

interface Props {
  readonly sale: Sale;
  readonly state: SaleState;
  readonly currency: string;
  readonly colours: readonly string[];
  readonly onShow: (places: readonly number[]) => void;
  readonly onCheckout: () => void;
  readonly onSale: boolean;
  /** Made on this device before, to be looked up again. */
  readonly bookings: readonly Booking[];
  readonly onReread: (booking: Booking) => void;
}

const HURRY_MS = 60_000;

export function BasketPanel(props: Props) {
  const { sale, state, currency, colours, onShow, onCheckout, onSale } = props;
  const { basket } = state;
  if (!basket.lines.length) {
    return (
      <section className="basket empty" aria-label="Basket" data-testid="basket">
        <p>
          <b>No seats picked yet.</b> Tap a seat on the map, or let us find the best ones together.
        </p>
        {props.bookings.length ? (
          <ul className="kept-bookings" aria-label="Your bookings">
            {props.bookings.map((booking) => (
              <li key={booking.booking}>
                <button type="button" className="link" onClick={() => props.onReread(booking)}>
                  Your booking {booking.booking}
                </button>
                <span>{seats(booking.places.length)}</span>
              </li>
            ))}
          </ul>
        ) : null}
      </section>
    );
  }
  return (
    <section className="basket" aria-label="Basket" data-testid="basket">
      <Countdown sale={sale} state={state} />
      <ul className="basket-lines">
        {shownLines(sale.chart, basket.lines).map((line) => (
          <li key={line.key}>
            <i className="swatch" style={{ "--own": colours[line.category] } as React.CSSProperties} />
            <button type="button" className="basket-place" onClick={() => onShow(line.places)}>
              <b>{line.title}</b>
              <span>
                {[line.section, sale.chart.categories[line.category]?.label].filter(Boolean).join(" · ")}
              </span>
            </button>
            <span className="amount">{price(line.amount, currency)}</span>
            <button
              type="button"
              className="icon-button"
              aria-label={`Give back ${[line.section, line.title].filter(Boolean).join(", ")}`}
              onClick={() => sale.drop(line.places)}
            >
              <Cross />
            </button>
          </li>
        ))}
      </ul>
      <div className="basket-total">
        <span>
          Total <small>all fees included</small>
        </span>
        <b className="amount" data-testid="total">
          {price(basket.total, currency)}
        </b>
      </div>
      <button
        type="button"
        className="button primary wide"
        disabled={!onSale || state.booking}
        data-testid="checkout"
        onClick={onCheckout}
      >
        Book {seats(basket.lines.length)}
      </button>
      <p className="fine">Pay at the venue. Nothing is charged now.</p>
    </section>
  );
}

export function Countdown({ sale, state }: Pick<Props, "sale" | "state">) {
  const now = useNow(sale, true);
  const { basket } = state;
  const remaining = basket.expiresAtMs - now;
  return (
    <div className="countdown" data-hurry={remaining < HURRY_MS ? "" : undefined}>
      <p>
        Held for you <time data-testid="countdown">{timeLeft(remaining)}</time>
      </p>
      {basket.extensionsLeft > 0 ? (
        <button type="button" className="link" onClick={() => sale.extend()}>
          More time
        </button>
      ) : null}
    </div>
  );
}
