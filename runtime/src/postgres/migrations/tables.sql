-- Format 1. Numbers, not texts, where a value is one of a few; the ids of runs stand once. Columns
-- of type bytea hold values of runs: JSON text, or what a codec has sealed, which begins with the
-- byte 1. Texts are compared by their bytes, so that a range of paths is what it is in memory.

-- What the journal knows of itself. `format` is that of the tables, `works_with` the oldest format
-- whose programs may be at work beside it.
CREATE TABLE meta (
  name text PRIMARY KEY,
  value text NOT NULL
);
INSERT INTO meta VALUES ('format', '1'), ('works_with', '1');

-- Every (workflow, revision) that ever had a run, with the events that it declares (JSON) and the
-- function's fingerprint (empty where there is none).
CREATE TABLE definition (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  workflow text COLLATE "C" NOT NULL,
  revision text COLLATE "C" NOT NULL,
  fingerprint text COLLATE "C" NOT NULL,
  events text COLLATE "C" NOT NULL,
  UNIQUE (workflow, revision, fingerprint, events)
);

-- Every incarnation of a worker, and until when it holds its runs, by this database's clock.
CREATE TABLE worker (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  expires_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE run (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id uuid NOT NULL UNIQUE,
  definition bigint NOT NULL,
  state smallint NOT NULL,
  epoch bigint NOT NULL,
  owner bigint,
  ready boolean NOT NULL,
  wake_at bigint,
  inbox_seq bigint NOT NULL DEFAULT 0,
  -- 1: to be cancelled; 2: to be paused.
  stop smallint NOT NULL DEFAULT 0,
  stop_reason text,
  -- Whether a paused run only stands still because someone said so.
  from_outside boolean NOT NULL DEFAULT false,
  takeovers integer NOT NULL DEFAULT 0,
  started_at bigint NOT NULL,
  ended_at bigint,
  key text,
  seed bytea NOT NULL,
  input bytea NOT NULL,
  input_hash bytea NOT NULL,
  output bytea,
  failure bytea,
  -- By name (JSON); none where there are no tags. Table `tag` finds them.
  tags text,
  published bytea,
  response bytea,
  -- The call that it is: the calling run's id, where it calls, whether it waits.
  parent uuid,
  parent_path text COLLATE "C",
  awaited boolean NOT NULL DEFAULT false,
  -- Where a fork comes from (JSON), and the input of its first step.
  forked_from text,
  forked_input bytea,
  -- Its former revisions (JSON).
  revisions jsonb,
  wanted_revision text,
  -- Why a revision does not adopt it (JSON), and which one.
  refusal text,
  refused text
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
-- The indexes hold only what a claim looks for: an ended run is in none of the first three.
CREATE INDEX run_ready ON run (definition, owner) WHERE ready;
CREATE INDEX run_due ON run (definition, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX run_owned ON run (owner, definition) WHERE owner IS NOT NULL;
-- For lists: of all runs, and of a workflow's or of those in a state.
CREATE INDEX run_started ON run (started_at, id);
CREATE INDEX run_listed ON run (definition, state, started_at, id);
CREATE INDEX run_parent ON run (parent) WHERE awaited;

-- Runs that were terminated under a worker that has not claimed since.
CREATE TABLE taken_away (
  worker bigint NOT NULL,
  id uuid NOT NULL,
  PRIMARY KEY (worker, id)
);

-- Start keys, unique per workflow across its revisions.
CREATE TABLE start_key (
  workflow text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  id uuid NOT NULL,
  input_hash bytea NOT NULL,
  PRIMARY KEY (workflow, key)
);

-- What runs are filed under, in the order of lists.
CREATE TABLE tag (
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  started_at bigint NOT NULL,
  id uuid NOT NULL,
  PRIMARY KEY (name, value, started_at, id)
);

-- The journal.
CREATE TABLE entry (
  run bigint NOT NULL,
  path text COLLATE "C" NOT NULL,
  sealed boolean NOT NULL,
  kind text NOT NULL,
  status smallint NOT NULL,
  seq bigint,
  input bytea,
  input_hash bytea,
  output bytea,
  error bytea,
  attempts integer NOT NULL,
  forgiven integer NOT NULL,
  -- How many outcomes the function had seen when it came to this.
  issued bigint NOT NULL,
  started_at bigint NOT NULL,
  ended_at bigint,
  -- What an open entry waits for; it waits if it has an order.
  wait_order bigint,
  wait_due bigint,
  wait_event text,
  wait_key text,
  -- What undoes the outcome: a registered step and its input.
  undo_step text,
  undo_input bytea,
  PRIMARY KEY (run, path)
) WITH (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
-- What a replay loads, what is open, what a scope that is closed can undo still.
CREATE INDEX entry_live ON entry (run) WHERE NOT sealed;
CREATE INDEX entry_open ON entry (run) WHERE status < 3;
CREATE INDEX entry_undo ON entry (run) WHERE sealed AND undo_step IS NOT NULL;

-- Events, in the order of the run's inbox; what no wait consumed stays.
CREATE TABLE event (
  run bigint NOT NULL,
  seq bigint NOT NULL,
  consumed boolean NOT NULL DEFAULT false,
  name text NOT NULL,
  key text,
  event_id text COLLATE "C",
  payload bytea NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (run, seq)
);
CREATE INDEX event_waiting ON event (run, seq) WHERE NOT consumed;
CREATE UNIQUE INDEX event_id ON event (run, event_id) WHERE event_id IS NOT NULL;

-- Progress streams: what bodies appended while they ran, in order.
CREATE TABLE progress (
  run bigint NOT NULL,
  stream text COLLATE "C" NOT NULL,
  idx bigint NOT NULL,
  path text NOT NULL,
  item_id text COLLATE "C",
  value bytea NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (run, stream, idx)
);
CREATE UNIQUE INDEX progress_item ON progress (run, stream, item_id) WHERE item_id IS NOT NULL;

-- When each schedule trigger fires next.
CREATE TABLE schedule (
  name text COLLATE "C" PRIMARY KEY,
  rule text NOT NULL,
  next_fire bigint
);
