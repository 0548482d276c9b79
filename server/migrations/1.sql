-- Format 1 of the server's database.
create table workflows (
  id text primary key,
  name text not null unique,
  description text not null,
  revision text not null,
  -- Counts the writes; the entity tag is made of it.
  version integer not null,
  -- The document as it was sent, byte for byte.
  graph text not null,
  -- What the compiler said of it when it was stored, JSON.
  diagnostics text not null,
  triggers text not null,
  created_at integer not null,
  updated_at integer not null
) strict;

-- Every revision that was ever stored, for runs that are pinned to it; outlives its workflow.
create table revisions (
  workflow_id text not null,
  revision text not null,
  name text not null,
  graph text not null,
  created_at integer not null,
  primary key (workflow_id, revision)
) strict, without rowid;

create table hooks (
  path text primary key,
  workflow_id text not null references workflows (id) on delete cascade,
  node text not null
) strict, without rowid;
create index hooks_by_workflow on hooks (workflow_id);

create table schedules (
  workflow_id text not null references workflows (id) on delete cascade,
  node text not null,
  cron text not null,
  timezone text not null,
  -- Null where the expression has no further instant.
  next_fire integer,
  primary key (workflow_id, node)
) strict, without rowid;
create index schedules_by_due on schedules (next_fire) where next_fire is not null;

create table facts (key text primary key, value text not null) strict, without rowid;
