import { forwardRef, useEffect, useImperativeHandle, useMemo, useRef, useState } from "react";
import type { Filter } from "../model/filter";
import type { BlockSurvey, Survey } from "../model/survey";
import type { SaleState } from "../model/sale";
import { SeatMap, type MapTarget, type MapView } from "../scene/seat_map";
import { exposeMap } from "./debug_handle";
import { Minus, Plus, Whole } from "./icons";
import { MapTip, targetWords } from "./MapTip";
import type { LiveSale } from "./live_sale";
import type { PricedChart } from "./sale_view";
import { useTheme } from "./theme";
import { blockLeft, blockLines, sectionName, togetherWords } from "./words";

interface Props {
  readonly live: LiveSale;
  readonly state: SaleState;
  readonly priced: PricedChart;
  readonly currency: string;
  readonly survey: Survey | null;
  readonly filter: Filter;
  readonly partySize: number;
  readonly hidden: boolean;
  readonly narrow: boolean;
  readonly onArea: (group: number) => void;
}

export interface MapHandle {
  readonly showPlaces: (places: readonly number[]) => void;
  readonly flash: (places: readonly number[]) => void;
  readonly focus: () => void;
}

function hereWords(own: BlockSurvey, partySize: number): string {
  return [blockLeft(own), togetherWords(own, partySize)].filter(Boolean).join(" · ");
}

const SHEET_PEEK_PX = 104;

interface Tip {
  readonly target: MapTarget;
  readonly x: number;
  readonly y: number;
}

export const MapArea = forwardRef<MapHandle, Props>(function MapArea(props, ref) {
  const { live, priced, currency, survey, filter, partySize, narrow, onArea } = props;
  const { chart } = live;
  const box = useRef<HTMLDivElement>(null);
  const minimapBox = useRef<HTMLDivElement>(null);
  const map = useRef<SeatMap | null>(null);
  const [view, setView] = useState<MapView>({
    zoomedIn: false,
    canZoomIn: true,
    canZoomOut: false,
    block: -1,
  });
  const [tip, setTip] = useState<Tip | null>(null);
  const [cursorWords, setCursorWords] = useState("");
  const cursor = useRef<MapTarget | null>(null);
  const [floor, setFloor] = useState(chart.floors[0]?.id ?? "");
  const theme = useTheme();
  const words = useMemo(
    () => ({
      lines: (own: BlockSurvey, partySize: number) => blockLines(own, partySize, currency),
    }),
    [currency],
  );
  const latest = useRef({ survey, priced, currency });
  latest.current = { survey, priced, currency };

  useEffect(() => {
    const made = new SeatMap(
      box.current!,
      chart,
      live.sale.seats,
      {
        onPick: (place) => live.sale.toggle(place),
        onArea,
        onHover: (target, x, y) => setTip(target && { target, x, y }),
        onCursor: (target) => {
          cursor.current = target;
          setCursorWords(targetWords(target, live.sale, latest.current));
        },
        onView: setView,
        onSight: (sight, resting) => live.gaze.onMap(sight, resting),
      },
      words,
      priced.colours,
      minimapBox.current,
    );
    map.current = made;
    // Text painted before its font had come is painted anew.
    void document.fonts.ready.then(() => {
      if (map.current === made) made.repaint();
    });
    const hide = exposeMap(made, box.current!);
    return () => {
      hide();
      map.current = null;
      made.destroy();
    };
  }, [live, chart, onArea]);

  // What stands under the cursor may be told, or taken, after it was said.
  useEffect(
    () =>
      live.sale.seats.subscribe((places) => {
        const { current: at } = cursor;
        if (at?.kind !== "place") return;
        if (places && !Array.prototype.includes.call(places, at.place)) return;
        setCursorWords(targetWords(at, live.sale, latest.current));
      }),
    [live],
  );

  useEffect(() => map.current?.useTheme(priced.colours), [theme, priced.colours]);
  useEffect(() => map.current?.useWords(words), [words]);
  useEffect(() => map.current?.useFilter(filter, priced.prices), [filter, priced.prices]);
  useEffect(() => map.current?.useFloor(floor), [floor]);
  useEffect(() => {
    if (survey) map.current?.useSurvey(survey);
  }, [survey]);
  useEffect(() => live.sale.seats.usePartySize(partySize), [live, partySize]);
  useEffect(() => {
    map.current?.useInsets({ top: 0, right: 0, bottom: narrow ? SHEET_PEEK_PX : 0, left: 0 });
  }, [narrow]);

  useImperativeHandle(ref, () => ({
    showPlaces: (places) => {
      const on = chart.groups[chart.group[places[0] ?? -1] ?? -1]?.floor;
      if (on) setFloor(on);
      map.current?.showPlaces(places);
    },
    flash: (places) => map.current?.flash(places),
    focus: () => box.current?.focus(),
  }));

  const here = chart.blocks[view.block];
  return (
    <section className="map-area" aria-label="Seat map" hidden={props.hidden}>
      <div
        ref={box}
        className="map-canvas"
        role="application"
        aria-label="Seat map"
        aria-describedby="map-help"
        tabIndex={0}
        data-testid="map"
        onKeyDown={(event) => {
          if (map.current?.key(event.nativeEvent)) event.preventDefault();
        }}
      />
      <p id="map-help" className="unseen">
        Arrow keys move from seat to seat, Enter picks, plus and minus zoom, 0 shows everything. The list view
        has the same seats.
      </p>
      <p className="unseen" aria-live="assertive" data-testid="cursor">
        {cursorWords}
      </p>
      {chart.floors.length > 1 ? (
        <div className="segmented floors" role="group" aria-label="Floor">
          {chart.floors.map(({ id, label }) => (
            <button key={id} type="button" aria-pressed={floor === id} onClick={() => setFloor(id)}>
              {label}
            </button>
          ))}
        </div>
      ) : null}
      {view.zoomedIn && here?.label ? (
        <p className="card here" aria-hidden="true">
          <b>{sectionName(here.label)}</b>
          {survey ? hereWords(survey.blocks[here.index]!, partySize) : null}
        </p>
      ) : null}
      <div className="map-buttons" role="group" aria-label="Zoom">
        <button
          type="button"
          aria-label="Zoom in"
          disabled={!view.canZoomIn}
          onClick={() => map.current?.zoomIn()}
        >
          <Plus />
        </button>
        <button
          type="button"
          aria-label="Zoom out"
          disabled={!view.canZoomOut}
          onClick={() => map.current?.zoomOut()}
        >
          <Minus />
        </button>
        <button
          type="button"
          aria-label="Show the whole map"
          disabled={!view.canZoomOut}
          onClick={() => map.current?.showAll()}
        >
          <Whole />
        </button>
      </div>
      <div
        ref={minimapBox}
        className="minimap"
        data-shown={view.zoomedIn ? "" : undefined}
        aria-hidden="true"
      />
      {tip ? (
        <MapTip
          target={tip.target}
          x={tip.x}
          y={tip.y}
          sale={live.sale}
          priced={priced}
          currency={currency}
          survey={survey}
          partySize={partySize}
        />
      ) : null}
      {!props.state.known ? (
        <p className="card map-wait" role="status">
          Fetching who sits where…
        </p>
      ) : null}
    </section>
  );
});
