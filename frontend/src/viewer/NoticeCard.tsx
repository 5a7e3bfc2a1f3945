import { useEffect } from "react";
import type { Notice, Sale } from "../model/sale";
import { Cross } from "./icons";
import { labels, noticeWords } from "./words";

const PLAIN_STAYS_MS = 7_000;

interface Props {
  readonly sale: Sale;
  readonly notice: Notice;
}

/** What just happened in one sentence, and what can be had instead at one tap. */
export function NoticeCard({ sale, notice }: Props) {
  const { text, tone, offers } = noticeWords(notice, sale.chart);
  useEffect(() => {
    if (tone !== "plain") return undefined;
    const timer = setTimeout(() => sale.closeNotice(), PLAIN_STAYS_MS);
    return () => clearTimeout(timer);
  }, [sale, tone]);
  return (
    <div className="card notice" data-tone={tone} data-testid="notice">
      <p>{text}</p>
      <div className="notice-actions">
        {offers.map((places) => (
          <button
            key={places.join()}
            type="button"
            className="button small primary"
            onClick={() => {
              sale.closeNotice();
              sale.take(places);
            }}
          >
            Take {labels(sale.chart, places)}
          </button>
        ))}
        <button
          type="button"
          className="icon-button"
          aria-label="Close this message"
          onClick={() => sale.closeNotice()}
        >
          <Cross />
        </button>
      </div>
    </div>
  );
}
