-- Format 5: what a version promises, and what it changed.

-- The model of the crate's API, JSON; empty where nobody knows it.
alter table releases add column api text not null default '';
-- What changed since the version before, a JSON list.
alter table releases add column changes text not null default '[]';
-- Whether runs of the version before may move to it; null where nobody knows.
alter table releases add column survives integer;
