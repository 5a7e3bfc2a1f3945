import { number } from "./words";

/** What the shapes and the depth of colour mean, drawn as they are drawn on the map. */
export function SeatKey({ partySize }: { readonly partySize: number }) {
  return (
    <section aria-labelledby="key-title" className="seat-key">
      <h2 id="key-title">On the map</h2>
      <ul>
        <li>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <circle className="key-free" cx="12" cy="12" r="7" />
          </svg>
          Free
        </li>
        <li>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <circle className="key-free" cx="12" cy="12" r="7" />
            <circle className="key-ring" cx="12" cy="12" r="9.6" />
            <path className="key-tick" d="m9 12.3 2.1 2.2 4-4.6" />
          </svg>
          Yours
        </li>
        <li>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <circle className="key-held" cx="12" cy="12" r="5.8" />
          </svg>
          Held
        </li>
        <li>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <circle className="key-sold" cx="12" cy="12" r="2.8" />
          </svg>
          Sold
        </li>
        <li>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <rect className="key-free" x="5.4" y="5.4" width="13.2" height="13.2" rx="3" />
          </svg>
          Accessible
        </li>
        <li>
          <svg viewBox="0 0 24 24" aria-hidden="true">
            <circle className="key-free" cx="12" cy="12" r="7" />
            <path className="key-veil" d="M5.6 12a6.4 6.4 0 0 0 12.8 0Z" />
          </svg>
          Part view
        </li>
        {partySize > 1 ? (
          <li className="key-wide">
            <svg viewBox="0 0 24 24" aria-hidden="true">
              <circle className="key-alone" cx="12" cy="12" r="7" />
            </svg>
            Free, but no {number(partySize)} side by side
          </li>
        ) : null}
      </ul>
      <p className="key-ramp">
        <span>Sections: less room</span>
        <i aria-hidden="true" />
        <span>{partySize > 1 ? `more for ${number(partySize)} together` : "more room"}</span>
      </p>
    </section>
  );
}
