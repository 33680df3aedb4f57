-- Tidemark, migration 2 of 4: the outbox table, the functions that write to it, and the publication that the relay
-- reads. An outbox table that Tidemark did not create needs V1 and V4 only.

-- When Postgres rejects a row, its error shows the name of the constraint: which field is wrong, and the rule.
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
    -- Only a database in another encoding can hold such text. It would stop the replication stream, which is in UTF-8.
    constraint text_has_an_equivalent_in_utf8
        check (getdatabaseencoding() = 'UTF8'
            or convert_to(concat(aggregate_id, event_type, payload, content_type, headers, traceparent, tracestate),
                          'UTF8') is not null),
    primary key (id, created_at)
) partition by range (created_at);
comment on table outbox.event is 'Rows become Kafka events when their transaction commits; insert only';

-- Takes every row that no other partition takes, so that an insert never fails for lack of a partition.
create table outbox.event_default partition of outbox.event default;

-- An UPDATE that moves a row to another partition is a DELETE and an INSERT in the WAL. The relay would publish the
-- INSERT: the same event twice. ENABLE ALWAYS, because other triggers do not fire where session_replication_role is
-- replica. Restores and replication tools set it. Partitions that are created later inherit the setting.
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
alter table outbox.event enable always trigger created_at_stays;

-- Adds one event to the current transaction, and returns the event's id. The event is published if the transaction
-- commits.
create function outbox.publish(
    aggregate_type text, aggregate_id text, event_type text, payload text,
    headers jsonb default null, content_type text default null,
    traceparent text default null, tracestate text default null) returns uuid
    language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    insert into outbox.event (aggregate_type, aggregate_id, event_type, payload,
                              headers, content_type, traceparent, tracestate)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    returning id
$$;

-- The same for a binary payload, for example Avro or Protobuf.
create function outbox.publish(
    aggregate_type text, aggregate_id text, event_type text, payload bytea,
    headers jsonb default null, content_type text default null,
    traceparent text default null, tracestate text default null) returns uuid
    language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    insert into outbox.event (aggregate_type, aggregate_id, event_type, payload_binary,
                              headers, content_type, traceparent, tracestate)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    returning id
$$;

-- The same for a jsonb payload. Its content type is application/json unless the caller gives another.
create function outbox.publish(
    aggregate_type text, aggregate_id text, event_type text, payload jsonb,
    headers jsonb default null, content_type text default 'application/json',
    traceparent text default null, tracestate text default null) returns uuid
    language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    insert into outbox.event (aggregate_type, aggregate_id, event_type, payload,
                              headers, content_type, traceparent, tracestate)
    values ($1, $2, $3, $4::text, $5, $6, $7, $8)
    returning id
$$;

revoke all on outbox.event, outbox.event_default from public;
revoke all on function
    outbox.publish(text, text, text, text, jsonb, text, text, text),
    outbox.publish(text, text, text, bytea, jsonb, text, text, text),
    outbox.publish(text, text, text, jsonb, jsonb, text, text, text),
    outbox.refuse_to_move()
    from public;

-- Applications may insert events. They may not read, change or delete them.
grant insert on outbox.event to outbox_writer;
grant select (id) on outbox.event to outbox_writer; -- publish() returns it
grant execute on function
    outbox.publish(text, text, text, text, jsonb, text, text, text),
    outbox.publish(text, text, text, bytea, jsonb, text, text, text),
    outbox.publish(text, text, text, jsonb, jsonb, text, text, text)
    to outbox_writer;

grant select on outbox.event, outbox.event_default to tidemark_relay;

create publication tidemark for table outbox.event
    with (publish = 'insert', publish_via_partition_root = true);

insert into outbox.migration (version) values (2);
