-- Tidemark, migration 1 of 4: what every installation needs. Postgres 15 and newer.
--
-- Run the migrations in order, each once, as a user who may create schemas and roles. Every statement is plain SQL.
-- An outbox table that Tidemark did not create needs V1 and V4 only.

create schema outbox;
comment on schema outbox is 'Tidemark transactional outbox';

create table outbox.migration (
    version     integer     primary key,
    applied_at  timestamptz not null default now()
);
comment on table outbox.migration is 'Which Tidemark migrations this database has';

-- One row: this database as a source of events. The id is part of every token and of every Kafka record. A copy of the
-- database that lives on beside the original needs a new id.
create table outbox.source (
    id         text        not null check (id ~ '^[0-9a-f]{8}$'),
    created_at timestamptz not null default now(),
    only_one   boolean     primary key default true check (only_one)
);
insert into outbox.source (id) values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 8));
comment on table outbox.source is 'The id of this source of events, made at installation';

-- Where each replication slot began. A relay that finds no position in Kafka may start only at the LSN at which its
-- slot was created. At any other LSN, events would be missing.
--
-- existing_rows counts the rows of the outbox that are older than the slot and do not come through it; their ids are in
-- outbox.backlog. existing is what a person has decided about them.
create table outbox.slot (
    slot_name             name        primary key,
    created_lsn           pg_lsn,     -- null while tidemark init is making the slot
    created_at            timestamptz not null default now(),
    existing_rows         bigint      not null default 0,
    existing_since        timestamptz,
    existing              text        check (existing in ('publish', 'ignore', 'adopt')),
    existing_published_at timestamptz
);
comment on table outbox.slot is 'The LSN at which each replication slot was made by tidemark init';

-- The rows that are older than a slot, one for one, in the order in which tidemark init --existing publish publishes
-- them.
create table outbox.backlog (
    slot_name  text   not null,
    n          bigint not null,
    id         text,            -- of the event; null where an outbox table of somebody else has none
    created_at timestamptz,     -- null where that table has no such column
    primary key (slot_name, n)
);
comment on table outbox.backlog is 'Rows that were committed before the replication slot began';

-- Returns whether these may be an event's own headers: a flat JSON object of strings. Tidemark's own names are reserved.
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

-- Returns the token for everything this session has committed.
--
-- The LSN is the WAL insert position. It is at or above the end of every commit made so far, also with
-- synchronous_commit = off. At a page boundary it can be a page header above the last record; outbox.nudge() writes WAL
-- beyond it, so a wait for the token still ends.
create function outbox.token() returns text
    language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    lsn       pg_lsn;
    source_id text;
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
    select id into source_id from outbox.source;
    if source_id is null then
        raise exception 'outbox.source has no row that % can see, so there is no token', current_user
            using errcode = 'no_data_found',
                  detail = 'Its one row was deleted, or row-level security hides it.',
                  hint = 'Run: alter table outbox.source disable row level security';
    end if;
    return 'tm1.' || source_id
        || '.' || ('x' || lpad(substr(pg_walfile_name(lsn), 1, 8), 8, '0'))::bit(32)::int
        || '.' || lpad(upper(to_hex((lsn - '0/0'::pg_lsn)::bigint)), 16, '0');
end
$$;

-- Writes a small logical message, so that the replication stream passes the returned LSN now. Everything committed
-- before the call comes before the message. The relay calls it.
create function outbox.nudge() returns pg_lsn
    language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    if current_setting('server_version_num')::int >= 170000 then
        -- Flushed at once; otherwise the WAL writer would flush it after its delay.
        return pg_logical_emit_message(false, 'tidemark.nudge', '', true);
    end if;
    -- Before 17 only a commit flushes. The message is transactional, so its commit flushes it.
    return pg_logical_emit_message(true, 'tidemark.nudge', '');
end
$$;

-- Roles belong to the whole server, so another database may have created them already.
do $$
begin
    if not exists (select from pg_roles where rolname = 'outbox_writer') then
        create role outbox_writer nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'tidemark_relay') then
        begin
            create role tidemark_relay login replication;
        exception when insufficient_privilege then
            create role tidemark_relay login;
            raise warning 'role tidemark_relay was made without REPLICATION, because % may not grant it', current_user
                using hint = 'Let an administrator run: alter role tidemark_relay replication (or your provider''s way, for example: grant rds_replication to tidemark_relay).';
        end;
    end if;
end
$$;

revoke all on schema outbox from public;
revoke all on all tables in schema outbox from public;
revoke all on all functions in schema outbox from public;

-- Applications take tokens. V2 and V4 add the rights to publish and to emit. To give an application these rights:
-- grant outbox_writer to my_app;
grant usage on schema outbox to outbox_writer;
grant select (id) on outbox.source to outbox_writer;
grant execute on function outbox.token(), outbox.valid_headers(jsonb) to outbox_writer;

-- The relay logs in with this role. To give it a password: alter role tidemark_relay password '...';
grant usage on schema outbox to tidemark_relay;
grant select on outbox.migration, outbox.source, outbox.slot, outbox.backlog to tidemark_relay;
grant execute on function outbox.nudge(), outbox.token(), outbox.valid_headers(jsonb) to tidemark_relay;

insert into outbox.migration (version) values (1);
