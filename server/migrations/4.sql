-- Format 4: keys of the API, and who may publish versions of a crate.
create table tokens (
  id text primary key,
  -- Who holds it; owners of crates are named so.
  name text not null,
  -- `read` or `publish`; publishing includes reading.
  scope text not null,
  -- SHA-256 of the token, which itself is nowhere.
  hash text not null unique,
  created_at integer not null,
  revoked_at integer
) strict, without rowid;

create table owners (
  crate text not null references crates (name),
  owner text not null,
  primary key (crate, owner)
) strict, without rowid;
