-- Format 4. Numbers, not texts, where a value is one of a few; the ids of runs stand once.
-- Columns of type ANY hold values of runs: see `values.rs`.

-- Every (workflow, revision) that ever had a run, with the events that it declares (JSON) and the
-- function's fingerprint (empty where there is none).
CREATE TABLE definition (
  n INTEGER PRIMARY KEY,
  workflow TEXT NOT NULL,
  revision TEXT NOT NULL,
  events TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  UNIQUE (workflow, revision, events, fingerprint)
) STRICT;

-- Every incarnation of a driver.
CREATE TABLE worker (
  n INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE
) STRICT;

CREATE TABLE run (
  n INTEGER PRIMARY KEY,
  id BLOB NOT NULL UNIQUE,
  definition INTEGER NOT NULL,
  state INTEGER NOT NULL,
  epoch INTEGER NOT NULL,
  owner INTEGER,
  -- 1: ready; 2: its owner is gone. Anything but 0 is for the next claim to look at.
  queued INTEGER NOT NULL,
  wake_at INTEGER,
  inbox_seq INTEGER NOT NULL,
  -- 1: to be cancelled; 2: to be paused.
  stop INTEGER NOT NULL,
  stop_reason TEXT,
  takeovers INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  key TEXT,
  seed BLOB NOT NULL,
  input ANY NOT NULL,
  input_hash BLOB NOT NULL,
  output ANY,
  failure ANY,
  -- By name (JSON); none where there are no tags. Table `tag` finds them.
  tags TEXT,
  published ANY,
  response ANY,
  -- The call that it is: the calling run's id, where it calls, whether it waits.
  parent BLOB,
  parent_path TEXT,
  awaited INTEGER,
  -- Where a fork comes from (JSON), and the input of its first step.
  forked_from TEXT,
  forked_input ANY,
  -- Its former revisions (JSON).
  revisions TEXT,
  wanted_revision TEXT,
  -- Why a revision does not adopt it (JSON).
  refusal TEXT,
  -- Limits: the lane that it belongs to; the same while it needs a slot there; the run whose slot
  -- it has; its place in the line; whether it gives its slot back while it waits.
  lane INTEGER,
  line INTEGER,
  slot BLOB,
  place INTEGER,
  priority INTEGER NOT NULL DEFAULT 0,
  while_active INTEGER NOT NULL DEFAULT 0
) STRICT;
-- The indexes hold only what a claim or an opening looks for: an ended run is in none of them.
CREATE INDEX run_queued ON run (definition, owner) WHERE queued <> 0 AND line IS NULL;
CREATE INDEX run_due ON run (definition, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX run_owned ON run (owner) WHERE owner IS NOT NULL;
-- For lists: of all runs, and of a workflow's or of those in a state.
CREATE INDEX run_started ON run (started_at, id);
CREATE INDEX run_listed ON run (definition, state, started_at, id);
CREATE INDEX run_parent ON run (parent) WHERE awaited = 1;

-- What stands in line, those that have begun apart; and who has a slot.
CREATE INDEX run_line ON run (line, definition, epoch > 0, place, n)
  WHERE line IS NOT NULL AND queued <> 0;
CREATE INDEX run_slot ON run (lane, slot) WHERE slot IS NOT NULL;

-- Runs that were terminated under a worker that has not claimed since.
CREATE TABLE taken_away (
  worker INTEGER NOT NULL,
  id BLOB NOT NULL,
  PRIMARY KEY (worker, id)
) STRICT, WITHOUT ROWID;

-- Start keys, unique per workflow across its revisions.
CREATE TABLE start_key (
  workflow TEXT NOT NULL,
  key TEXT NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (workflow, key)
) STRICT, WITHOUT ROWID;

-- What runs are filed under, in the order of lists.
CREATE TABLE tag (
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  id BLOB NOT NULL,
  run INTEGER NOT NULL,
  PRIMARY KEY (name, value, started_at, id)
) STRICT, WITHOUT ROWID;

-- The journal. `sealed` stands in the key so that what replay loads lies together.
CREATE TABLE entry (
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
  -- How many outcomes the function had seen when it came to this.
  issued INTEGER NOT NULL DEFAULT 0,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  -- What an open entry waits for; it waits if it has an order.
  wait_order INTEGER,
  wait_due INTEGER,
  wait_event TEXT,
  wait_key TEXT,
  -- What undoes the outcome: a registered step and its input.
  undo_step TEXT,
  undo_input ANY,
  PRIMARY KEY (run, sealed, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX entry_undo ON entry (run, seq) WHERE undo_step IS NOT NULL;

-- Events, in the order of the run's inbox; what no wait consumed stays.
CREATE TABLE event (
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
CREATE UNIQUE INDEX event_id ON event (run, event_id) WHERE event_id IS NOT NULL;

-- When each schedule trigger fires next.
CREATE TABLE schedule (
  name TEXT PRIMARY KEY,
  rule TEXT NOT NULL,
  next_fire INTEGER
) STRICT, WITHOUT ROWID;

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

-- Runs that were purged, and of which rows are left in other tables. No run has their number.
CREATE TABLE purged (
  n INTEGER PRIMARY KEY
) STRICT;

-- Limits, as they were declared last, and the workflows that are under them. Periods are
-- milliseconds.
CREATE TABLE limit_rule (
  n INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  concurrency INTEGER,
  starts INTEGER,
  period INTEGER
) STRICT;
CREATE TABLE limit_of (
  workflow TEXT PRIMARY KEY,
  rule INTEGER NOT NULL,
  while_active INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A limit counts by key: a lane is a limit and a key. `started` is how many runs it has started.
CREATE TABLE limit_lane (
  n INTEGER PRIMARY KEY,
  rule INTEGER NOT NULL,
  key TEXT NOT NULL,
  started INTEGER NOT NULL DEFAULT 0,
  UNIQUE (rule, key)
) STRICT;

-- When a lane started its latest runs: as many as its rate looks back on.
CREATE TABLE limit_start (
  lane INTEGER NOT NULL,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (lane, n)
) STRICT, WITHOUT ROWID;

-- The definitions whose runs ever belonged to a lane.
CREATE TABLE limit_line (
  lane INTEGER NOT NULL,
  definition INTEGER NOT NULL,
  PRIMARY KEY (lane, definition)
) STRICT, WITHOUT ROWID;

-- Lanes that the next claim of a definition has to look at, from an instant on.
CREATE TABLE limit_call (
  definition INTEGER NOT NULL,
  at INTEGER NOT NULL,
  lane INTEGER NOT NULL,
  PRIMARY KEY (definition, at, lane)
) STRICT, WITHOUT ROWID;

-- A run of a lane is there.
CREATE TRIGGER limit_begins AFTER INSERT ON run WHEN NEW.lane IS NOT NULL
BEGIN
  INSERT OR IGNORE INTO limit_line VALUES (NEW.lane, NEW.definition);
  INSERT OR IGNORE INTO limit_call
    SELECT NEW.definition, 0, NEW.lane WHERE NEW.line IS NOT NULL;
END;

-- One that is of another revision now stands in another line.
CREATE TRIGGER limit_moves AFTER UPDATE OF definition ON run WHEN NEW.lane IS NOT NULL
BEGIN
  INSERT OR IGNORE INTO limit_line VALUES (NEW.lane, NEW.definition);
END;

-- One that could use a slot asks for it.
CREATE TRIGGER limit_asks AFTER UPDATE OF queued ON run
WHEN NEW.line IS NOT NULL AND NEW.queued <> 0
BEGIN
  INSERT OR IGNORE INTO limit_call VALUES (NEW.definition, 0, NEW.line);
END;

-- One that ends gives its slot back, whatever ends it; so does one that waits, if it holds its slot
-- only while it is active.
CREATE TRIGGER limit_gives_back AFTER UPDATE OF state, owner ON run
WHEN NEW.lane IS NOT NULL AND (NEW.state >= 4 OR
  (NEW.while_active AND NEW.slot = NEW.id AND NEW.owner IS NULL AND NEW.state IN (2, 3)))
BEGIN
  INSERT OR IGNORE INTO limit_call
    SELECT definition, 0, lane FROM limit_line WHERE lane = NEW.lane AND NEW.slot IS NOT NULL;
  UPDATE run SET slot = NULL, line = iif(NEW.state >= 4, NULL, NEW.lane) WHERE n = NEW.n;
END;
