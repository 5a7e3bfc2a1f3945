/** Colours that stay readable: OKLab lightness is moved until a colour contrasts enough. */

export interface Rgb {
  readonly r: number;
  readonly g: number;
  readonly b: number;
}

/** Apart for deuteranopes, protanopes and in grey; used where a chart gives no usable colour. */
export const PALETTE = [
  "#3b5bdb",
  "#e8890c",
  "#0c8599",
  "#9c36b5",
  "#5c940d",
  "#c2255c",
  "#7a5c3e",
  "#495057",
];

export function parseColour(text: string): Rgb | null {
  const short = /^#?([0-9a-f])([0-9a-f])([0-9a-f])$/i.exec(text.trim());
  const hex = short
    ? short.slice(1).map((d) => d + d)
    : /^#?([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})(?:[0-9a-f]{2})?$/i.exec(text.trim())?.slice(1);
  if (hex) {
    const [r, g, b] = hex.map((d) => parseInt(d, 16));
    return { r: r!, g: g!, b: b! };
  }
  const rgb = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)/i.exec(text.trim());
  return rgb ? { r: Number(rgb[1]), g: Number(rgb[2]), b: Number(rgb[3]) } : null;
}

export function css({ r, g, b }: Rgb, alpha = 1): string {
  return alpha >= 1 ? `rgb(${r} ${g} ${b})` : `rgb(${r} ${g} ${b} / ${alpha})`;
}

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const at = (x: number, y: number) => Math.round(x + (y - x) * share);
  return { r: at(a.r, b.r), g: at(a.g, b.g), b: at(a.b, b.b) };
}

/** WCAG relative luminance, 0 to 1. */
export function luminance(colour: Rgb): number {
  return 0.2126 * linear(colour.r) + 0.7152 * linear(colour.g) + 0.0722 * linear(colour.b);
}

/** WCAG contrast, 1 to 21. */
export function contrast(a: Rgb, b: Rgb): number {
  const [high, low] = [luminance(a), luminance(b)].sort((p, q) => q - p) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

/** `colour`, darker or lighter until it contrasts with `ground` by at least `least`. */
export function nudged(colour: Rgb, ground: Rgb, least: number): Rgb {
  if (contrast(colour, ground) >= least) return colour;
  const step = luminance(ground) > 0.18 ? -0.02 : 0.02;
  const [l, a, b] = toOklab(colour);
  for (let at = l + step; at > 0.05 && at < 0.98; at += step) {
    const moved = fromOklab(at, a, b);
    if (contrast(moved, ground) >= least) return moved;
  }
  return step < 0 ? { r: 0, g: 0, b: 0 } : { r: 255, g: 255, b: 255 };
}

/** Black or white, whichever reads better on `ground`. */
export function inkOn(ground: Rgb): Rgb {
  const dark = { r: 8, g: 9, b: 12 };
  const light = { r: 255, g: 255, b: 255 };
  return contrast(light, ground) >= Math.min(4.5, contrast(dark, ground)) ? light : dark;
}

function linear(channel: number): number {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

function encoded(value: number): number {
  const c = Math.min(1, Math.max(0, value));
  return Math.round(255 * (c <= 0.0031308 ? c * 12.92 : 1.055 * c ** (1 / 2.4) - 0.055));
}

/** Björn Ottosson's OKLab. */
function toOklab({ r, g, b }: Rgb): [number, number, number] {
  const [lr, lg, lb] = [linear(r), linear(g), linear(b)];
  const l = Math.cbrt(0.4122214708 * lr + 0.5363325363 * lg + 0.0514459929 * lb);
  const m = Math.cbrt(0.2119034982 * lr + 0.6806995451 * lg + 0.1073969566 * lb);
  const s = Math.cbrt(0.0883024619 * lr + 0.2817188376 * lg + 0.6299787005 * lb);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

function fromOklab(lightness: number, a: number, b: number): Rgb {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return {
    r: encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    g: encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    b: encoded(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
  };
}
