/** How many the buyer comes with: kept on this device, so that the next event opens with it. */

import { useCallback, useState } from "react";
import { PARTY_SIZES } from "../wire/zone_forms";
import { keep, kept } from "./storage";

const KEY = "seatengine.party";
const USUAL = 2;

/** The size, at most `most`, and how to change it. */
export function usePartySize(most: number): [number, (size: number) => void] {
  const [size, setSize] = useState(() => {
    const before = Number(kept(KEY));
    return before >= 1 && before <= PARTY_SIZES ? Math.trunc(before) : USUAL;
  });
  const change = useCallback((wanted: number) => {
    keep(KEY, String(wanted));
    setSize(wanted);
  }, []);
  return [Math.min(size, most), change];
}
