import { useEffect, useRef, useState } from "react";
import { minuteToSay } from "../model/basket";
import type { Sale, SaleState } from "../model/sale";
import type { Link } from "../wire/connection";
import { useNow } from "./sale_view";
import { minutesLeft, noticeWords, seats } from "./words";

interface Props {
  readonly sale: Sale;
  readonly state: SaleState;
  readonly link: Link;
}

/** Says aloud what changed, for those who do not see it. */
export function Announcer({ sale, state, link }: Props) {
  const [said, setSaid] = useState("");
  const now = useNow(sale, state.basket.expiresAtMs > 0);
  const before = useRef(0);
  const count = state.basket.lines.length;
  const counted = useRef(count);
  const linked = useRef(link.state);

  useEffect(() => {
    if (!state.basket.expiresAtMs) {
      before.current = 0;
      return;
    }
    const remaining = state.basket.expiresAtMs - now;
    const minutes = minuteToSay(before.current, remaining);
    before.current = remaining;
    if (minutes) setSaid(minutesLeft(minutes));
  }, [now, state.basket.expiresAtMs]);

  useEffect(() => {
    if (count > counted.current) setSaid(`${seats(count)} in your basket.`);
    else if (count < counted.current && count > 0) setSaid(`${seats(count)} left in your basket.`);
    else if (count < counted.current) setSaid("Your basket is empty.");
    counted.current = count;
  }, [count]);

  useEffect(() => {
    if (state.notice) setSaid(noticeWords(state.notice, sale.chart).text);
  }, [sale, state.notice]);

  useEffect(() => {
    if (linked.current === "live" && link.state === "reconnecting") {
      setSaid("The connection broke. Reconnecting; your seats stay yours.");
    } else if (linked.current === "reconnecting" && link.state === "live") {
      setSaid("Connected again.");
    }
    linked.current = link.state;
  }, [link.state]);

  return (
    <p className="unseen" role="status" aria-live="polite" data-testid="said">
      {said}
    </p>
  );
}
