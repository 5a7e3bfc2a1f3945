import { useEffect, useRef, useState, type PointerEvent, type ReactNode } from "react";
import type { Survey } from "../model/survey";
import type { Sale, SaleState } from "../model/sale";
import { timeLeft } from "../model/basket";
import { useNow } from "./sale_view";
import { Stepper } from "./Stepper";
import { fromPrice, number, price, seats } from "./words";

type Rest = "peek" | "half" | "full";

const RESTS: readonly Rest[] = ["peek", "half", "full"];
const DRAG_LEAST_PX = 24;

interface Props {
  readonly state: SaleState;
  readonly sale: Sale;
  readonly survey: Survey | null;
  readonly currency: string;
  readonly partySize: number;
  readonly mostTogether: number;
  readonly onPartySize: (size: number) => void;
  readonly onBest: () => void;
  readonly onCheckout: () => void;
  readonly find: ReactNode;
  readonly basket: ReactNode;
}

/** The phone's panel: rests at peek (party size or basket in one line), half and full. */
export function Sheet(props: Props) {
  const [rest, setRest] = useState<Rest>("peek");
  const [drag, setDrag] = useState(0);
  const start = useRef<number | null>(null);
  const count = props.state.basket.lines.length;
  const at = RESTS.indexOf(rest);

  useEffect(() => {
    if (props.state.notice) setRest("peek");
  }, [props.state.noticeId]);

  const down = (event: PointerEvent<HTMLElement>) => {
    start.current = event.clientY;
    event.currentTarget.setPointerCapture(event.pointerId);
  };
  const move = (event: PointerEvent<HTMLElement>) => {
    if (start.current !== null) setDrag(event.clientY - start.current);
  };
  const up = (event: PointerEvent<HTMLElement>) => {
    if (start.current === null) return;
    const moved = event.clientY - start.current;
    start.current = null;
    setDrag(0);
    if (Math.abs(moved) > DRAG_LEAST_PX) {
      const steps = Math.abs(moved) > innerHeight * 0.4 ? 2 : 1;
      const next = moved < 0 ? Math.min(2, at + steps) : Math.max(0, at - steps);
      setRest(RESTS[next]!);
    } else if (Math.abs(moved) < 6) {
      setRest(rest === "full" ? "peek" : RESTS[at + 1]!);
    }
  };

  return (
    <aside
      className="sheet"
      data-rest={rest}
      data-basket={count ? "" : undefined}
      data-dragging={drag ? "" : undefined}
      style={{ "--drag": `${drag}px` } as React.CSSProperties}
      aria-label="Find seats and basket"
    >
      <button
        type="button"
        className="sheet-handle"
        aria-expanded={rest !== "peek"}
        aria-label={rest === "full" ? "Make the panel small" : "Make the panel larger"}
        onPointerDown={down}
        onPointerMove={move}
        onPointerUp={up}
        onKeyDown={(event) => {
          if (event.key === "ArrowUp") setRest(RESTS[Math.min(2, at + 1)]!);
          else if (event.key === "ArrowDown") setRest(RESTS[Math.max(0, at - 1)]!);
          else if (event.key === "Enter" || event.key === " ")
            setRest(rest === "full" ? "peek" : RESTS[at + 1]!);
          else return;
          event.preventDefault();
        }}
      >
        <i aria-hidden="true" />
      </button>
      <div className="sheet-peek">
        {count ? <BasketInOneLine {...props} /> : <PartyInOneLine {...props} />}
      </div>
      <div className="sheet-body" inert={rest === "peek"}>
        {count ? props.basket : null}
        {props.find}
        {count ? null : props.basket}
      </div>
    </aside>
  );
}

function PartyInOneLine({ survey, currency, partySize, mostTogether, onPartySize, onBest, state }: Props) {
  return (
    <>
      <Stepper
        name="How many are you"
        value={partySize}
        least={1}
        most={mostTogether}
        onChange={onPartySize}
      />
      <button type="button" className="button primary peek-main" disabled={!state.known} onClick={onBest}>
        Best {number(partySize)}
        {survey && survey.from >= 0 ? <small>{fromPrice(survey.from, currency)}</small> : null}
      </button>
    </>
  );
}

function BasketInOneLine({ state, sale, currency, onCheckout }: Props) {
  const now = useNow(sale, true);
  return (
    <>
      <p className="peek-basket">
        <b>
          {seats(state.basket.lines.length)} · {price(state.basket.total, currency)}
        </b>
        <span>
          held for <time>{timeLeft(state.basket.expiresAtMs - now)}</time>
        </span>
      </p>
      <button
        type="button"
        className="button primary peek-main"
        data-testid="peek-checkout"
        onClick={onCheckout}
      >
        Book
      </button>
    </>
  );
}
