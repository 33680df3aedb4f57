-- Tidemark, migration 4 of 4: events without a row.

-- Writes the event to the WAL as a logical message of the current transaction: one line of JSON, then the payload as it
-- is. Rejects what the constraints of outbox.event reject, with the same constraint names. The relay accepts only what
-- this function writes.
--
-- Runs as its owner, so that an administrator can revoke pg_logical_emit_message from everybody else.
create function outbox.write_message(
    aggregate_type text, aggregate_id text, event_type text, payload bytea, payload_limit text,
    headers jsonb, content_type text, traceparent text, tracestate text) returns uuid
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    id      uuid := gen_random_uuid();
    missing text;
    broken  text;
begin
    missing := case
        when aggregate_type is null then 'aggregate_type'
        when aggregate_id is null then 'aggregate_id'
        when event_type is null then 'event_type'
    end;
    if missing is not null then
        raise exception 'null value in % of outbox.emit() violates not-null constraint', missing
            using errcode = 'not_null_violation', column = missing;
    end if;
    broken := case
        when aggregate_type !~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$'
            then 'aggregate_type_is_letters_digits_dot_dash_underscore_up_to_200'
        when octet_length(aggregate_id) not between 1 and 1024 then 'aggregate_id_is_1_to_1024_bytes'
        when octet_length(event_type) not between 1 and 255 then 'event_type_is_1_to_255_bytes'
        when octet_length(payload) > 921600 then payload_limit
        when octet_length(content_type) not between 1 and 255 then 'content_type_is_1_to_255_bytes'
        when not outbox.valid_headers(headers) then 'headers_are_strings_without_reserved_names'
        when octet_length(headers::text) > 32768 then 'headers_are_at_most_32_kib'
        when octet_length(traceparent) > 255 then 'traceparent_is_at_most_255_bytes'
        when octet_length(tracestate) > 2048 then 'tracestate_is_at_most_2048_bytes'
    end;
    if broken is not null then
        raise exception 'event of outbox.emit() violates check constraint "%"', broken
            using errcode = 'check_violation', constraint = broken;
    end if;
    perform pg_logical_emit_message(true, 'tidemark.event', convert_to(json_strip_nulls(json_build_object(
            'id', id, 'createdAt', floor(extract(epoch from now()) * 1000)::bigint, 'aggregateType', aggregate_type,
            'aggregateId', aggregate_id, 'eventType', event_type, 'contentType', content_type, 'headers', headers,
            'traceparent', traceparent, 'tracestate', tracestate, 'hasPayload', payload is not null))::text || chr(10), 'UTF8')
        || coalesce(payload, ''));
    return id;
end
$$;

-- Adds one event to the current transaction without a row, and returns the event's id. Nothing needs vacuum or cleanup.
-- SQL cannot show the event later, and it cannot be published again.
create function outbox.emit(
    aggregate_type text, aggregate_id text, event_type text, payload text,
    headers jsonb default null, content_type text default null,
    traceparent text default null, tracestate text default null) returns uuid
    language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    select outbox.write_message($1, $2, $3, convert_to($4, 'UTF8'), 'payload_is_at_most_900_kib', $5, $6, $7, $8)
$$;

-- The same for a binary payload, for example Avro or Protobuf.
create function outbox.emit(
    aggregate_type text, aggregate_id text, event_type text, payload bytea,
    headers jsonb default null, content_type text default null,
    traceparent text default null, tracestate text default null) returns uuid
    language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    select outbox.write_message($1, $2, $3, $4, 'payload_binary_is_at_most_900_kib', $5, $6, $7, $8)
$$;

-- The same for a jsonb payload. Its content type is application/json unless the caller gives another.
create function outbox.emit(
    aggregate_type text, aggregate_id text, event_type text, payload jsonb,
    headers jsonb default null, content_type text default 'application/json',
    traceparent text default null, tracestate text default null) returns uuid
    language sql volatile
    set search_path = pg_catalog, pg_temp
as $$
    select outbox.write_message($1, $2, $3, convert_to($4::text, 'UTF8'), 'payload_is_at_most_900_kib', $5, $6, $7, $8)
$$;

revoke all on function
    outbox.write_message(text, text, text, bytea, text, jsonb, text, text, text),
    outbox.emit(text, text, text, text, jsonb, text, text, text),
    outbox.emit(text, text, text, bytea, jsonb, text, text, text),
    outbox.emit(text, text, text, jsonb, jsonb, text, text, text)
    from public;
grant execute on function
    outbox.write_message(text, text, text, bytea, text, jsonb, text, text, text),
    outbox.emit(text, text, text, text, jsonb, text, text, text),
    outbox.emit(text, text, text, bytea, jsonb, text, text, text),
    outbox.emit(text, text, text, jsonb, jsonb, text, text, text)
    to outbox_writer;

insert into outbox.migration (version) values (4);
