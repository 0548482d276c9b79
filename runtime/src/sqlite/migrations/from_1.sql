-- From format 1 to format 2.

-- Values may be more than text: their columns are of type ANY.
CREATE TABLE new_run (
  n INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  definition INTEGER NOT NULL,
  state INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  owner INTEGER,
  queued INTEGER NOT NULL,
  wake_at INTEGER,
  inbox_seq INTEGER NOT NULL,
  cancel_requested INTEGER NOT NULL,
  takeovers INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  key TEXT,
  seed BLOB NOT NULL,
  input ANY NOT NULL,
  input_hash BLOB NOT NULL,
  output ANY,
  failure ANY
) STRICT;
INSERT INTO new_run SELECT * FROM run;
DROP TABLE run;
ALTER TABLE new_run RENAME TO run;

CREATE TABLE new_entry (
  run INTEGER NOT NULL,
  sealed INTEGER NOT NULL,
  path TEXT NOT NULL,
  kind TEXT NOT NULL,
  status INTEGER NOT NULL,
  seq INTEGER,
  input ANY,
  input_hash BLOB,
  output ANY,
  error ANY,
  attempts INTEGER NOT NULL,
  forgiven INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  wait_order INTEGER,
  wait_due INTEGER,
  wait_event TEXT,
  wait_key TEXT,
  PRIMARY KEY (run, sealed, path)
) STRICT, WITHOUT ROWID;
INSERT INTO new_entry SELECT * FROM entry;
DROP TABLE entry;
ALTER TABLE new_entry RENAME TO entry;

CREATE TABLE new_event (
  run INTEGER NOT NULL,
  consumed INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  name TEXT NOT NULL,
  key TEXT,
  event_id TEXT,
  payload ANY NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (run, consumed, seq)
) STRICT, WITHOUT ROWID;
INSERT INTO new_event SELECT * FROM event;
DROP TABLE event;
ALTER TABLE new_event RENAME TO event;
CREATE INDEX run_queued ON run (definition, owner) WHERE queued <> 0;
CREATE INDEX run_due ON run (definition, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX run_owned ON run (owner) WHERE owner IS NOT NULL;
CREATE UNIQUE INDEX event_id ON event (run, event_id) WHERE event_id IS NOT NULL;

ALTER TABLE run ADD COLUMN tags TEXT;
ALTER TABLE run ADD COLUMN published ANY;
ALTER TABLE run ADD COLUMN response ANY;

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
ALTER TABLE run ADD COLUMN forked_input ANY;
ALTER TABLE run ADD COLUMN revisions TEXT;
ALTER TABLE run ADD COLUMN wanted_revision TEXT;
ALTER TABLE run ADD COLUMN refusal TEXT;
CREATE INDEX run_parent ON run (parent) WHERE awaited = 1;
CREATE TABLE taken_away (
  worker INTEGER NOT NULL,
  id BLOB NOT NULL,
  PRIMARY KEY (worker, id)
) STRICT, WITHOUT ROWID;
-- A journal of format 1 does not say. Before its own outcome is not too early to go another way.
ALTER TABLE entry ADD COLUMN issued INTEGER NOT NULL DEFAULT 0;
UPDATE entry SET issued = coalesce(seq, (
  SELECT coalesce(max(other.seq) + 1, 0) FROM entry AS other WHERE other.run = entry.run
));

ALTER TABLE entry ADD COLUMN undo_step TEXT;
ALTER TABLE entry ADD COLUMN undo_input ANY;
CREATE INDEX entry_undo ON entry (run, seq) WHERE undo_step IS NOT NULL;

-- What the journal knows of itself: `salt` makes its addresses of blobs its own, `id` tells it
-- from others, `generation` counts the drivers that opened it.
CREATE TABLE meta (
  name TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO meta VALUES ('salt', randomblob(16)), ('id', randomblob(16));

-- Large values, in parts. A part never changes; `at` is when it was written.
CREATE TABLE blob (
  n INTEGER PRIMARY KEY,
  address BLOB NOT NULL,
  part INTEGER NOT NULL,
  at INTEGER NOT NULL,
  bytes BLOB NOT NULL,
  UNIQUE (address, part)
) STRICT;

-- Which runs point to which blobs, and from where in the run: `row`, `published`, `inbox`, or
-- `/` and an entry's path. Who copies rows of a run copies these; who deletes them deletes these.
CREATE TABLE blob_use (
  run INTEGER NOT NULL,
  place TEXT NOT NULL,
  address BLOB NOT NULL,
  PRIMARY KEY (run, place, address)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_used ON blob_use (address);

-- Progress streams: what bodies appended while they ran, in order.
CREATE TABLE progress (
  run INTEGER NOT NULL,
  stream TEXT NOT NULL,
  idx INTEGER NOT NULL,
  path TEXT NOT NULL,
  item_id TEXT,
  value ANY NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (run, stream, idx)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX progress_item ON progress (run, stream, item_id) WHERE item_id IS NOT NULL;

-- A for_each was known by the number of its items; now by a hash of them, which format 1 has not.
UPDATE entry SET input_hash = NULL WHERE kind = 'for_each@1';
