-- Starts, mail, and what others ask of runs.

-- The number of a definition.
CREATE FUNCTION definition_v1(_workflow text, _revision text, _fingerprint text, _events text)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE _n bigint;
BEGIN
  SELECT n INTO _n FROM definition
    WHERE workflow = _workflow AND revision = _revision AND fingerprint = _fingerprint
      AND events = _events;
  IF NOT FOUND THEN
    INSERT INTO definition (workflow, revision, fingerprint, events)
      VALUES (_workflow, _revision, _fingerprint, _events) ON CONFLICT DO NOTHING;
    SELECT n INTO _n FROM definition
      WHERE workflow = _workflow AND revision = _revision AND fingerprint = _fingerprint
        AND events = _events;
  END IF;
  RETURN _n;
END $$;

-- Locks the rows that a commit will change, in one order for all: its runs, who waits for those
-- that end, and whom those took along. Two groups of workers never wait for each other in a ring.
CREATE FUNCTION lock_v1(_runs uuid[], _ending uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM run WHERE n IN (
    SELECT n FROM run WHERE id = ANY (_runs)
    UNION
    SELECT p.n FROM run c JOIN run p ON p.id = c.parent WHERE c.id = ANY (_ending) AND c.awaited
    UNION
    SELECT c.n FROM run c WHERE c.parent = ANY (_ending) AND c.awaited AND c.state < 4
  ) ORDER BY n FOR UPDATE;
END $$;

-- Starts a run, unless its key has one, or unless it is there.
CREATE FUNCTION start_v1(
  _id uuid, _workflow text, _revision text, _fingerprint text, _events text, _key text,
  _seed bytea, _input bytea, _hash bytea, _at bigint, _owner uuid, _tags text,
  _tag_names text[], _tag_values text[], _parent uuid, _parent_path text, _awaited boolean,
  _if_absent boolean, OUT existing uuid, OUT existing_hash bytea
) LANGUAGE plpgsql AS $$
BEGIN
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
  INSERT INTO run (id, definition, state, epoch, owner, ready, started_at, key, seed, input,
                   input_hash, tags, parent, parent_path, awaited)
    VALUES (_id, definition_v1(_workflow, _revision, _fingerprint, _events),
            CASE WHEN _owner IS NULL THEN 0 ELSE 1 END, CASE WHEN _owner IS NULL THEN 0 ELSE 1 END,
            CASE WHEN _owner IS NOT NULL THEN worker_v1(_owner) END, _owner IS NULL, _at, _key,
            _seed, _input, _hash, _tags, _parent, _parent_path, _awaited);
  IF _tags IS NOT NULL THEN
    INSERT INTO tag (name, value, started_at, id)
      SELECT t.name, t.value, _at, _id FROM unnest(_tag_names, _tag_values) AS t (name, value);
  END IF;
END $$;

-- Puts an event into an inbox: 0 it is there, 1 it was, 2 no such run, 3 that has ended, 4 it
-- declares no such event.
CREATE FUNCTION event_v1(
  _run uuid, _name text, _key text, _event_id text, _reserved boolean, _payload bytea, _at bigint
) RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  SELECT run.n, run.state, run.inbox_seq, run.definition INTO r FROM run WHERE id = _run FOR UPDATE;
  IF NOT FOUND THEN RETURN 2; END IF;
  IF _reserved OR NOT (SELECT events::jsonb ? _name FROM definition WHERE n = r.definition) THEN
    RETURN 4;
  END IF;
  IF _event_id IS NOT NULL
     AND EXISTS (SELECT 1 FROM event WHERE run = r.n AND event_id = _event_id) THEN
    RETURN 1;
  END IF;
  IF r.state > 3 THEN RETURN 3; END IF;
  INSERT INTO event (run, seq, name, key, event_id, payload, at)
    VALUES (r.n, r.inbox_seq + 1, _name, _key, _event_id, _payload, _at);
  UPDATE run SET inbox_seq = inbox_seq + 1, ready = true WHERE n = r.n;
  RETURN 0;
END $$;

-- The mail that tells of a cancel. Reasons are stored as they are.
CREATE FUNCTION cancelled_v1(_reason text) RETURNS bytea LANGUAGE sql AS $$
  SELECT convert_to(
    '["cancelled",' || coalesce(to_json(_reason)::text, 'null') || ']', 'UTF8')
$$;

-- Asks a run to cancel: 0 it is asked, 1 it was, 2 no such run, 3 that has ended.
CREATE FUNCTION cancel_v1(_run uuid, _reason text, _at bigint) RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  SELECT n, epoch, state, stop, from_outside, parent, parent_path, awaited
    INTO r FROM run WHERE id = _run FOR UPDATE;
  IF NOT FOUND THEN RETURN 2; END IF;
  IF r.state > 3 THEN RETURN 3; END IF;
  IF r.stop = 1 THEN RETURN 1; END IF;
  -- One that nobody has driven has nothing to clean up, and may wait long for a worker.
  IF r.epoch = 0 AND NOT EXISTS (SELECT 1 FROM entry WHERE run = r.n) THEN
    UPDATE run SET inbox_seq = inbox_seq + 1, ready = false, stop = 1, stop_reason = _reason,
                   state = 6, failure = NULL, from_outside = false, ended_at = _at, wake_at = NULL
      WHERE n = r.n;
    PERFORM part_v1(_run, r.parent, r.parent_path, r.awaited, cancelled_v1(_reason), _at);
  -- A run that stands still because someone paused it goes on.
  ELSIF r.state = 3 AND r.from_outside THEN
    UPDATE run SET inbox_seq = inbox_seq + 1, ready = true, stop = 1, stop_reason = _reason,
                   state = 0, failure = NULL, from_outside = false WHERE n = r.n;
  ELSE
    UPDATE run SET inbox_seq = inbox_seq + 1, ready = true, stop = 1, stop_reason = _reason
      WHERE n = r.n;
  END IF;
  RETURN 0;
END $$;

-- A run has ended: its awaited children are to end, and its caller has mail if it waits still.
CREATE FUNCTION part_v1(_id uuid, _parent uuid, _path text, _awaited boolean, _mail bytea,
                        _at bigint)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  c record;
  p record;
BEGIN
  FOR c IN SELECT id FROM run WHERE parent = _id AND awaited AND state < 4 ORDER BY n LOOP
    PERFORM cancel_v1(c.id, 'its caller has ended', _at);
  END LOOP;
  IF NOT _awaited THEN RETURN; END IF;
  SELECT n, state, inbox_seq INTO p FROM run WHERE id = _parent FOR UPDATE;
  IF NOT FOUND OR p.state > 3 OR NOT EXISTS (
    SELECT 1 FROM entry WHERE run = p.n AND path = _path AND NOT sealed AND status < 3
  ) THEN
    RETURN;
  END IF;
  INSERT INTO event (run, seq, name, key, payload, at)
    VALUES (p.n, p.inbox_seq + 1, '!child', _path, _mail, _at);
  UPDATE run SET inbox_seq = inbox_seq + 1, ready = true WHERE n = p.n;
END $$;

-- What somebody asks of a run: 1 terminate, 2 pause, 3 resume, 4 adopt. The answer is that of
-- `cancel_v1`. `_failure` is what the run stands still or ends with, `_mail` tells its caller.
CREATE FUNCTION request_v1(
  _run uuid, _ask smallint, _reason text, _revision text, _failure bytea, _mail bytea, _at bigint
) RETURNS smallint LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
  SELECT run.n, run.state, run.stop, run.owner, run.wanted_revision, run.parent, run.parent_path,
         run.awaited, definition.revision
    INTO r FROM run JOIN definition ON definition.n = run.definition
    WHERE run.id = _run FOR UPDATE OF run;
  IF NOT FOUND THEN RETURN 2; END IF;
  IF r.state > 3 THEN RETURN 3; END IF;
  CASE _ask
    WHEN 1 THEN
      UPDATE run SET state = 6, failure = _failure, ended_at = _at, epoch = epoch + 1,
                     ready = false, owner = NULL, wake_at = NULL WHERE n = r.n;
      UPDATE entry SET status = 5, ended_at = _at, wait_order = NULL, wait_due = NULL,
                       wait_event = NULL, wait_key = NULL WHERE run = r.n AND status < 3;
      IF r.owner IS NOT NULL THEN
        INSERT INTO taken_away (worker, id) VALUES (r.owner, _run) ON CONFLICT DO NOTHING;
      END IF;
      PERFORM part_v1(_run, r.parent, r.parent_path, r.awaited, _mail, _at);
    WHEN 2 THEN
      IF r.state = 3 OR r.stop <> 0 THEN RETURN 1; END IF;
      IF r.owner IS NOT NULL THEN
        UPDATE run SET inbox_seq = inbox_seq + 1, ready = true, stop = 2, stop_reason = _reason
          WHERE n = r.n;
      ELSE
        UPDATE run SET inbox_seq = inbox_seq + 1, state = 3, failure = _failure,
                       from_outside = true, ready = false, wake_at = NULL WHERE n = r.n;
      END IF;
    WHEN 3 THEN
      IF r.state <> 3 AND r.stop <> 2 THEN RETURN 1; END IF;
      UPDATE run SET inbox_seq = inbox_seq + 1, ready = true,
                     stop = CASE stop WHEN 2 THEN 0 ELSE stop END,
                     stop_reason = CASE stop WHEN 1 THEN stop_reason END,
                     takeovers = CASE state WHEN 3 THEN 0 ELSE takeovers END,
                     failure = CASE WHEN state <> 3 THEN failure END,
                     from_outside = false,
                     state = CASE state WHEN 3 THEN 0 ELSE state END WHERE n = r.n;
    ELSE
      IF r.revision = _revision OR r.wanted_revision = _revision THEN RETURN 1; END IF;
      UPDATE run SET inbox_seq = inbox_seq + 1, ready = true, wanted_revision = _revision,
                     refusal = NULL, refused = NULL WHERE n = r.n;
  END CASE;
  RETURN 0;
END $$;

-- Appends to a progress stream: 0 it is there, 1 it was, 2 the run is not the writer's.
CREATE FUNCTION append_v1(
  _run uuid, _epoch bigint, _stream text, _path text, _item_id text, _value bytea, _at bigint,
  OUT result smallint, OUT idx bigint
) LANGUAGE plpgsql AS $$
DECLARE _n bigint;
BEGIN
  SELECT n INTO _n FROM run WHERE id = _run AND epoch = _epoch AND owner IS NOT NULL FOR UPDATE;
  IF NOT FOUND THEN result := 2; idx := 0; RETURN; END IF;
  IF _item_id IS NOT NULL THEN
    SELECT p.idx INTO append_v1.idx FROM progress p
      WHERE p.run = _n AND p.stream = _stream AND p.item_id = _item_id;
    IF FOUND THEN result := 1; RETURN; END IF;
  END IF;
  SELECT coalesce(max(p.idx) + 1, 0) INTO append_v1.idx FROM progress p
    WHERE p.run = _n AND p.stream = _stream;
  INSERT INTO progress (run, stream, idx, path, item_id, value, at)
    VALUES (_n, _stream, append_v1.idx, _path, _item_id, _value, _at);
  result := 0;
END $$;

-- Advances a schedule, if it stands where the caller believes; whether it did.
CREATE FUNCTION fire_v1(
  _name text, _known boolean, _rule text, _at bigint, _next_rule text, _next bigint
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  IF _known THEN
    UPDATE schedule SET rule = _next_rule, next_fire = _next
      WHERE name = _name AND rule = _rule AND next_fire IS NOT DISTINCT FROM _at;
  ELSE
    INSERT INTO schedule VALUES (_name, _next_rule, _next) ON CONFLICT DO NOTHING;
  END IF;
  RETURN FOUND;
END $$;
