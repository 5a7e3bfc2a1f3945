/** The map's colours, read from the page's custom properties so that one stylesheet rules both. */

import { css, inkOn, mix, nudged, PALETTE, parseColour, type Rgb } from "../model/colour";

export interface CategoryColour {
  readonly rgb: Rgb;
  readonly fill: string;
  readonly ink: string;
}

export interface MapPalette {
  readonly dark: boolean;
  readonly ground: Rgb;
  readonly surface: Rgb;
  readonly ink: Rgb;
  readonly inkSoft: Rgb;
  readonly line: Rgb;
  readonly accent: Rgb;
  readonly sold: string;
  readonly stage: Rgb;
  readonly family: string;
  readonly categories: readonly CategoryColour[];
}

/** A seat's fill is a graphic: 3:1 against the map's ground, as WCAG 1.4.11 asks. */
const SEAT_CONTRAST = 3;
const BLACK: Rgb = { r: 0, g: 0, b: 0 };

export function readPalette(element: Element, colours: readonly string[]): MapPalette {
  const style = getComputedStyle(element);
  const read = (name: string) => parseColour(style.getPropertyValue(name)) ?? BLACK;
  const ground = read("--map-ground");
  const surface = read("--map-block");
  return {
    dark: style.getPropertyValue("--scheme").trim() === "dark",
    ground,
    surface,
    ink: read("--ink"),
    inkSoft: read("--ink-soft"),
    line: read("--map-line"),
    accent: read("--accent"),
    sold: css(read("--map-sold")),
    stage: read("--map-stage"),
    family: style.fontFamily,
    categories: colours.map((text, i) => categoryColour(text, i, ground, surface)),
  };
}

export function categoryColour(text: string, index: number, ground: Rgb, surface: Rgb): CategoryColour {
  const own = parseColour(text) ?? parseColour(PALETTE[index % PALETTE.length]!)!;
  const rgb = nudged(nudged(own, ground, SEAT_CONTRAST), surface, SEAT_CONTRAST);
  return { rgb, fill: css(rgb), ink: css(inkOn(rgb)) };
}

/** The far view's sequential ramp: the category's own hue, deeper where more is left. */
export function availabilityFill(palette: MapPalette, category: number, share: number): Rgb {
  const colour = palette.categories[category]?.rgb ?? palette.inkSoft;
  if (share <= 0) return mix(palette.ground, palette.line, 0.7);
  return mix(
    palette.ground,
    colour,
    (palette.dark ? 0.36 : 0.24) + (palette.dark ? 0.5 : 0.62) * share ** 0.7,
  );
}
