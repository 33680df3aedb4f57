-- Tidemark outbox, part 2: the functions that writers, readers and the relay call.

-- Adds one event to the current transaction; it exists for the world when that commits. Returns the event's id.
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

-- The same for a payload of bytes: Avro, Protobuf, anything.
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

-- The same for a payload built by jsonb functions, with its content type.
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

-- The token for everything this session has committed.
--
-- The LSN is the WAL insert position: at or above the end of every commit made so far, with synchronous_commit on, off
-- or changed in between. At a page boundary it can lie a page header past everything that exists; the relay's nudge
-- writes WAL beyond it, so a waiter is never left behind.
create function outbox.token() returns text
    language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    lsn pg_lsn;
begin
    if pg_is_in_recovery() then
        raise exception 'outbox.token() works on the primary only, and this server is a standby'
            using errcode = 'read_only_sql_transaction',
                  hint = 'Take the token on the connection that made the write.';
    end if;
    if pg_current_xact_id_if_assigned() is not null then
        raise exception 'outbox.token() was called inside a transaction that has already written'
            using errcode = 'active_sql_transaction',
                  detail = 'An LSN read before the commit lies below the commit, so the token would not cover this write.',
                  hint = 'Commit first, then call outbox.token() on the same connection.';
    end if;
    lsn := pg_current_wal_insert_lsn();
    return 'tm1.' || (select id from outbox.source)
        || '.' || ('x' || lpad(substr(pg_walfile_name(lsn), 1, 8), 8, '0'))::bit(32)::int
        || '.' || lpad(upper(to_hex((lsn - '0/0'::pg_lsn)::bigint)), 16, '0');
end
$$;

-- Writes a tiny logical message, so that the stream passes the returned LSN now. Everything committed before the call
-- comes before it in the stream. Called by the relay.
create function outbox.nudge() returns pg_lsn
    language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('server_version_num')::int >= 170000 then
        -- Flushed at once, instead of by the WAL writer within its delay.
        return pg_logical_emit_message(false, 'tidemark.nudge', '', true);
    end if;
    -- Before 17 only a commit flushes: the message is transactional, and its commit is what passes.
    return pg_logical_emit_message(true, 'tidemark.nudge', '');
end
$$;

insert into outbox.migration (version) values (2);
