-- From format 1 to format 2.
ALTER TABLE run ADD COLUMN tags TEXT;
ALTER TABLE run ADD COLUMN published TEXT;
ALTER TABLE run ADD COLUMN response TEXT;

CREATE TABLE tag (
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  id BLOB NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (name, value, started_at, id)
) STRICT, WITHOUT ROWID;

-- For lists: of all runs, and of a workflow's or of those in a state.
CREATE INDEX run_started ON run (started_at, id);
CREATE INDEX run_listed ON run (definition, state, started_at, id);
ALTER TABLE run RENAME COLUMN cancel_requested TO stop;
ALTER TABLE run ADD COLUMN stop_reason TEXT;
ALTER TABLE run ADD COLUMN parent BLOB;
ALTER TABLE run ADD COLUMN parent_path TEXT;
ALTER TABLE run ADD COLUMN awaited INTEGER;
ALTER TABLE run ADD COLUMN forked_from TEXT;
ALTER TABLE run ADD COLUMN forked_input TEXT;
ALTER TABLE run ADD COLUMN revisions TEXT;
ALTER TABLE run ADD COLUMN wanted_revision TEXT;
ALTER TABLE run ADD COLUMN refusal TEXT;
CREATE INDEX run_parent ON run (parent) WHERE awaited = 1;
CREATE TABLE taken_away (
  worker INTEGER NOT NULL,
  id BLOB NOT NULL,
  PRIMARY KEY (worker, id)
) STRICT, WITHOUT ROWID;
-- A journal of format 1 does not say; the order of outcomes alone does not either.
ALTER TABLE entry ADD COLUMN issued INTEGER NOT NULL DEFAULT 0;

ALTER TABLE entry ADD COLUMN undo_step TEXT;
ALTER TABLE entry ADD COLUMN undo_input TEXT;
CREATE INDEX entry_undo ON entry (run, seq) WHERE undo_step IS NOT NULL;
