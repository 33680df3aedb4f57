-- Which generation of each projection is read. It only rises, each time in one transaction, when a newer generation has
-- caught up with it.
create table if not exists tidemark_generation (
    projection text        primary key,
    generation integer     not null check (generation > 0),
    since      timestamptz not null default now()
);
-- How far each generation of each projection has come. Changed by io.tidemark.consumers in the same transactions as the
-- projections' own tables: what is applied and what this table says are the same at every instant.
create table if not exists tidemark_progress (
    projection  text        not null,
    generation  integer     not null default 1 check (generation > 0),
    topic       text        not null,
    partition   integer     not null check (partition >= 0),
    topic_id    text,                                          -- Kafka's id of the topic; null: not known
    next_offset bigint      not null check (next_offset >= 0), -- the first offset that is not applied yet
    position    text,                                          -- header tidemark-position of the last event applied
    group_id    text        not null,                          -- the consumer group that may advance it
    epoch       bigint      not null default 0,                -- rises with every claim; a writer of an older one loses
    caught_up   boolean     not null default false,            -- while it is built: has come near the topic's end
    updated_at  timestamptz not null default now(),
    primary key (projection, generation, topic, partition)
) with (fillfactor = 50) -- rows change with every batch, in place
