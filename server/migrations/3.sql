-- Format 3: the registry.

-- The names of crates. What a name belongs to never changes.
create table crates (
  name text primary key,
  -- The name as cargo compares names: small letters, one sort of dash.
  folded text not null unique,
  -- `support`: one of ours; `workflow`: a published workflow; `upload`: sent by `cargo publish`.
  origin text not null,
  workflow_id text,
  description text not null,
  created_at integer not null
) strict, without rowid;

-- Versions. But for `yanked`, a row never changes and never goes.
create table releases (
  id integer primary key,
  name text not null references crates (name),
  version text not null,
  -- Digest of what it was made of, whatever the version: the same content is not released twice.
  content text not null,
  -- The line of the index, JSON.
  line text not null,
  -- The .crate file.
  package blob not null,
  yanked integer not null default 0,
  -- Where it was made of a graph: its revision, and the publisher's note.
  revision text,
  note text not null,
  published_at integer not null,
  unique (name, version)
) strict;
create index releases_by_content on releases (name, content);
