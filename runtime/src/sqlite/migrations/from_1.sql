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
