-- Limits (format 2): how many runs may be at work at a time, and begin in a time.

-- Limits, as they were declared last, and the workflows that are under them. Periods are
-- milliseconds.
CREATE TABLE limit_rule (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text COLLATE "C" NOT NULL UNIQUE,
  concurrency bigint,
  starts bigint,
  period bigint
);
CREATE TABLE limit_of (
  workflow text COLLATE "C" PRIMARY KEY,
  rule bigint NOT NULL,
  while_active boolean NOT NULL
);

-- A limit counts by key: a lane is a limit and a key. `started` is how many runs it has started.
-- Whoever takes slots of a lane has its row locked.
CREATE TABLE limit_lane (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  rule bigint NOT NULL,
  key text COLLATE "C" NOT NULL,
  started bigint NOT NULL DEFAULT 0,
  UNIQUE (rule, key)
) WITH (fillfactor = 80);

-- When a lane started its latest runs: as many as its rate looks back on.
CREATE TABLE limit_start (
  lane bigint NOT NULL,
  n bigint NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (lane, n)
) WITH (autovacuum_vacuum_scale_factor = 0.02);

-- The definitions whose runs ever belonged to a lane.
CREATE TABLE limit_line (
  lane bigint NOT NULL,
  definition bigint NOT NULL,
  PRIMARY KEY (lane, definition)
);

