/**
 * What is left of each block and of the whole event, from whatever the server tells just now: the
 * statuses of a block's places where all of them are fresh, else the counts of its zone.
 */

import { ACCESSIBLE, BOOTH, type Block, type ChartModel } from "./chart";
import { categoriesPassing, type Filter } from "./filter";
import { PARTY_SIZES } from "../wire/zone_forms";
import { FREE, type SeatStore } from "./seats";
import type { ZoneStore } from "./zones";

export interface BlockSurvey {
  readonly places: number;
  /** -1 where nothing was told of it. */
  readonly free: number;
  /** Only about right: told some time ago, or one count shared out among several blocks. */
  readonly about: boolean;
  /** Free places that pass the filter; at most so many where `exact` is false. */
  readonly fitting: number;
  readonly exact: boolean;
  /** The lowest price among those; -1 where there is none. */
  readonly from: number;
  /** The highest one; -1 where there is none. */
  readonly to: number;
  /** How many such parties find room side by side, each in seats of its own; -1 where that cannot be
   * told. */
  readonly together: number;
  /** There may be room for more than `together`: of long runs only the number is told. */
  readonly orMore: boolean;
  /** The share of the block's places that are free and would seat the party; null if unknown. */
  readonly shade: number | null;
  /** The category most of the block's places have. */
  readonly category: number;
}

export interface Survey {
  readonly partySize: number;
  readonly blocks: readonly BlockSurvey[];
  readonly freeByCategory: readonly number[];
  readonly free: number;
  readonly fitting: number;
  /** The lowest price of anything that fits; -1 where nothing does. */
  readonly from: number;
}

export interface Wanted {
  /** By category index. */
  readonly prices: readonly number[];
  readonly filter: Filter;
  readonly partySize: number;
}

/** What is asked of the parts of one count. */
interface Count {
  free: number;
  fitting: number;
  from: number;
  to: number;
}

export class Surveyor {
  private readonly dirty: Uint8Array;
  private readonly counted: (BlockSurvey | null)[];
  private readonly byCategory: readonly Int32Array[];
  private readonly mainCategory: Int32Array;
  private readonly accessible: Int32Array;
  /** Places by block where parties sit side by side, and those that are sold with their whole table. */
  private readonly inRows: Int32Array;
  private readonly inWholes: Int32Array;
  private readonly blocksOfZone: readonly number[][];
  private wanted: Wanted | null = null;
  private passing: readonly boolean[] = [];
  private freshness = "";
  private telling = false;
  private readonly stops: readonly (() => void)[];

  constructor(
    private readonly chart: ChartModel,
    private readonly seats: SeatStore,
    private readonly zones: ZoneStore,
    onChange: () => void,
  ) {
    const { blocks, categories, tiling } = chart;
    this.dirty = new Uint8Array(blocks.length).fill(1);
    this.counted = blocks.map(() => null);
    this.accessible = new Int32Array(blocks.length);
    this.inRows = new Int32Array(blocks.length);
    this.inWholes = new Int32Array(blocks.length);
    this.byCategory = blocks.map((block) => {
      const counts = new Int32Array(Math.max(1, categories.length));
      for (const place of block.places) {
        counts[chart.category[place]!]! += 1;
        if (chart.flags[place]! & ACCESSIBLE) this.accessible[block.index]! += 1;
        if (seats.isForParties(place)) this.inRows[block.index]! += 1;
        if (this.isWhole(place)) this.inWholes[block.index]! += 1;
      }
      return counts;
    });
    this.mainCategory = Int32Array.from(this.byCategory, (counts) => counts.indexOf(Math.max(...counts)));
    const blocksOfZone: number[][] = Array.from({ length: tiling.zones }, () => []);
    for (const block of blocks) blocksOfZone[block.zoneIndex]!.push(block.index);
    this.blocksOfZone = blocksOfZone;
    this.stops = [
      seats.subscribe((places) => {
        this.seatsChanged(places);
        onChange();
      }),
      zones.subscribe((zone) => {
        for (const block of this.blocksOfZone[zone] ?? []) this.dirty[block] = 1;
        onChange();
      }),
    ];
  }

  close(): void {
    for (const stop of this.stops) stop();
  }

