-- Which generation of each projection is read. It only rises, each time in one transaction, when a newer generation has
-- caught up with it.
create table if not exists tidemark_generation (
    projection text        primary key,
    generation integer     not null check (generation > 0),
    since      timestamptz not null default now()
);
-- The progress of each generation of each projection. io.tidemark.consumers changes it in the same transactions as the
-- projections' tables, so the two are consistent at every instant.
create table if not exists tidemark_progress (
    projection  text        not null,
    generation  integer     not null default 1 check (generation > 0),
    topic       text        not null,
    partition   integer     not null check (partition >= 0),
    topic_id    text,                                          -- Kafka's id of the topic; null: not known
    next_offset bigint      not null check (next_offset >= 0), -- the first offset that is not applied yet
    position    text,                                          -- header tidemark-position of the last event applied
    group_id    text        not null,                          -- the consumer group that may advance it
    epoch       bigint      not null default 0,                -- rises with every claim; writes with an older epoch fail
    caught_up   boolean     not null default false,            -- while it is built: was near the topic's end
    updated_at  timestamptz not null default now(),
    primary key (projection, generation, topic, partition)
) with (fillfactor = 50) -- rows change with every batch, in place
