-- Tidemark outbox, part 1: schema and tables. Postgres 15 and newer. Run once, as the owner of the database.

create schema outbox;
comment on schema outbox is 'Tidemark transactional outbox';

create table outbox.migration (
    version     integer     primary key,
    applied_at  timestamptz not null default now()
);
comment on table outbox.migration is 'Which Tidemark migrations this database has';

-- One row: this database as a source of events. The id is part of every token and of every Kafka record, so a copy of
-- the database that is to live on beside the original needs a new one.
create table outbox.source (
    id         text        not null check (id ~ '^[0-9a-f]{8}$'),
    created_at timestamptz not null default now(),
    only_one   boolean     primary key default true check (only_one)
);
insert into outbox.source (id) values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 8));
comment on table outbox.source is 'The id of this source of events, made at installation';

-- Where a replication slot began. A relay that finds no position in Kafka may start only at the very LSN at which its
-- slot was made; anywhere else, events would be missing.
create table outbox.slot (
    slot_name   name        primary key,
    created_lsn pg_lsn      not null,
    created_at  timestamptz not null default now()
);
comment on table outbox.slot is 'The LSN at which each replication slot was made by tidemark init';

-- An event's own headers: a flat object of strings, none of which Tidemark writes itself.
create function outbox.valid_headers(headers jsonb) returns boolean
    language sql immutable parallel safe
    set search_path = pg_catalog, pg_temp
as $$
    select jsonb_typeof(headers) = 'object'
       and not exists (
           select from jsonb_each(case when jsonb_typeof(headers) = 'object' then headers else '{}' end) as h (name, value)
            where jsonb_typeof(h.value) <> 'string'
               or h.name = ''
               or lower(h.name) like 'tidemark-%'
               or lower(h.name) in ('id', 'type', 'content-type', 'traceparent', 'tracestate', 'ce_specversion',
                                    'ce_id', 'ce_source', 'ce_type', 'ce_subject', 'ce_time'))
$$;

-- The names of the constraints are what a writer reads when a row is turned away: they say which field, and the rule.
create table outbox.event (
    id             uuid        not null default gen_random_uuid(),
    aggregate_type text        not null
        constraint aggregate_type_is_letters_digits_dot_dash_underscore_up_to_200
            check (aggregate_type ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$'),
    aggregate_id   text        not null
        constraint aggregate_id_is_1_to_1024_bytes
            check (octet_length(aggregate_id) between 1 and 1024),
    event_type     text        not null
        constraint event_type_is_1_to_255_bytes
            check (octet_length(event_type) between 1 and 255),
    payload        text
        constraint payload_is_at_most_900_kib
            check (octet_length(payload) <= 921600),
    payload_binary bytea
        constraint payload_binary_is_at_most_900_kib
            check (octet_length(payload_binary) <= 921600),
    content_type   text
        constraint content_type_is_1_to_255_bytes
            check (octet_length(content_type) between 1 and 255),
    headers        jsonb
        constraint headers_are_strings_without_reserved_names
            check (outbox.valid_headers(headers))
        constraint headers_are_at_most_32_kib
            check (octet_length(headers::text) <= 32768),
    traceparent    text
        constraint traceparent_is_at_most_255_bytes
            check (octet_length(traceparent) <= 255),
    tracestate     text
        constraint tracestate_is_at_most_2048_bytes
            check (octet_length(tracestate) <= 2048),
    created_at     timestamptz not null default now()
        constraint created_at_is_between_1970_and_9999
            check (created_at >= '1970-01-01 00:00:00+00' and created_at < '10000-01-01 00:00:00+00'),
    constraint payload_or_payload_binary_but_not_both
        check (num_nonnulls(payload, payload_binary) <= 1),
    primary key (id, created_at)
) partition by range (created_at);
comment on table outbox.event is 'Rows become Kafka events when their transaction commits; insert only';

-- So that an insert never fails for want of a partition.
create table outbox.event_default partition of outbox.event default;

-- Postgres turns an update that moves a row to another partition into a delete and an insert, and the insert would be
-- published: the same event twice.
create function outbox.refuse_to_move() returns trigger
    language plpgsql
    set search_path = pg_catalog, pg_temp
as $$
begin
    raise exception 'outbox.event.created_at cannot be changed: a row that moves to another partition is published again'
        using errcode = 'restrict_violation',
              hint = 'Insert a new event instead.';
end
$$;
create trigger created_at_stays before update on outbox.event
    for each row when (old.created_at is distinct from new.created_at) execute function outbox.refuse_to_move();

insert into outbox.migration (version) values (1);