  /** Counts what changed since the last call. Null before anything was told. */
  survey(wanted: Wanted): Survey | null {
    const before = this.wanted;
    if (
      before?.prices !== wanted.prices ||
      before.filter !== wanted.filter ||
      before.partySize !== wanted.partySize
    ) {
      this.wanted = wanted;
      this.passing = categoriesPassing(wanted.filter, wanted.prices);
      this.dirty.fill(1);
    }
    this.noteFreshness();
    const blocks = this.chart.blocks.map((block) => {
      const known = this.counted[block.index];
      if (known && !this.dirty[block.index]) return known;
      this.dirty[block.index] = 0;
      return (this.counted[block.index] = this.isFresh(block)
        ? this.byPlaces(block, wanted)
        : this.byZone(block, wanted));
    });
    const freeByCategory = this.freeByCategory();
    if (!freeByCategory) return null;
    const passing = freeByCategory.map((free, c) => (this.passing[c] ? free : 0));
    const prices = wanted.prices.filter((_, c) => passing[c]);
    const fitting = wanted.filter.accessible
      ? blocks.reduce((sum, block) => sum + Math.max(0, block.fitting), 0)
      : passing.reduce((sum, free) => sum + free, 0);
    return {
      partySize: wanted.partySize,
      blocks,
      freeByCategory,
      free: freeByCategory.reduce((sum, free) => sum + free, 0),
      fitting,
      from: fitting && prices.length ? Math.min(...prices) : -1,
    };
  }

  private seatsChanged(places: ArrayLike<number> | null): void {
    if (!places) {
      this.dirty.fill(1);
      return;
    }
    for (let i = 0; i < places.length; i += 1) {
      const block = this.chart.block[places[i]!]!;
      if (block >= 0) this.dirty[block] = 1;
    }
  }

  /** Blocks that became fresh or stale are counted anew, from the other source. */
  private noteFreshness(): void {
    if (this.telling !== this.zones.telling) this.dirty.fill(1);
    this.telling = this.zones.telling;
    let now = "";
    for (const block of this.chart.blocks) now += this.isFresh(block) ? "1" : "0";
    for (let i = 0; i < now.length; i += 1) if (now[i] !== this.freshness[i]) this.dirty[i] = 1;
    this.freshness = now;
  }

  private isFresh(block: Block): boolean {
    return block.tiles.every((tile) => this.seats.isTileFresh(tile));
  }

  private byPlaces(block: Block, { prices, filter, partySize }: Wanted): BlockSurvey {
    const { chart, seats } = this;
    if (block.area >= 0) return this.ofArea(block, seats.left[block.tiles[0]!] ?? 0, prices);
    const count: Count = { free: 0, fitting: 0, from: -1, to: -1 };
    let [together, seated, run, previous] = [0, 0, 0, -2];
    for (const place of block.places) {
      if (seats.statuses[place] !== FREE) continue;
      count.free += 1;
      const category = chart.category[place]!;
      if (!this.passing[category]) continue;
      if (filter.accessible && !(chart.flags[place]! & ACCESSIBLE)) continue;
      add(count, 1, prices[category] ?? 0);
      if (!seats.isForParties(place)) {
        seated += 1;
        continue;
      }
      run = place === previous + 1 && chart.link[previous] ? run + 1 : 1;
      previous = place;
      if (run % partySize === 0) together += 1;
      if (run >= partySize) seated += run === partySize ? partySize : 1;
    }
    if (this.isRoomless(block, together)) seated = 0;
    return {
      places: block.places.length,
      ...count,
      exact: true,
      about: false,
      together: filter.accessible || !this.inRows[block.index] ? -1 : together,
      orMore: false,
      shade: (filter.accessible ? count.fitting : seated) / block.places.length,
      category: this.mainCategory[block.index]!,
    };
  }

  /** Nobody sits side by side, neither in a row nor at a table: single seats are no room. */
  private isRoomless(block: Block, together: number): boolean {
    return !together && !this.inWholes[block.index] && this.wanted!.partySize > 1;
  }

  private isWhole(place: number): boolean {
    const group = this.chart.groups[this.chart.group[place]!];
    return group !== undefined && (group.whole || group.kind === BOOTH);
  }

