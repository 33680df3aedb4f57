-- Tidemark, migration 3 of 4: the partitions of outbox.event, one for each day. The relay creates them ahead, and drops
-- them once their events are published and older than the retention.
--
-- The relay calls these functions. They run as the owner of outbox.event, so the relay's role owns nothing.

-- Returns the partitions of outbox.event without the default one, oldest first. A name can be cast to regclass.
--
-- The expression has no backslash: with standard_conforming_strings = off it would mean something else, and today's
-- partition would look old.
create function outbox.partitions()
    returns table (partition_name text, lower_bound timestamptz, upper_bound timestamptz)
    language sql volatile
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    set datestyle = 'ISO'
as $$
    select c.oid::regclass::text,
           replace(trim(both '''' from bounds[1]), 'MINVALUE', '-infinity')::timestamptz,
           replace(trim(both '''' from bounds[2]), 'MAXVALUE', 'infinity')::timestamptz
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
     cross join lateral regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                     '^FOR VALUES FROM [(](.*)[)] TO [(](.*)[)]$') as bounds
     where i.inhparent = 'outbox.event'::regclass
       and bounds is not null
     order by 2
$$;

-- Creates the missing partitions of today and of the next days_ahead days (UTC). Returns a row for each day that it
-- created or skipped. It skips a day when the default partition already holds rows of that day: to move them would
-- publish them twice.
--
-- Call it with a short lock_timeout: inserts wait while it scans the default partition once. If the default partition
-- is larger than largest_default bytes, it creates nothing. It uses CREATE TABLE ... PARTITION OF. ATTACH PARTITION
-- would lock less, but an insert on its way to the default partition at that moment would fail.
create function outbox.make_partitions(days_ahead integer, largest_default bigint default null)
    returns table (made_name text, outcome text)
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
    set timezone = 'UTC'
    set datestyle = 'ISO'
as $$
declare
    day       date;
    missing   date[] := '{}';
    no_rows   text;
begin
    for n in 0 .. days_ahead loop
        day := now()::date + n;
        continue when exists (select from outbox.partitions() p
                               where p.lower_bound < day + 1 and p.upper_bound > day);
        made_name := 'outbox.event_' || to_char(day, 'YYYYMMDD');
        if to_regclass(made_name) is not null then
            outcome := 'name-taken';
        elsif exists (select from only outbox.event_default e
                       where e.created_at >= day and e.created_at < day + 1) then
            outcome := 'rows-in-default';
        elsif pg_relation_size('outbox.event_default') > largest_default then
            outcome := 'default-too-large';
        else
            outcome := 'made';
            missing := missing || day;
        end if;
        return next;
    end loop;
    if missing = '{}' then
        return;
    end if;

    lock table only outbox.event in access exclusive mode;
    -- Postgres scans the default partition for each new one, unless a constraint proves that it has no such rows.
    select string_agg(format('(created_at < %L or created_at >= %L)', d::timestamptz, (d + 1)::timestamptz), ' and ')
      into no_rows from unnest(missing) d;
    execute format('alter table outbox.event_default add constraint no_rows_of_new_partitions check (%s)', no_rows);
    foreach day in array missing loop
        execute format('create table outbox.%I partition of outbox.event for values from (%L) to (%L)',
                       'event_' || to_char(day, 'YYYYMMDD'), day::timestamptz, (day + 1)::timestamptz);
    end loop;
    alter table outbox.event_default drop constraint no_rows_of_new_partitions;
end
$$;

-- Raises an error unless the table is a partition of outbox.event that ends by the given time and by now. The default
-- partition is never accepted.
create function outbox.require_old_partition(which regclass, ending_by timestamptz) returns void
    language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from outbox.partitions() p join pg_class c on c.oid = which
                    where p.partition_name = which::text and c.relkind = 'r'
                      and p.upper_bound <= ending_by and p.upper_bound <= now()) then
        raise exception '% is not a partition of outbox.event that ends by %', which, ending_by
            using errcode = 'invalid_parameter_value';
    end if;
