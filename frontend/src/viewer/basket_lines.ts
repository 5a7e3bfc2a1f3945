/** Basket lines as they are shown: an area's places or a whole table's seats make one line. */

import type { BasketLine } from "../model/basket";
import { AREA, placeName, type ChartModel } from "../model/chart";
import { groupName, sectionName, shortName } from "./words";

export interface ShownLine {
  readonly key: string;
  readonly title: string;
  readonly section: string;
  readonly category: number;
  readonly places: readonly number[];
  readonly amount: number;
}

export function shownLines(chart: ChartModel, lines: readonly BasketLine[]): ShownLine[] {
  const merged = new Map<string, BasketLine[]>();
  for (const line of lines) {
    const group = chart.groups[chart.group[line.place]!];
    const joined = group && (group.kind === AREA || group.whole);
    const key = joined ? `group ${group.index}` : `place ${line.place}`;
    const same = merged.get(key);
    if (same) same.push(line);
    else merged.set(key, [line]);
  }
  return [...merged].map(([key, same]) => {
    const first = same[0]!.place;
    const group = chart.groups[chart.group[first]!];
    const { section, row } = placeName(chart, first);
    const many = same.length > 1 ? ` × ${same.length}` : "";
    const title =
      group?.kind === AREA
        ? `${group.label}${many}`
        : group?.whole
          ? `${groupName(group.kind, row)}${many}`
          : shortName(chart, first);
    return {
      key,
      title,
      section: sectionName(section),
      category: chart.category[first]!,
      places: same.map((line) => line.place),
      amount: same.reduce((sum, line) => sum + line.price, 0),
    };
  });
}
