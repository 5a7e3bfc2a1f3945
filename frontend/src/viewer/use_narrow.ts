import { useSyncExternalStore } from "react";

const query = matchMedia("(max-width: 860px)");

/** Whether the page is a phone's width: then a sheet stands in for the side panel. */
export function useNarrow(): boolean {
  return useSyncExternalStore(
    (listener) => {
      query.addEventListener("change", listener);
      return () => query.removeEventListener("change", listener);
    },
    () => query.matches,
  );
}
