-- Tidemark outbox, part 4: partitions, made ahead by the day and dropped once published and past retention.
--
-- The relay calls these functions; they run as the owner of outbox.event, so that the relay itself owns nothing.

-- The partitions of outbox.event but for the default one, oldest first. Names can be cast to regclass.
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
                                     '^FOR VALUES FROM \((.*)\) TO \((.*)\)$') as bounds
     where i.inhparent = 'outbox.event'::regclass
       and bounds is not null
     order by 2
$$;

-- Makes the partitions of today and of so many days after it (UTC), as far as they are missing; a line for each that is
-- made or skipped. A day of which the default partition holds rows already is skipped: moving them would publish them
-- twice.
--
-- CREATE TABLE … PARTITION OF, although ATTACH PARTITION locks less: an insert that was on its way to the default
-- partition while a partition for it is attached fails, and inserts must not fail. Call it with a short lock_timeout.
-- Inserts wait for one scan of the default partition, unless that is larger than largest_default bytes: then nothing
-- is made.
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
    -- Each new partition has the default one scanned for rows of its own, unless a constraint rules them out already.
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

-- Raises an error unless it is a partition of outbox.event, not the default one, that ends by that time, and by now.
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

-- Waits until no transaction holds rows in the partition, and keeps others out until this transaction ends. What the
-- partition holds then was committed before: a nudge written now, on another session, comes after all of it.
create function outbox.lock_partition(which regclass, ending_by timestamptz) returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform outbox.require_old_partition(which, ending_by);
    execute format('lock table %s in access exclusive mode', which);
    perform outbox.require_old_partition(which, ending_by); -- as it is now that nobody else can change it
end
$$;

-- Drops a partition. Only for who has locked it in this transaction, and has since seen published all it held.
create function outbox.drop_partition(which regclass, ending_by timestamptz) returns void
    language plpgsql volatile security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    perform outbox.require_old_partition(which, ending_by);
    execute format('drop table %s', which);
end
$$;

-- Gives its disk space back instead, under the same condition. Dropping locks outbox.event, which is never free where
-- long transactions overlap; this locks the partition alone. Returns whether there was anything to give back.
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

-- Deletes so many of the default partition's rows from before that time, and returns how many there were. Only those
-- that this transaction's snapshot sees: the caller has seen published all that was committed before a time later than
-- the snapshot, and that says nothing about rows committed since.
create function outbox.delete_old_rows(ending_by timestamptz, at_most integer) returns bigint
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
                              where e.created_at < ending_by and e.created_at < now()
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
    outbox.delete_old_rows(timestamptz, integer)
    from public;
grant execute on function
    outbox.partitions(),
    outbox.make_partitions(integer, bigint),
    outbox.lock_partition(regclass, timestamptz),
    outbox.drop_partition(regclass, timestamptz),
    outbox.empty_partition(regclass, timestamptz),
    outbox.delete_old_rows(timestamptz, integer)
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

    -- In a database that is in use, inserts wait meanwhile, and behind transactions that have inserted: not for long.
    perform set_config('lock_timeout', '10s', true);
    lock table only outbox.event in access exclusive mode;
    create index event_default_created_at on outbox.event_default (created_at);
    perform outbox.make_partitions(7);
end
$$;

insert into outbox.migration (version) values (4);
