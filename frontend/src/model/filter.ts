/** Which places the buyer wants to see: by category, by price, by accessibility. */

import { ACCESSIBLE, AREA, GONE, type ChartModel } from "./chart";
import { FREE } from "./seats";

export interface Filter {
  /** Category indexes; empty means any. */
  readonly categories: ReadonlySet<number>;
  /** Minor units; 0 means any. */
  readonly maxPrice: number;
  readonly accessible: boolean;
}

export const NO_FILTER: Filter = { categories: new Set(), maxPrice: 0, accessible: false };

export function isFiltering(filter: Filter): boolean {
  return filter.categories.size > 0 || filter.maxPrice > 0 || filter.accessible;
}

/** Whether category `c` passes, by category index. */
export function categoriesPassing(filter: Filter, prices: readonly number[]): boolean[] {
  return prices.map(
    (price, c) =>
      (filter.categories.size === 0 || filter.categories.has(c)) &&
      (filter.maxPrice === 0 || price <= filter.maxPrice),
  );
}

export interface BlockSurvey {
  readonly places: number;
  readonly free: number;
  /** Free places that pass the filter. */
  readonly fitting: number;
  /** The lowest price among those; -1 where there is none. */
  readonly from: number;
  /** The highest one; -1 where there is none. */
  readonly to: number;
  /** The most free neighbours in one row that pass. */
  readonly longestRun: number;
  /** The category most of the block's places have. */
  readonly category: number;
}

export interface Survey {
  readonly blocks: readonly BlockSurvey[];
  readonly freeByCategory: readonly number[];
  readonly free: number;
  readonly fitting: number;
  readonly from: number;
}

/** One pass over all places; about a millisecond for 60,000. */
export function survey(
  chart: ChartModel,
  statuses: Uint8Array,
  prices: readonly number[],
  filter: Filter,
): Survey {
  const passing = categoriesPassing(filter, prices);
  const freeByCategory = new Array<number>(chart.categories.length).fill(0);
  const blocks = chart.blocks.map((block) => {
    const perCategory = new Int32Array(chart.categories.length);
    let [free, fitting, from, to, longestRun, run] = [0, 0, -1, -1, 0, 0];
    let previous = -2;
    for (const place of block.places) {
      const category = chart.category[place]!;
      perCategory[category]! += 1;
      const isFree = statuses[place] === FREE;
      if (isFree) {
        free += 1;
        freeByCategory[category]! += 1;
      }
      const flags = chart.flags[place]!;
      const fits =
        isFree && passing[category]! && !(flags & GONE) && (!filter.accessible || flags & ACCESSIBLE);
      if (fits) {
        fitting += 1;
        const price = prices[category] ?? 0;
        if (from < 0 || price < from) from = price;
        to = Math.max(to, price);
        run = place === previous + 1 && chart.link[previous] ? run + 1 : 1;
        longestRun = Math.max(longestRun, run);
        previous = place;
      } else {
        run = 0;
        previous = -2;
      }
    }
    if (block.area >= 0) longestRun = fitting;
    return {
      places: block.places.length,
      free,
      fitting,
      from,
      to,
      longestRun,
      category: perCategory.indexOf(Math.max(...perCategory)),
    };
  });
  const froms = blocks.filter((b) => b.from >= 0).map((b) => b.from);
  return {
    blocks,
    freeByCategory,
    free: blocks.reduce((sum, b) => sum + b.free, 0),
    fitting: blocks.reduce((sum, b) => sum + b.fitting, 0),
    from: froms.length ? Math.min(...froms) : -1,
  };
}

/** Whether the filter lets this place through, whatever its state. */
export function passes(
  chart: ChartModel,
  passing: readonly boolean[],
  accessible: boolean,
  place: number,
): boolean {
  if (!passing[chart.category[place]!]) return false;
  if (!accessible) return true;
  const group = chart.groups[chart.group[place]!];
  return Boolean(chart.flags[place]! & ACCESSIBLE) || group?.kind === AREA;
}
