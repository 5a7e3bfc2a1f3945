-- Who puts events on sale, and the keys they call the API with.

create table organizer (
    id text primary key,
    name text not null,
    created_at timestamptz not null default now()
);

create table api_key (
    id text primary key,
    organizer_id text not null references organizer,
    name text not null,
    secret_hash bytea not null,
    created_at timestamptz not null default now(),
    revoked_at timestamptz
);
create index on api_key (organizer_id);
comment on column api_key.secret_hash is 'sha256 of the key''s secret part';

-- Charts. Contents are shared by hash and never change; a chart is a name for one of them.

create table chart_content (
    hash text primary key,
    doc bytea not null,
    seat_table bytea not null,
    size integer not null,
    created_at timestamptz not null default now()
);
alter table chart_content alter column seat_table set storage external;
comment on column chart_content.doc is 'encode_chart(chart): msgpack';
comment on column chart_content.seat_table is 'SeatTable.pack(): msgpack';
comment on column chart_content.size is 'places, retired ones included';

create table chart (
    id text primary key,
    organizer_id text not null references organizer,
    name text not null,
    hash text not null references chart_content,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index on chart (organizer_id, created_at desc);

create table event (
    id text primary key,
    organizer_id text not null references organizer,
    name text not null,
    venue text not null default '',
    starts_at timestamptz,
    chart_id text references chart,
    chart_hash text not null references chart_content,
    currency text not null,
    policy jsonb not null default '{}',
    created_at timestamptz not null default now()
);
create index on event (organizer_id, created_at desc);

-- Names and mails stay out of the journal, which is for ever, so that they can be erased.

create table booking_contact (
    event_id text not null references event,
    booking_id text not null,
    name text not null,
    email text not null,
    created_at timestamptz not null default now(),
    primary key (event_id, booking_id)
);

-- The journal. A shard row is updated with every commit: room on its page keeps that in place.

create table shard (
    event_id text primary key references event,
    epoch bigint not null default 0,
    head_seq bigint not null default 0,
    owner text not null default '',
    claimed_at timestamptz
) with (fillfactor = 20);
comment on table shard is 'who may write an event''s journal, and its last entry';
comment on column shard.epoch is 'the fencing token: plus one with every takeover';

create table journal (
    event_id text not null,
    first_seq bigint not null,
    last_seq bigint not null check (last_seq >= first_seq),
    epoch bigint not null,
    frame bytea not null,
    primary key (event_id, first_seq)
);
alter table journal alter column frame set storage external;
comment on column journal.frame is 'entries first_seq to last_seq, one msgpack array';

create table snapshot (
    event_id text primary key references event,
    seq bigint not null,
    data bytea not null,
    taken_at timestamptz not null default now()
);

-- What followers derive from the journal, each with its cursor in the same transaction.

create table follower_cursor (
    follower text not null,
    event_id text not null references event,
    seq bigint not null,
    primary key (follower, event_id)
);

create table sale (
    event_id text primary key references event,
    chart_hash text not null references chart_content,
    policy jsonb not null,
    tariffs jsonb not null
);
comment on column sale.tariffs is 'an array; a hold and a booking name theirs by position';

create table place (
    event_id text not null,
    place integer not null,
    label text not null,
    section text not null,
    category text not null,
    status text not null default 'free'
        check (status in ('free', 'held', 'booked', 'blocked', 'retired')),
    hold_id bigint,
    booking_id text,
    primary key (event_id, place)
) with (fillfactor = 70);
comment on table place is 'every place of an event as it stands';
comment on column place.place is 'the SeatIndex';
comment on column place.section is 'the section''s label';
comment on column place.category is 'the category''s key';

create table hold (
    event_id text not null,
    hold_id bigint not null,
    holder text not null,
    places integer[] not null,
    tariff integer not null,
    held_at timestamptz not null,
    expires_at timestamptz not null,
    primary key (event_id, hold_id)
);
comment on table hold is 'live holds only';

create table booking (
    event_id text not null,
    booking_id text not null,
    holder text not null,
    tariff integer not null,
    places integer not null,
    total bigint not null,
    currency text not null,
    booked_at timestamptz not null,
    cancelled_at timestamptz,
    primary key (event_id, booking_id)
);
create index on booking (event_id, booked_at desc);
comment on column booking.places is 'how many are left of it';
comment on column booking.total is 'minor units; the sum of its booking_place prices';
comment on column booking.cancelled_at is 'when its last place was cancelled';

create table booking_place (
    event_id text not null,
    booking_id text not null,
    place integer not null,
    price bigint not null,
    primary key (event_id, booking_id, place)
);
comment on column booking_place.price is 'minor units of the booking''s currency';

create table sales_by_category (
    event_id text not null,
    category text not null,
    label text not null,
    currency text not null,
    places integer not null,
    held integer not null default 0,
    booked integer not null default 0,
    blocked integer not null default 0,
    free integer not null generated always as (places - held - booked - blocked) stored,
    revenue bigint not null default 0,
    primary key (event_id, category)
);
comment on column sales_by_category.category is 'the category''s key';
comment on column sales_by_category.places is 'all that are for sale or were sold; no retired ones';
comment on column sales_by_category.revenue is 'minor units; what its booked places cost';
