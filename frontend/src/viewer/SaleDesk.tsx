import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { isFiltering, NO_FILTER, type Filter } from "../model/filter";
import type { Booking } from "../model/sale";
import type { SaleEvent } from "../wire/api";
import { CloseCode } from "../wire/messages";
import { PARTY_SIZES } from "../wire/zone_forms";
import { AreaCard } from "./AreaCard";
import { BasketPanel } from "./BasketPanel";
import { BookedCard } from "./BookedCard";
import { CheckoutDialog, type Contact } from "./CheckoutDialog";
import { FindPanel } from "./FindPanel";
import { Header, type ViewKind } from "./Header";
import { keepBooking, keptBookings, type LiveSale } from "./live_sale";
import { ListView } from "./ListView";
import { MapArea, type MapHandle } from "./MapArea";
import { NoticeCard } from "./NoticeCard";
import { usePartySize } from "./party_size";
import { useLink, useSaleState, useShownColours, useSurvey, type PricedChart } from "./sale_view";
import { Sheet } from "./Sheet";
import { Standing } from "./Standing";
import { PageState } from "./states";
import { useNarrow } from "./use_narrow";
import { Announcer } from "./Announcer";

interface Props {
  readonly event: SaleEvent;
  readonly live: LiveSale;
  readonly priced: Omit<PricedChart, "shownColours">;
}

/** The whole page of a sale that could be opened. */
export function SaleDesk({ event, live, priced: given }: Props) {
  const { sale } = live;
  const shownColours = useShownColours(given.colours);
  const priced = useMemo(() => ({ ...given, shownColours }), [given, shownColours]);
  const state = useSaleState(sale);
  const link = useLink(live);
  const narrow = useNarrow();
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const most = Math.max(1, Math.min(PARTY_SIZES, event.policy.max_per_hold));
  const [partySize, setPartySize] = usePartySize(most);
  const [view, setView] = useState<ViewKind>("map");
  const [area, setArea] = useState(-1);
  const [checkout, setCheckout] = useState(false);
  const [contact, setContact] = useState<Contact>({ name: "", email: "" });
  const [reread, setReread] = useState<readonly Booking[]>([]);
  const map = useRef<MapHandle>(null);
  const survey = useSurvey(sale, priced.prices, filter, partySize);
  const onSale = event.on_sale;

  useEffect(() => {
    for (const booking of state.booked) keepBooking(event.id, booking);
    if (state.booked.length) setCheckout(false);
  }, [event.id, state.booked]);

  useEffect(() => {
    if (!state.basket.lines.length) setCheckout(false);
  }, [state.basket.lines.length]);

  useEffect(() => {
    const { notice } = state;
    if (notice?.kind === "found") map.current?.showPlaces(notice.places);
    if (notice?.kind === "taken") map.current?.flash(notice.places);
    if (notice?.kind === "not-free") map.current?.flash([notice.place]);
    // The id says that a notice is new.
  }, [state.noticeId]);

  const findBest = useCallback(() => {
    sale.takeBest({
      quantity: partySize,
      categories: [...filter.categories],
      sections: [],
      accessible: filter.accessible ? 1 : 0,
      maxPrice: filter.maxPrice,
    });
  }, [sale, partySize, filter]);

  const find = (
    <FindPanel
      priced={priced}
      currency={event.currency}
      survey={survey}
      filter={filter}
      onFilter={setFilter}
      partySize={partySize}
      mostTogether={most}
      onPartySize={setPartySize}
      onBest={findBest}
      busy={state.waiting}
      enabled={onSale && state.known}
    />
  );
  const basket = (
    <BasketPanel
      sale={sale}
      state={state}
      currency={event.currency}
      colours={shownColours}
      onShow={(places) => map.current?.showPlaces(places)}
      onCheckout={() => setCheckout(true)}
      onSale={onSale}
      bookings={state.booked.length ? [] : keptBookings(event.id)}
      onReread={(booking) => setReread([booking])}
    />
  );
  const filtered = useMemo(() => isFiltering(filter), [filter]);

  if (link.state === "ended") {
    const kind = link.code === CloseCode.UNKNOWN_EVENT ? "unknown" : "ended";
    return <PageState kind={kind} onRetry={() => location.reload()} />;
  }
  const shown = state.booked.length ? state.booked : reread;
  return (
    <main
      className="desk"
      data-view={view}
      onKeyDown={(key) => {
        if (key.key === "Escape") sale.closeNotice();
      }}
    >
      <Header event={event} link={link} view={view} onView={setView} />
      <MapArea
        ref={map}
        live={live}
        state={state}
        priced={priced}
        currency={event.currency}
        survey={survey}
        filter={filter}
        partySize={partySize}
        hidden={view !== "map"}
        narrow={narrow}
        onArea={setArea}
      />
      {view === "list" ? (
        <ListView
          live={live}
          priced={priced}
          currency={event.currency}
          survey={survey}
          filter={filter}
          known={state.known}
          enabled={onSale}
        />
      ) : null}
      <div className="float" data-view={view}>
        <Standing link={link} onSale={onSale} soldOut={survey?.free === 0 && !state.basket.lines.length} />
        {filtered && survey?.fitting === 0 ? (
          <div className="card strip">
            <p>Nothing free fits these filters.</p>
            <button type="button" className="button small" onClick={() => setFilter(NO_FILTER)}>
              Show everything
            </button>
          </div>
        ) : null}
        {state.notice ? <NoticeCard key={state.noticeId} sale={sale} notice={state.notice} /> : null}
        {area >= 0 ? (
          <AreaCard
            key={area}
            sale={sale}
            group={area}
            prices={priced.prices}
            currency={event.currency}
            most={event.policy.max_per_hold}
            suggested={partySize}
            survey={survey}
            onClose={() => {
              setArea(-1);
              map.current?.focus();
            }}
          />
        ) : null}
      </div>
      {narrow ? (
        <Sheet
          state={state}
          sale={sale}
          survey={survey}
          currency={event.currency}
          partySize={partySize}
          mostTogether={most}
          onPartySize={setPartySize}
          onBest={findBest}
          onCheckout={() => setCheckout(true)}
          find={find}
          basket={basket}
        />
      ) : (
        <aside className="panel" aria-label="Find seats and basket">
          <div className="panel-scroll">{find}</div>
          {basket}
        </aside>
      )}
      {checkout ? (
        <CheckoutDialog
          sale={sale}
          state={state}
          event={event}
          contact={contact}
          onContact={setContact}
          onClose={() => setCheckout(false)}
        />
      ) : null}
      {shown.length ? (
        <BookedCard
          event={event}
          chart={live.chart}
          booked={shown}
          fresh={state.booked.length > 0}
          onClose={() => {
            sale.closeBooked();
            setReread([]);
          }}
        />
      ) : null}
      <Announcer sale={sale} state={state} link={link} />
    </main>
  );
}
