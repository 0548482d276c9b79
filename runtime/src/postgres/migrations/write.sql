-- What the owner of a run writes, all or nothing. Everything that can refuse it is looked at before
-- anything is written, so that a refusal needs no rollback. `result` is 0 done, 1 fenced, 2 an
-- outcome stands in the way at `conflict`, 3 there is new mail. Where children were written before
-- it (`_strict`), a refusal is an error: those are to go, too.
--
-- `_next`: 0 keep in `_state`, 1 suspend, 2 release, 3 pause, 4 park, 5 adopt, 6 refuse, 7 end.
-- `tells` is 1 if other workers may have something to do, 2 if only who watches wants to know.
CREATE FUNCTION write_v1(
  _run uuid, _epoch bigint, _strict boolean, _progress boolean,
  _paths text[], _kinds text[], _statuses smallint[], _seqs bigint[], _inputs bytea[],
  _hashes bytea[], _outputs bytea[], _errors bytea[], _attempts integer[], _forgiven integer[],
  _issued bigint[], _started bigint[], _ended bigint[], _orders bigint[], _dues bigint[],
  _events text[], _keys text[], _undo_steps text[], _undo_inputs bytea[],
  _seal_from text[], _seal_to text[], _consumed bigint[], _published bytea, _response bytea,
  _given_up uuid[], _given_up_at bigint[],
  _next smallint, _state smallint, _seen bigint, _wake_at bigint, _output bytea, _failure bytea,
  _mail bytea, _outside boolean, _yields boolean, _at bigint,
  _revision text, _fingerprint text, _declares text, _change jsonb, _refusal text,
  OUT result smallint, OUT conflict text, OUT state smallint, OUT tells smallint
) LANGUAGE plpgsql AS $$
DECLARE
  r record;
  i integer;
