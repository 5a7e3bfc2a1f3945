/** What all parts of the page share: the event, its chart in this event's prices, the live sale. */

import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { ChartModel } from "../model/chart";
import type { Filter } from "../model/filter";
import type { Sale, SaleState } from "../model/sale";
import { Surveyor, type Survey } from "../model/survey";
import type { SaleEvent } from "../wire/api";
import type { Link } from "../wire/connection";
import { readPalette } from "../scene/palette";
import type { LiveSale } from "./live_sale";
import { useTheme } from "./theme";

export interface PricedChart {
  readonly chart: ChartModel;
  /** By category index of the chart. */
  readonly prices: readonly number[];
  /** As the organizer chose them. */
  readonly colours: readonly string[];
  /** As they are drawn in this theme. */
  readonly shownColours: readonly string[];
}

export function pricedChart(chart: ChartModel, event: SaleEvent): Omit<PricedChart, "shownColours"> {
  const own = new Map(event.categories.map((category) => [category.key, category]));
  return {
    chart,
    prices: chart.categories.map((c) => own.get(c.key)?.price ?? c.price),
    colours: chart.categories.map((c) => own.get(c.key)?.color || c.color),
  };
}

export function useSaleState(sale: Sale): SaleState {
  return useSyncExternalStore(sale.subscribe, () => sale.state);
}

export function useLink(live: LiveSale): Link {
  return useSyncExternalStore(live.line.subscribe, live.line.current);
}

const SURVEY_EVERY_MS = 250;

/** What is left by block, counted again at most four times a second. Null until something is told. */
export function useSurvey(
  sale: Sale,
  prices: readonly number[],
  filter: Filter,
  partySize: number,
): Survey | null {
  const [version, setVersion] = useState(0);
  const surveyor = useRef<Surveyor | null>(null);
  const shown = useRef(false);
  useEffect(() => {
    let timer = 0;
    const made = new Surveyor(sale.chart, sale.seats, sale.zones, () => {
      timer ||= window.setTimeout(
        () => {
          timer = 0;
          setVersion((v) => v + 1);
        },
        shown.current ? SURVEY_EVERY_MS : 0,
      );
    });
    surveyor.current = made;
    setVersion((v) => v + 1);
    return () => {
      surveyor.current = null;
      made.close();
      clearTimeout(timer);
    };
  }, [sale]);
  return useMemo(() => {
    const survey = surveyor.current?.survey({ prices, filter, partySize }) ?? null;
    shown.current = survey !== null;
    return survey;
  }, [sale, prices, filter, partySize, version]);
}

/** The categories' colours as the map draws them in this theme, for swatches and buttons. */
export function useShownColours(colours: readonly string[]): readonly string[] {
  const theme = useTheme();
  return useMemo(
    () => readPalette(document.documentElement, colours).categories.map((c) => c.fill),
    [colours, theme],
  );
}

/** The server's time, told anew every quarter of a second while `running`. */
export function useNow(sale: Sale, running: boolean): number {
  const [now, setNow] = useState(() => sale.now());
  useEffect(() => {
    if (!running) return undefined;
    setNow(sale.now());
    const timer = setInterval(() => setNow(sale.now()), 250);
    return () => clearInterval(timer);
  }, [sale, running]);
  return now;
}
