/** What the map tells the page around it. */

import type { MapSight } from "../model/gaze";

export type MapTarget =
  { readonly kind: "place"; readonly place: number } | { readonly kind: "block"; readonly block: number };

export interface MapCallbacks {
  readonly onPick: (place: number) => void;
  readonly onArea: (group: number) => void;
  readonly onHover: (target: MapTarget | null, x: number, y: number) => void;
  /** The keyboard's cursor stands here now. */
  readonly onCursor: (target: MapTarget) => void;
  readonly onView: (view: MapView) => void;
  /** What is to be seen now, or will be when the camera arrives; `resting` where it then stays. */
  readonly onSight: (sight: MapSight, resting: boolean) => void;
}

export interface MapView {
  readonly zoomedIn: boolean;
  readonly canZoomIn: boolean;
  readonly canZoomOut: boolean;
  /** The block in the middle, where seats are drawn; -1 for none. */
  readonly block: number;
}
