-- Format 2: what a revision calls, directly or through others, each in the revision that it is
-- pinned to.
create table callees (
  workflow_id text not null,
  revision text not null,
  name text not null,
  callee_id text not null,
  callee_revision text not null,
  primary key (workflow_id, revision, name)
) strict, without rowid;
