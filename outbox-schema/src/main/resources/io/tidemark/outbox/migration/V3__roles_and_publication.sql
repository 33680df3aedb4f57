-- Tidemark outbox, part 3: who may do what, and the publication the relay reads.

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

-- Applications: publish and take tokens, nothing else. Grant it: grant outbox_writer to my_app;
grant usage on schema outbox to outbox_writer;
grant insert on outbox.event to outbox_writer;
grant select (id) on outbox.event to outbox_writer; -- publish() returns it
grant select (id) on outbox.source to outbox_writer;
grant execute on function
    outbox.publish(text, text, text, text, jsonb, text, text, text),
    outbox.publish(text, text, text, bytea, jsonb, text, text, text),
    outbox.publish(text, text, text, jsonb, jsonb, text, text, text),
    outbox.token(),
    outbox.valid_headers(jsonb)
    to outbox_writer;

-- The relay. Give it a password: alter role tidemark_relay password '…';
grant usage on schema outbox to tidemark_relay;
grant select on all tables in schema outbox to tidemark_relay;
grant execute on function outbox.nudge(), outbox.token(), outbox.valid_headers(jsonb) to tidemark_relay;

create publication tidemark for table outbox.event
    with (publish = 'insert', publish_via_partition_root = true);

insert into outbox.migration (version) values (3);
