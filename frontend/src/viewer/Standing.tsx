import type { Link } from "../wire/connection";

interface Props {
  readonly link: Link;
  readonly onSale: boolean;
  readonly soldOut: boolean;
}

const PATIENT_ATTEMPTS = 2;

/** How things stand, where they do not stand well: one sentence, and what happens next. */
export function Standing({ link, onSale, soldOut }: Props) {
  if (link.state === "offline") {
    return <p className="card strip">You are offline. Seats you hold stay yours until their time is up.</p>;
  }
  if (link.state === "reconnecting" && link.attempt >= PATIENT_ATTEMPTS) {
    return (
      <p className="card strip">
        The box office cannot be reached; trying again. What you see may be out of date.
      </p>
    );
  }
  if (!onSale) return <p className="card strip">This event is not on sale at the moment.</p>;
  if (soldOut) {
    return (
      <p className="card strip">Everything is taken right now. Seats others give back appear here at once.</p>
    );
  }
  return null;
}
