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
