-- From format 3 to format 4.

-- Runs that were purged, and of which rows are left in other tables. No run has their number.
CREATE TABLE purged (
  n INTEGER PRIMARY KEY
) STRICT;

-- Limits.
ALTER TABLE run ADD COLUMN lane INTEGER;
ALTER TABLE run ADD COLUMN line INTEGER;
ALTER TABLE run ADD COLUMN slot BLOB;
ALTER TABLE run ADD COLUMN place INTEGER;
ALTER TABLE run ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN while_active INTEGER NOT NULL DEFAULT 0;
DROP INDEX run_queued;
CREATE INDEX run_queued ON run (definition, owner) WHERE queued <> 0 AND line IS NULL;
CREATE INDEX run_line ON run (line, definition, epoch > 0, place, n)
  WHERE line IS NOT NULL AND queued <> 0;
CREATE INDEX run_slot ON run (lane, slot) WHERE slot IS NOT NULL;

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