BEGIN
  state := 0;
  tells := 0;
  SELECT run.n, run.epoch, run.owner, run.state, run.stop, run.stop_reason, run.inbox_seq,
         run.takeovers, run.definition, run.parent, run.parent_path, run.awaited
    INTO r FROM run WHERE run.id = _run FOR UPDATE;
  IF NOT FOUND OR r.owner IS NULL OR r.epoch <> _epoch THEN
    result := 1;
  ELSE
    IF _paths <> '{}' THEN
      SELECT e.path INTO conflict
        FROM unnest(_paths) WITH ORDINALITY AS p (path, i)
        JOIN entry e ON e.run = r.n AND e.path = p.path
        WHERE e.status >= 3 ORDER BY p.i LIMIT 1;
    END IF;
    result := CASE WHEN conflict IS NOT NULL THEN 2
                   WHEN _next = 1 AND r.inbox_seq <> _seen THEN 3
                   ELSE 0 END;
  END IF;
  IF result <> 0 THEN
    IF _strict THEN
      RAISE EXCEPTION 'refused' USING ERRCODE = 'FC00' || result, DETAIL = coalesce(conflict, '');
    END IF;
    RETURN;
  END IF;

  IF _paths <> '{}' THEN
    INSERT INTO entry (run, sealed, path, kind, status, seq, input, input_hash, output, error,
                       attempts, forgiven, issued, started_at, ended_at, wait_order, wait_due,
                       wait_event, wait_key, undo_step, undo_input)
      SELECT r.n, false, e.* FROM unnest(
        _paths, _kinds, _statuses, _seqs, _inputs, _hashes, _outputs, _errors, _attempts,
        _forgiven, _issued, _started, _ended, _orders, _dues, _events, _keys, _undo_steps,
        _undo_inputs) AS e
      ON CONFLICT (run, path) DO UPDATE SET
        sealed = false, kind = excluded.kind, status = excluded.status, seq = excluded.seq,
        input = excluded.input, input_hash = excluded.input_hash, output = excluded.output,
        error = excluded.error, attempts = excluded.attempts, forgiven = excluded.forgiven,
        issued = excluded.issued, started_at = excluded.started_at, ended_at = excluded.ended_at,
        wait_order = excluded.wait_order, wait_due = excluded.wait_due,
        wait_event = excluded.wait_event, wait_key = excluded.wait_key,
        undo_step = excluded.undo_step, undo_input = excluded.undo_input;
  END IF;
  FOR i IN 1..cardinality(_seal_from) LOOP
    UPDATE entry SET sealed = true
      WHERE run = r.n AND NOT sealed AND path >= _seal_from[i] AND path < _seal_to[i];
  END LOOP;
  IF _consumed <> '{}' THEN
    UPDATE event SET consumed = true WHERE run = r.n AND NOT consumed AND seq = ANY (_consumed);
  END IF;
  IF _published IS NOT NULL OR _response IS NOT NULL OR (_progress AND r.takeovers > 0) THEN
    -- Whoever waits for a response has it: it never changes.
    UPDATE run SET published = coalesce(_published, published),
                   response = coalesce(response, _response),
                   takeovers = CASE WHEN _progress THEN 0 ELSE takeovers END
      WHERE n = r.n;
    tells := 2;
  END IF;
  FOR i IN 1..cardinality(_given_up) LOOP
    PERFORM cancel_v1(_given_up[i], 'its caller gave it up', _given_up_at[i]);
    tells := 1;
  END LOOP;

  IF _next = 7 AND _yields THEN
    IF r.stop = 1 THEN
      _next := 0;
      _state := 1;
    ELSE
      UPDATE entry SET status = 5, ended_at = _at, wait_order = NULL, wait_due = NULL,
                       wait_event = NULL, wait_key = NULL
        WHERE run = r.n AND status < 3 AND right(path, 5) = '!undo';
    END IF;
  END IF;
  state := r.state;
  CASE _next
    WHEN 0 THEN
      IF r.state <> _state THEN
        UPDATE run SET state = _state, failure = NULL, from_outside = false WHERE n = r.n;
        state := _state;
      END IF;
    WHEN 1 THEN
      UPDATE run SET state = 2, owner = NULL, ready = false, wake_at = _wake_at WHERE n = r.n;
      state := 2;
      tells := greatest(tells, 2);
    WHEN 2 THEN
      UPDATE run SET owner = NULL, ready = true WHERE n = r.n;
      tells := 1;
    WHEN 3, 4 THEN
      UPDATE run SET state = 3, owner = NULL, ready = (run.stop = 1 AND _next = 3),
                     stop = CASE run.stop WHEN 1 THEN 1 ELSE 0 END,
                     stop_reason = CASE run.stop WHEN 1 THEN run.stop_reason END,
                     failure = _failure, from_outside = _outside WHERE n = r.n;
      state := 3;
      tells := 1;
    WHEN 5 THEN
      UPDATE run SET
          definition = (SELECT definition_v1(d.workflow, _revision, _fingerprint, _declares)
                        FROM definition d WHERE d.n = r.definition),
          revisions = coalesce(run.revisions, '[]') || jsonb_build_array(_change ||
            (SELECT jsonb_build_object('from', d.revision) FROM definition d
             WHERE d.n = r.definition)),
          wanted_revision = NULL, refusal = NULL, refused = NULL,
          owner = CASE WHEN run.state <> 3 THEN run.owner END
        WHERE n = r.n;
      tells := 2;
    WHEN 6 THEN
      UPDATE run SET owner = NULL, ready = (run.state <> 3), wanted_revision = NULL,
                     refusal = _refusal, refused = _revision WHERE n = r.n;
      tells := 1;
    ELSE
      -- A cancel that came first wins.
      IF r.stop = 1 THEN _state := 6; _output := NULL; _failure := NULL; END IF;
      UPDATE run SET owner = NULL, ready = false, wake_at = NULL, ended_at = _at, state = _state,
                     output = _output, failure = _failure, from_outside = false WHERE n = r.n;
      state := _state;
      tells := greatest(tells, 2);
      IF r.awaited THEN tells := 1; END IF;
      -- Outputs and failures may be sealed, and come as mail then.
      PERFORM part_v1(_run, r.parent, r.parent_path, r.awaited, CASE
        WHEN _state = 6 THEN cancelled_v1(r.stop_reason)
        WHEN _mail IS NOT NULL THEN _mail
        WHEN _state = 4 THEN '["completed",'::bytea || coalesce(_output, 'null') || ']'
        ELSE '["failed",'::bytea || coalesce(_failure, 'null') || ']' END, _at);
  END CASE;
END $$;