  private byZone(block: Block, wanted: Wanted): BlockSurvey {
    const { zones, chart } = this;
    const { prices, filter, partySize } = wanted;
    const { tiling } = chart;
    const zone = block.zoneIndex;
    const unknown: BlockSurvey = {
      places: block.places.length,
      free: -1,
      fitting: -1,
      exact: false,
      about: false,
      from: -1,
      to: -1,
      together: -1,
      orMore: false,
      shade: null,
      category: this.mainCategory[block.index]!,
    };
    if (!zones.isKnown(zone)) return unknown;
    const count: Count = { free: 0, fitting: 0, from: -1, to: -1 };
    let allPass = true;
    let about = !zones.telling;
    for (let pair = tiling.pairStarts[zone]!; pair < tiling.pairStarts[zone + 1]!; pair += 1) {
      const category = tiling.pairCategory[pair]!;
      if (!this.byCategory[block.index]![category]) continue;
      const { share, about: shared } = this.shareOf(block, category, zones.left[pair]!);
      about ||= shared;
      count.free += share;
      if (this.passing[category]) add(count, share, prices[category] ?? 0);
      else allPass &&= share === 0;
    }
    if (block.area >= 0) return { ...this.ofArea(block, count.free, prices), about };
    const alone = this.blocksOfZone[zone]!.every(
      (other) => other === block.index || chart.blocks[other]!.area >= 0,
    );
    if (filter.accessible) {
      const most = Math.min(count.fitting, this.accessible[block.index]!);
      const none = { from: -1, to: -1 };
      const shade = most / block.places.length;
      return { ...unknown, ...count, ...(most ? {} : none), fitting: most, exact: most === 0, about, shade };
    }
    let short = 0;
    for (let k = 1; k < partySize; k += 1) short += k * (zones.fit(zone, k) - zones.fit(zone, k + 1));
    const others = block.places.length - this.inRows[block.index]!;
    const { together, orMore } = this.partiesOf(zone, partySize, count.free - others);
    const roomless = alone && this.isRoomless(block, together);
    const seated = roomless ? 0 : alone ? Math.max(0, count.free - short) : count.free;
    const share = count.free ? count.fitting / count.free : 0;
    const told = alone && this.inRows[block.index]! > 0;
    return {
      ...unknown,
      ...count,
      exact: true,
      about,
      together: !told ? -1 : allPass ? together : count.fitting < partySize || !together ? 0 : -1,
      orMore: orMore && allPass,
      shade: (seated * share) / block.places.length,
    };
  }

  /**
   * How many parties find room in a zone's runs. The lengths of runs are told up to the largest party;
   * of the longer ones it is known how many there are and, with `seats` free in rows at least, what
   * they hold together: of each, less than one party's seats are left over.
   */
  private partiesOf(zone: number, size: number, seats: number): { together: number; orMore: boolean } {
    const { zones } = this;
    const long = zones.fit(zone, PARTY_SIZES);
    let together = 0;
    let inLong = seats;
    for (let length = 1; length < PARTY_SIZES; length += 1) {
      const runs = zones.fit(zone, length) - zones.fit(zone, length + 1);
      together += runs * Math.floor(length / size);
      inLong -= runs * length;
    }
    const least = Math.ceil((inLong - long * (size - 1)) / size);
    return {
      together: together + Math.max(long * Math.floor(PARTY_SIZES / size), least),
      orMore: long > 0 && size > 1,
    };
  }

  /** How many of a zone's free places of a category are this block's; shared out where several blocks
   * have some, and then only about right. */
  private shareOf(block: Block, category: number, left: number): { share: number; about: boolean } {
    const own = this.byCategory[block.index]![category]!;
    let all = 0;
    for (const other of this.blocksOfZone[block.zoneIndex]!) all += this.byCategory[other]![category]!;
    return { share: Math.round((left * own) / all), about: left > 0 && left < all && own < all };
  }

  private ofArea(block: Block, left: number, prices: readonly number[]): BlockSurvey {
    const { partySize, filter } = this.wanted!;
    const count: Count = { free: left, fitting: 0, from: -1, to: -1 };
    const category = this.mainCategory[block.index]!;
    const fits = !filter.accessible || this.accessible[block.index]! > 0;
    if (this.passing[category] && fits) add(count, left, prices[category] ?? 0);
    return {
      places: block.places.length,
      ...count,
      exact: true,
      about: false,
      together: -1,
      orMore: false,
      shade: count.fitting >= partySize ? count.fitting / block.places.length : 0,
      category,
    };
  }

  private freeByCategory(): number[] | null {
    const { chart, zones, seats } = this;
    const { tiling } = chart;
    const free = new Array<number>(chart.categories.length).fill(0);
    const blocks = chart.blocks.filter((block) => block.tiles.length);
    if (blocks.length && blocks.every((block) => this.isFresh(block))) {
      for (const block of blocks) {
        if (block.area >= 0) free[this.mainCategory[block.index]!]! += seats.left[block.tiles[0]!]!;
        else
          for (const place of block.places)
            if (seats.statuses[place] === FREE) free[chart.category[place]!]! += 1;
      }
      return free;
    }
    if (!zones.telling && zones.totals.length) return free.map((_, c) => zones.totals[c] ?? 0);
    let known = false;
    for (let zone = 0; zone < tiling.zones; zone += 1) {
      known ||= zones.isKnown(zone);
      for (let pair = tiling.pairStarts[zone]!; pair < tiling.pairStarts[zone + 1]!; pair += 1) {
        free[tiling.pairCategory[pair]!]! += zones.left[pair]!;
      }
    }
    return known ? free : null;
  }
}

function add(count: Count, places: number, price: number): void {
  if (!places) return;
  count.fitting += places;
  if (count.from < 0 || price < count.from) count.from = price;
  count.to = Math.max(count.to, price);
}
