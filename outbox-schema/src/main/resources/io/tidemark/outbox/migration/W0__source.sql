-- Tidemark for a table of your own (outbox.preset debezium, or outbox.table): what the relay needs beside it, without
-- outbox.event. Instead of V1 to V4; V5__emit.sql goes on top of it. Postgres 15 and newer.

create schema outbox;
comment on schema outbox is 'Tidemark, for an outbox table elsewhere';

create table outbox.migration (
    version     integer     primary key,
    applied_at  timestamptz not null default now()
);
comment on table outbox.migration is 'Which Tidemark migrations this database has; 0 stands for this one';

-- From here on each object is as in V1 and V2; a test holds them together.

create table outbox.source (
    id         text        not null check (id ~ '^[0-9a-f]{8}$'),
    created_at timestamptz not null default now(),
    only_one   boolean     primary key default true check (only_one)
);
insert into outbox.source (id) values (substr(replace(gen_random_uuid()::text, '-', ''), 1, 8));
comment on table outbox.source is 'The id of this source of events, made at installation';

create table outbox.slot (
    slot_name   name        primary key,
    created_lsn pg_lsn      not null,
    created_at  timestamptz not null default now()
);
comment on table outbox.slot is 'The LSN at which each replication slot was made by tidemark init';

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

-- Roles belong to the whole server, so another database may have made them already.
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

-- Applications: take tokens, and emit with V5. What they may do with your table is yours to say.
grant usage on schema outbox to outbox_writer;
grant select (id) on outbox.source to outbox_writer;
grant execute on function outbox.token(), outbox.valid_headers(jsonb) to outbox_writer;

-- The relay. Give it a password: alter role tidemark_relay password '…';
grant usage on schema outbox to tidemark_relay;
grant select on all tables in schema outbox to tidemark_relay;
grant execute on function outbox.nudge(), outbox.token(), outbox.valid_headers(jsonb) to tidemark_relay;

insert into outbox.migration (version) values (0);
