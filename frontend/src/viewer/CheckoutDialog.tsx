import { useEffect, useRef, useState, type FormEvent } from "react";
import type { Sale, SaleState } from "../model/sale";
import type { SaleEvent } from "../wire/api";
import { Countdown } from "./BasketPanel";
import { Cross } from "./icons";
import { noticeWords, price, seats } from "./words";

interface Props {
  readonly sale: Sale;
  readonly state: SaleState;
  readonly event: SaleEvent;
  /** What was typed so far; it outlives the dialog, not the page. */
  readonly contact: Contact;
  readonly onContact: (contact: Contact) => void;
  readonly onClose: () => void;
}

export interface Contact {
  readonly name: string;
  readonly email: string;
}

/** Name and mail, and the hold becomes a booking. */
export function CheckoutDialog({ sale, state, event, contact, onContact, onClose }: Props) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<Partial<Contact>>({});
  const { basket } = state;

  useEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);

  const submit = (submitted: FormEvent) => {
    submitted.preventDefault();
    const found = problemsOf(contact);
    setProblem(found);
    if (found.name || found.email) {
      dialog.current?.querySelector<HTMLInputElement>(found.name ? "#buyer-name" : "#buyer-email")?.focus();
      return;
    }
    sale.book(contact.name.trim(), contact.email.trim());
  };

  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby="checkout-title"
      onCancel={(cancelled) => {
        cancelled.preventDefault();
        onClose();
      }}
    >
      <form onSubmit={submit} noValidate>
        <header>
          <h2 id="checkout-title">Book {seats(basket.lines.length)}</h2>
          <button type="button" className="icon-button" aria-label="Back to the seats" onClick={onClose}>
            <Cross />
          </button>
        </header>
        <Countdown sale={sale} state={state} />
        <Field
          id="buyer-name"
          label="Name"
          hint="As it should stand on the booking."
          autoComplete="name"
          value={contact.name}
          problem={problem.name}
          onChange={(name) => onContact({ ...contact, name })}
        />
        <Field
          id="buyer-email"
          label="Email"
          hint="Your reference goes here."
          autoComplete="email"
          type="email"
          value={contact.email}
          problem={problem.email}
          onChange={(email) => onContact({ ...contact, email })}
        />
        {state.notice?.kind === "refused" ? (
          <p className="form-problem" role="alert">
            {noticeWords(state.notice, sale.chart).text}
          </p>
        ) : null}
        <div className="basket-total">
          <span>
            Pay at the venue <small>all fees included</small>
          </span>
          <b className="amount">{price(basket.total, event.currency)}</b>
        </div>
        <button
          type="submit"
          className="button primary wide"
          aria-busy={state.booking}
          disabled={state.booking}
        >
          {state.booking ? "Booking…" : "Book now"}
        </button>
      </form>
    </dialog>
  );
}

interface FieldProps {
  readonly id: string;
  readonly label: string;
  readonly hint: string;
  readonly autoComplete: string;
  readonly type?: string;
  readonly value: string;
  readonly problem: string | undefined;
  readonly onChange: (value: string) => void;
}

function Field({ id, label, hint, autoComplete, type = "text", value, problem, onChange }: FieldProps) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type={type}
        autoComplete={autoComplete}
        maxLength={200}
        value={value}
        aria-invalid={problem ? true : undefined}
        aria-describedby={`${id}-hint`}
        onChange={(event) => onChange(event.target.value)}
      />
      <p id={`${id}-hint`} data-problem={problem ? "" : undefined}>
        {problem ?? hint}
      </p>
    </div>
  );
}

function problemsOf({ name, email }: Contact): Partial<Contact> {
  return {
    ...(name.trim() ? {} : { name: "Please enter a name." }),
    ...(/^\S+@\S+\.\S+$/.test(email.trim())
      ? {}
      : { email: "Please enter an email address, such as ana@example.org." }),
  };
}