-- Lanes that the next claim of a definition has to look at, from an instant on. Whoever gives a
-- claim a reason to look adds one, in the same transaction, whether there is one already or not: it
-- may be on its way out.
CREATE TABLE limit_call (
  n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  definition bigint NOT NULL,
  at bigint NOT NULL,
  lane bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX limit_call_due ON limit_call (definition, at, lane);

-- The lane that a run belongs to; the same while it needs a slot there; the run whose slot it has;
-- its place in the line; whether it gives its slot back while it waits.
ALTER TABLE run ADD COLUMN lane bigint, ADD COLUMN line bigint, ADD COLUMN slot uuid,
  ADD COLUMN place bigint, ADD COLUMN priority integer NOT NULL DEFAULT 0,
  ADD COLUMN while_active boolean NOT NULL DEFAULT false;
DROP INDEX run_ready;
CREATE INDEX run_ready ON run (definition, owner) WHERE ready AND line IS NULL;
-- What stands in line, those that have begun apart; and who has a slot.
CREATE INDEX run_line ON run (line, definition, (epoch > 0), place, n) WHERE line IS NOT NULL AND ready;
CREATE INDEX run_slot ON run (lane, slot) WHERE slot IS NOT NULL;

-- The place in line of a run that came at an instant: a minute sooner for each step of priority.
CREATE FUNCTION limit_place_v2(_at bigint, _priority integer) RETURNS bigint
LANGUAGE sql IMMUTABLE AS $$
  SELECT least(greatest(_at::numeric - 60000 * _priority::numeric, -9223372036854775808),
               9223372036854775807)::bigint
$$;

-- A run of a lane has changed. One that ends gives its slot back, whatever ends it; so does one
-- that waits, if it holds its slot only while it is active. One that could use a slot asks for it.
CREATE FUNCTION limit_changed_v2() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' OR NEW.definition <> OLD.definition THEN
    INSERT INTO limit_line (lane, definition) VALUES (NEW.lane, NEW.definition)
      ON CONFLICT DO NOTHING;
  END IF;
  IF NEW.state > 3 OR (NEW.while_active AND NEW.slot = NEW.id AND NEW.owner IS NULL
                       AND NEW.state IN (2, 3)) THEN
    IF NEW.slot IS NOT NULL THEN
      INSERT INTO limit_call (definition, at, lane)
        SELECT definition, 0, lane FROM limit_line WHERE lane = NEW.lane;
    END IF;
    NEW.slot := NULL;
    NEW.line := CASE WHEN NEW.state > 3 THEN NULL ELSE NEW.lane END;
  END IF;
  IF NEW.line IS NOT NULL AND NEW.ready THEN
    INSERT INTO limit_call (definition, at, lane) VALUES (NEW.definition, 0, NEW.line);
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER limit_changed BEFORE INSERT OR UPDATE ON run
  FOR EACH ROW WHEN (NEW.lane IS NOT NULL) EXECUTE FUNCTION limit_changed_v2();

-- From now on a workflow is under a limit with these numbers, or under none.
CREATE FUNCTION limit_declare_v2(
  _workflow text, _name text, _concurrency bigint, _starts bigint, _period bigint,
  _while_active boolean
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  _rule bigint;
  _changed bigint;
BEGIN
  IF _name IS NULL THEN
    DELETE FROM limit_of WHERE workflow = _workflow;
    RETURN;
  END IF;
  INSERT INTO limit_rule AS r (name, concurrency, starts, period)
    VALUES (_name, _concurrency, _starts, _period)
    ON CONFLICT (name) DO UPDATE
      SET concurrency = _concurrency, starts = _starts, period = _period
      WHERE (r.concurrency, r.starts, r.period)
        IS DISTINCT FROM (_concurrency, _starts, _period);
  GET DIAGNOSTICS _changed = ROW_COUNT;
  SELECT n INTO _rule FROM limit_rule WHERE name = _name;
  IF _changed > 0 THEN
    INSERT INTO limit_call (definition, at, lane)
      SELECT l.definition, 0, l.lane FROM limit_lane JOIN limit_line l ON l.lane = limit_lane.n
      WHERE limit_lane.rule = _rule;
  END IF;
  INSERT INTO limit_of AS o VALUES (_workflow, _rule, _while_active)
    ON CONFLICT (workflow) DO UPDATE SET rule = _rule, while_active = _while_active
      WHERE (o.rule, o.while_active) <> (_rule, _while_active);
END $$;

-- Starts a run, unless its key has one, or unless it is there. `in_line` says that its workflow is
-- under a limit: it has no owner then, and a claim takes it in its turn. An awaited child under its
-- caller's limit and key shares its caller's slot, unless that one gives its own back.
CREATE FUNCTION start_v2(
  _id uuid, _workflow text, _revision text, _fingerprint text, _events text, _key text,
  _seed bytea, _input bytea, _hash bytea, _at bigint, _owner uuid, _tags text,
  _tag_names text[], _tag_values text[], _parent uuid, _parent_path text, _awaited boolean,
  _if_absent boolean, _limit_key text, _priority integer,
  OUT existing uuid, OUT existing_hash bytea, OUT in_line boolean
) LANGUAGE plpgsql AS $$
DECLARE
  _rule bigint;
  _while_active boolean := false;
  _lane bigint;
  _lane_key text;
  _slot uuid;
  _shared_lane bigint;
BEGIN
  in_line := false;
  IF _if_absent AND EXISTS (SELECT 1 FROM run WHERE id = _id) THEN
    RETURN;
  END IF;
  IF _key IS NOT NULL THEN
    INSERT INTO start_key (workflow, key, id, input_hash) VALUES (_workflow, _key, _id, _hash)
      ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      SELECT id, input_hash INTO existing, existing_hash FROM start_key
        WHERE workflow = _workflow AND key = _key;
      RETURN;
    END IF;
  END IF;
  SELECT rule, while_active INTO _rule, _while_active FROM limit_of WHERE workflow = _workflow;
  in_line := FOUND;
  IF in_line THEN
    _owner := NULL;
    SELECT l.n, l.key, CASE WHEN NOT r.while_active THEN r.slot END
      INTO _shared_lane, _lane_key, _slot
      FROM run r JOIN limit_lane l ON l.n = r.lane
      WHERE _awaited AND r.id = _parent AND l.rule = _rule;
    _lane_key := coalesce(_limit_key, _lane_key, '');
    SELECT n INTO _lane FROM limit_lane WHERE rule = _rule AND key = _lane_key;
    IF NOT FOUND THEN
      INSERT INTO limit_lane (rule, key) VALUES (_rule, _lane_key) ON CONFLICT DO NOTHING;
      SELECT n INTO _lane FROM limit_lane WHERE rule = _rule AND key = _lane_key;
    END IF;
    IF _shared_lane IS DISTINCT FROM _lane THEN _slot := NULL; END IF;
  END IF;
  INSERT INTO run (id, definition, state, epoch, owner, ready, started_at, key, seed, input,
                   input_hash, tags, parent, parent_path, awaited, priority, lane, line, slot,
                   place, while_active)
    VALUES (_id, definition_v1(_workflow, _revision, _fingerprint, _events),
            CASE WHEN _owner IS NULL THEN 0 ELSE 1 END, CASE WHEN _owner IS NULL THEN 0 ELSE 1 END,
            CASE WHEN _owner IS NOT NULL THEN worker_v1(_owner) END, _owner IS NULL, _at, _key,
            _seed, _input, _hash, _tags, _parent, _parent_path, _awaited, _priority, _lane,
            CASE WHEN _slot IS NULL THEN _lane END, _slot,
            CASE WHEN in_line THEN limit_place_v2(_at, _priority) END,
            coalesce(_while_active, false));
  IF _tags IS NOT NULL THEN
    INSERT INTO tag (name, value, started_at, id)
      SELECT t.name, t.value, _at, _id FROM unnest(_tag_names, _tag_values) AS t (name, value);
  END IF;
END $$;

-- What a program of format 1 starts is under its workflow's limit, too; but that program takes the
-- run for its own, so it is what it was: one without a limit, if it names an owner.
CREATE OR REPLACE FUNCTION start_v1(
  _id uuid, _workflow text, _revision text, _fingerprint text, _events text, _key text,
  _seed bytea, _input bytea, _hash bytea, _at bigint, _owner uuid, _tags text,
  _tag_names text[], _tag_values text[], _parent uuid, _parent_path text, _awaited boolean,
  _if_absent boolean, OUT existing uuid, OUT existing_hash bytea
) LANGUAGE plpgsql AS $$
BEGIN
  IF _owner IS NULL THEN
    SELECT s.existing, s.existing_hash INTO start_v1.existing, start_v1.existing_hash
      FROM start_v2(_id, _workflow, _revision, _fingerprint, _events, _key, _seed, _input, _hash,
                    _at, NULL, _tags, _tag_names, _tag_values, _parent, _parent_path, _awaited,
                    _if_absent, NULL, 0) AS s;
    RETURN;
  END IF;
  IF _key IS NOT NULL THEN
    INSERT INTO start_key (workflow, key, id, input_hash) VALUES (_workflow, _key, _id, _hash)
      ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
      SELECT id, input_hash INTO existing, existing_hash FROM start_key
        WHERE workflow = _workflow AND key = _key;
      RETURN;
    END IF;
  END IF;
  INSERT INTO run (id, definition, state, epoch, owner, ready, started_at, key, seed, input,
                   input_hash, tags, parent, parent_path, awaited)
    VALUES (_id, definition_v1(_workflow, _revision, _fingerprint, _events), 1, 1,
            worker_v1(_owner), false, _at, _key, _seed, _input, _hash, _tags, _parent,
            _parent_path, _awaited);
  IF _tags IS NOT NULL THEN
    INSERT INTO tag (name, value, started_at, id)
      SELECT t.name, t.value, _at, _id FROM unnest(_tag_names, _tag_values) AS t (name, value);
  END IF;
END $$;

-- Takes from a lane those who come next in its lines, as long as there are slots; `_taken` counts
-- them, up to `_limit`. Who stays in line is called later: at once where only the claim is full,
-- when it may begin where the rate holds it back, and by whoever frees a slot where none is free.
CREATE FUNCTION limit_take_v2(
  _lane bigint, _me bigint, _definitions bigint[], _adopters text[], _limit bigint, _now bigint
) RETURNS TABLE (run_id uuid, number bigint, more boolean) LANGUAGE plpgsql AS $$
DECLARE
  l record;
  r record;
  _free bigint;
  _taken bigint := 0;
  _opens bigint;
  _n bigint;
  _id uuid;
  _epoch bigint;
  _priority integer;
BEGIN
  SELECT p.concurrency, p.starts, p.period, a.started INTO l
    FROM limit_lane a JOIN limit_rule p ON p.n = a.rule
    WHERE a.n = _lane FOR UPDATE OF a SKIP LOCKED;
  IF NOT FOUND THEN
    -- Another claim takes of it. What it leaves is looked at in a moment.
    INSERT INTO limit_call (definition, at, lane)
      SELECT d, _now + 5, _lane FROM unnest(_definitions) AS d
      JOIN limit_line ON lane = _lane AND definition = d;
    RETURN;
  END IF;
  SELECT coalesce(l.concurrency, 9223372036854775807) - count(DISTINCT slot) INTO _free
    FROM run WHERE lane = _lane AND slot IS NOT NULL;
  LOOP
    EXIT WHEN _free <= 0;
    SELECT at + l.period INTO _opens FROM limit_start
      WHERE lane = _lane AND n = l.started + 1 - l.starts AND at + l.period > _now;
    _n := NULL;
    IF _taken < _limit THEN
      -- The first of each line, and the first of those. Who is locked is passed over.
      SELECT f.n, f.id, f.epoch, f.priority INTO _n, _id, _epoch, _priority
        FROM unnest(_definitions, _adopters) AS d (n, adopter)
        CROSS JOIN (VALUES (true), (false)) AS b (begun)
        CROSS JOIN LATERAL (
          SELECT run.n, run.id, run.epoch, run.place, run.priority FROM run
          WHERE run.line = _lane AND run.ready AND run.definition = d.n
            AND (run.epoch > 0) = b.begun AND (b.begun OR _opens IS NULL)
            AND (run.state <> 3 OR run.stop = 1 OR run.wanted_revision IS NOT NULL)
            AND (run.refused IS NULL OR run.refused <> d.adopter)
          ORDER BY run.place, run.n LIMIT 1 FOR UPDATE SKIP LOCKED) AS f
        ORDER BY f.place, f.n LIMIT 1;
    END IF;
    EXIT WHEN _n IS NULL;
    IF _epoch = 0 AND l.starts IS NOT NULL THEN
      l.started := l.started + 1;
      UPDATE limit_lane SET started = l.started WHERE n = _lane;
      INSERT INTO limit_start (lane, n, at) VALUES (_lane, l.started, _now);
      DELETE FROM limit_start WHERE lane = _lane AND n <= l.started - l.starts;
    END IF;
    UPDATE run SET owner = _me, epoch = epoch + 1, ready = false, wake_at = NULL, line = NULL,
                   slot = id, place = limit_place_v2(_now, _priority)
      WHERE n = _n;
    _free := _free - 1;
    _taken := _taken + 1;
    RETURN QUERY SELECT _id, _epoch + 1, false;
  END LOOP;
  IF _free <= 0 THEN RETURN; END IF;
  FOR r IN
    SELECT d.n, b.begun FROM unnest(_definitions, _adopters) AS d (n, adopter)
      CROSS JOIN (VALUES (true), (false)) AS b (begun)
      WHERE EXISTS (
        SELECT 1 FROM run
        WHERE run.line = _lane AND run.ready AND run.definition = d.n
          AND (run.epoch > 0) = b.begun
          AND (run.state <> 3 OR run.stop = 1 OR run.wanted_revision IS NOT NULL)
          AND (run.refused IS NULL OR run.refused <> d.adopter))
  LOOP
    IF NOT r.begun AND _opens IS NOT NULL THEN
      IF NOT EXISTS (SELECT 1 FROM limit_call
                     WHERE definition = r.n AND at = _opens AND lane = _lane) THEN
        INSERT INTO limit_call (definition, at, lane) VALUES (r.n, _opens, _lane);
      END IF;
    ELSIF _taken >= _limit THEN
      INSERT INTO limit_call (definition, at, lane) VALUES (r.n, 0, _lane);
      RETURN QUERY SELECT NULL::uuid, 0::bigint, true;
    ELSE
      -- Somebody has its row, and will be done in a moment.
      INSERT INTO limit_call (definition, at, lane) VALUES (r.n, _now + 5, _lane);
    END IF;
  END LOOP;
END $$;

-- What a worker gets: 0 is a run of its own now, with its epoch; 1 one of its own that has mail, or
-- was terminated under it; 2 when the next one is due; 3 that the limit kept back some.
-- A row that another transaction holds is skipped: who holds it says so when it is done.
-- In place of the one of format 1, so that programs of that one keep to limits, too.
CREATE OR REPLACE FUNCTION claim_v1(
  _worker uuid, _workflows text[], _revisions text[], _adopters text[],
  _limit bigint, _now bigint, _lease bigint
) RETURNS TABLE (what smallint, run_id uuid, number bigint) LANGUAGE plpgsql AS $$
DECLARE
  _me bigint;
  _gone bigint[];
  _taken bigint := 0;
  _more boolean := false;
  _wake bigint;
  _next bigint;
  _lanes bigint[];
  _definitions bigint[];
  _of bigint;
  d record;
  r record;
BEGIN
  SELECT n INTO _me FROM worker WHERE id = _worker AND expires_at > now_v2();
  IF NOT FOUND THEN
    _me := renew_v1(_worker, _lease);
  END IF;
  RETURN QUERY DELETE FROM taken_away t WHERE t.worker = _me RETURNING 1::smallint, t.id, 0::bigint;
  SELECT coalesce(array_agg(n), '{}') INTO _gone FROM worker WHERE expires_at <= now_v2();
  SELECT coalesce(array_agg(f.n ORDER BY a.i, f.n), '{}'),
         coalesce(array_agg(a.adopter ORDER BY a.i, f.n), '{}')
    INTO _definitions, _adopters
    FROM unnest(_workflows, _revisions, _adopters)
      WITH ORDINALITY AS a (workflow, revision, adopter, i)
      JOIN definition f ON f.workflow = a.workflow AND f.revision = a.revision;
  -- What is due and needs a slot stands in line from now on.
  FOR d IN SELECT u.n, u.adopter FROM unnest(_definitions, _adopters) AS u (n, adopter) LOOP
    UPDATE run SET ready = true, wake_at = NULL WHERE n = ANY (ARRAY (
      SELECT n FROM run
      WHERE definition = d.n AND wake_at <= _now AND line IS NOT NULL AND state <> 3
        AND (refused IS NULL OR refused <> d.adopter)
      FOR UPDATE SKIP LOCKED));
  END LOOP;
  WITH mine AS (
    DELETE FROM limit_call WHERE n = ANY (ARRAY (
      SELECT n FROM limit_call WHERE definition = ANY (_definitions) AND at <= _now
      FOR UPDATE SKIP LOCKED)) RETURNING lane)
    SELECT coalesce(array_agg(DISTINCT lane), '{}') INTO _lanes FROM mine;
  FOREACH _of IN ARRAY _lanes LOOP
    FOR r IN
      SELECT t.run_id, t.number, t.more
      FROM limit_take_v2(_of, _me, _definitions, _adopters, _limit - _taken, _now) AS t
    LOOP
      IF r.more THEN _more := true; CONTINUE; END IF;
      _taken := _taken + 1;
      RETURN QUERY SELECT 0::smallint, r.run_id, r.number;
    END LOOP;
  END LOOP;
  FOR d IN SELECT u.n, u.adopter FROM unnest(_definitions, _adopters) AS u (n, adopter) LOOP
    FOR r IN
      SELECT n, id FROM run WHERE definition = d.n AND owner = _me AND ready AND line IS NULL
      FOR UPDATE SKIP LOCKED
    LOOP
      UPDATE run SET ready = false WHERE n = r.n;
      RETURN QUERY SELECT 1::smallint, r.id, 0::bigint;
    END LOOP;
    FOR r IN
      SELECT n, id FROM run
      WHERE definition = d.n AND wake_at <= _now AND line IS NULL AND state <> 3
        AND (refused IS NULL OR refused <> d.adopter)
      ORDER BY wake_at LIMIT _limit - _taken + 1 FOR UPDATE SKIP LOCKED
    LOOP
      IF _taken >= _limit THEN _more := true; EXIT; END IF;
      _taken := _taken + 1;
      RETURN QUERY SELECT 0::smallint, r.id, take_v1(r.n, _me, 0);
    END LOOP;
    -- A paused run waits for a resume, a cancel or another revision.
    FOR r IN
      SELECT n, id FROM run
      WHERE definition = d.n AND owner IS NULL AND ready AND line IS NULL
        AND (state <> 3 OR stop = 1 OR wanted_revision IS NOT NULL)
        AND (refused IS NULL OR refused <> d.adopter)
      LIMIT _limit - _taken + 1 FOR UPDATE SKIP LOCKED
    LOOP
      IF _taken >= _limit THEN _more := true; EXIT; END IF;
      _taken := _taken + 1;
      RETURN QUERY SELECT 0::smallint, r.id, take_v1(r.n, _me, 0);
    END LOOP;
    IF _gone <> '{}' THEN
      FOR r IN
        SELECT n, id FROM run
        WHERE owner = ANY (_gone) AND definition = d.n
          AND (refused IS NULL OR refused <> d.adopter)
        LIMIT _limit - _taken + 1 FOR UPDATE SKIP LOCKED
      LOOP
        IF _taken >= _limit THEN _more := true; EXIT; END IF;
        _taken := _taken + 1;
        RETURN QUERY SELECT 0::smallint, r.id, take_v1(r.n, _me, 1);
      END LOOP;
    END IF;
    SELECT min(wake_at) INTO _wake FROM run
      WHERE definition = d.n AND wake_at IS NOT NULL AND (refused IS NULL OR refused <> d.adopter);
    _next := least(_next, _wake);
    SELECT min(at) INTO _wake FROM limit_call WHERE definition = d.n AND at > _now;
    _next := least(_next, _wake);
  END LOOP;
  IF _next IS NOT NULL THEN RETURN QUERY SELECT 2::smallint, NULL::uuid, _next; END IF;
  IF _more THEN RETURN QUERY SELECT 3::smallint, NULL::uuid, 0::bigint; END IF;
END $$;
