import { useEffect, useRef } from "react";
import type { ChartModel } from "../model/chart";
import type { Booking } from "../model/sale";
import type { SaleEvent } from "../wire/api";
import { shownLines } from "./basket_lines";
import { eventDate } from "./dates";
import { Tick } from "./icons";
import { price, seats } from "./words";

interface Props {
  readonly event: SaleEvent;
  readonly chart: ChartModel;
  readonly booked: readonly Booking[];
  /** Booked just now, rather than looked up again. */
  readonly fresh: boolean;
  readonly onClose: () => void;
}

/** The confirmation: what is yours, under which reference. Prints as a page of its own. */
export function BookedCard({ event, chart, booked, fresh, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  const count = booked.reduce((sum, b) => sum + b.places.length, 0);
  return (
    <dialog
      ref={dialog}
      className="dialog booked"
      aria-labelledby="booked-title"
      onClose={onClose}
      data-testid="booked"
    >
      <div className="booked-head">
        <i aria-hidden="true">
          <Tick />
        </i>
        <h2 id="booked-title">{title(count, fresh)}</h2>
        <p>{[event.name, event.venue, eventDate(event.starts_at)].filter(Boolean).join(" · ")}</p>
      </div>
      {booked.map((booking) => (
        <section key={booking.booking} className="booked-one">
          <p className="reference">
            <span>Reference</span>
            <b data-testid="reference">{booking.booking}</b>
          </p>
          <ul className="basket-lines">
            {shownLines(
              chart,
              booking.places.map((place, i) => ({ place, price: booking.prices[i] ?? 0, hold: 0 })),
            ).map((line) => (
              <li key={line.key}>
                <div className="basket-place">
                  <b>{line.title}</b>
                  <span>{line.section}</span>
                </div>
                <span className="amount">{line.amount ? price(line.amount, event.currency) : ""}</span>
              </li>
            ))}
          </ul>
          <div className="basket-total">
            <span>To pay at the venue</span>
            <b className="amount">{price(booking.total, event.currency)}</b>
          </div>
        </section>
      ))}
      <p className="fine">Show the reference at the box office. It is kept on this device.</p>
      <div className="dialog-actions">
        <button type="button" className="button" onClick={() => print()}>
          Print
        </button>
        <button type="button" className="button primary" onClick={() => dialog.current?.close()}>
          Done
        </button>
      </div>
    </dialog>
  );
}

function title(count: number, fresh: boolean): string {
  if (!fresh) return `Your booking, ${seats(count)}`;
  return count === 1 ? "Your seat is booked" : `Your ${seats(count)} are booked`;
}