end
$$;

-- Waits until no transaction has uncommitted rows in the partition, and keeps others out until this transaction ends.
-- Every row in the partition is committed then: a nudge that another session writes now comes after all of them.
create function outbox.lock_partition(which regclass, ending_by timestamptz) returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform outbox.require_old_partition(which, ending_by);
    execute format('lock table %s in access exclusive mode', which);
    perform outbox.require_old_partition(which, ending_by); -- again, now that nobody else can change it
end
$$;

-- Drops a partition. The caller must have locked it in this transaction, and must since have seen that all of its rows
-- are published.
create function outbox.drop_partition(which regclass, ending_by timestamptz) returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform outbox.require_old_partition(which, ending_by);
    execute format('drop table %s', which);
end
$$;

-- Empties a partition, under the same condition. To drop it would lock outbox.event, which is never free where long
-- transactions overlap; this locks the partition only. Returns whether the partition had rows.
create function outbox.empty_partition(which regclass, ending_by timestamptz) returns boolean
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    had_rows boolean := pg_relation_size(which) > 0;
begin
    perform outbox.require_old_partition(which, ending_by);
    if had_rows then
        execute format('truncate table only %s', which);
    end if;
    return had_rows;
end
$$;

-- Deletes at most at_most rows of the default partition that were created in this range and before now, and returns how
-- many. It deletes only rows that this transaction's snapshot sees. The caller must know, from after the snapshot, that all of
-- them are published. It cannot know that of rows committed later.
create function outbox.delete_old_rows(starting_at timestamptz, ending_by timestamptz, at_most integer) returns bigint
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    deleted bigint;
begin
    if current_setting('transaction_isolation') not in ('repeatable read', 'serializable') then
        raise exception 'outbox.delete_old_rows() was called in a transaction that is %',
                        current_setting('transaction_isolation')
            using errcode = 'invalid_transaction_state',
                  detail = 'It would also delete rows that were committed after its caller looked what is published.',
                  hint = 'Begin with: begin isolation level repeatable read.';
    end if;
    delete from only outbox.event_default
     where ctid = any (array(select e.ctid from only outbox.event_default e
                              where e.created_at >= starting_at and e.created_at < ending_by and e.created_at < now()
                              limit at_most));
    get diagnostics deleted = row_count;
    return deleted;
end
$$;

revoke all on function
    outbox.partitions(),
    outbox.make_partitions(integer, bigint),
    outbox.require_old_partition(regclass, timestamptz),
    outbox.lock_partition(regclass, timestamptz),
    outbox.drop_partition(regclass, timestamptz),
    outbox.empty_partition(regclass, timestamptz),
    outbox.delete_old_rows(timestamptz, timestamptz, integer)
    from public;
grant execute on function
    outbox.partitions(),
    outbox.make_partitions(integer, bigint),
    outbox.lock_partition(regclass, timestamptz),
    outbox.drop_partition(regclass, timestamptz),
    outbox.empty_partition(regclass, timestamptz),
    outbox.delete_old_rows(timestamptz, timestamptz, integer)
    to tidemark_relay;

do $$
declare
    function regprocedure;
    owner    text := (select relowner::regrole::text from pg_class where oid = 'outbox.event'::regclass);
begin
    for function in
        select p.oid from pg_proc p
         where p.pronamespace = 'outbox'::regnamespace
           and p.proname in ('partitions', 'make_partitions', 'require_old_partition', 'lock_partition',
                             'drop_partition', 'empty_partition', 'delete_old_rows')
    loop
        execute format('alter function %s owner to %s', function, owner);
    end loop;

    -- If the outbox is in use already, inserts wait meanwhile. This limits how long.
    perform set_config('lock_timeout', '10s', true);
    lock table only outbox.event in access exclusive mode;
    create index event_default_created_at on outbox.event_default (created_at);
    perform outbox.make_partitions(7);
end
$$;

insert into outbox.migration (version) values (3);
