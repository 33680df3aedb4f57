-- Events that were dealt with outside this database, or were begun. Rows go when they have expired.
create table if not exists tidemark_inbox (
    consumer   text        not null,
    event_id   uuid        not null,
    owner      uuid,                               -- the call that has begun it; null: none has
    begun_at   timestamptz not null default now(),
    ended_at   timestamptz,                        -- null with an owner: begun, and nobody knows whether it happened
    expires_at timestamptz not null,
    primary key (consumer, event_id)
);
create index if not exists tidemark_inbox_expiry on tidemark_inbox (expires_at)
