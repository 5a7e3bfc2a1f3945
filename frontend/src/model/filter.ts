/** Which places the buyer wants to see: by category, by price, by accessibility. */

import { ACCESSIBLE, AREA, type ChartModel } from "./chart";

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
