-- Events whose effects outside this database have happened or were begun. Expired rows are deleted.
create table if not exists tidemark_inbox (
    consumer   text        not null,
    event_id   uuid        not null,
    owner      uuid,                               -- the call that has begun the event; null: none
    begun_at   timestamptz not null default now(),
    ended_at   timestamptz,                        -- null with an owner: begun; not known whether it happened
    expires_at timestamptz not null,
    primary key (consumer, event_id)
);
create index if not exists tidemark_inbox_expiry on tidemark_inbox (expires_at)
