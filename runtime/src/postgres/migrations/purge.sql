-- Runs that are taken away (format 2).

-- Runs that were purged, and of which rows are left in other tables.
CREATE TABLE purged (
  n bigint PRIMARY KEY
);

-- What a purge leaves behind is used again soon: tables stay as large as what they hold is.
ALTER TABLE run SET (toast.autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE entry SET (toast.autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE event SET (
  autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE progress SET (
  autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE tag SET (autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE start_key SET (autovacuum_vacuum_scale_factor = 0.02);

-- Deletes what other tables hold of runs that are gone, so many rows at most; how many it were.
CREATE FUNCTION clear_v2(_rows bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  _deleted bigint;
  _all bigint := 0;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM purged) THEN RETURN 0; END IF;
  DELETE FROM entry WHERE ctid = ANY (ARRAY (
    SELECT entry.ctid FROM purged JOIN entry ON entry.run = purged.n LIMIT _rows));
  GET DIAGNOSTICS _deleted = ROW_COUNT;
  _all := _all + _deleted;
  DELETE FROM event WHERE ctid = ANY (ARRAY (
    SELECT event.ctid FROM purged JOIN event ON event.run = purged.n LIMIT _rows - _all));
  GET DIAGNOSTICS _deleted = ROW_COUNT;
  _all := _all + _deleted;
  DELETE FROM progress WHERE ctid = ANY (ARRAY (
    SELECT progress.ctid FROM purged JOIN progress ON progress.run = purged.n LIMIT _rows - _all));
  GET DIAGNOSTICS _deleted = ROW_COUNT;
  _all := _all + _deleted;
  DELETE FROM purged
    WHERE NOT EXISTS (SELECT 1 FROM entry WHERE run = purged.n)
      AND NOT EXISTS (SELECT 1 FROM event WHERE run = purged.n)
      AND NOT EXISTS (SELECT 1 FROM progress WHERE run = purged.n);
  RETURN _all;
END $$;

-- Takes runs away that have ended; those that may go among so many at most that it looks at. One
-- worker at a time: `busy` if another one is at it. `next_range` is none once all were looked at,
-- and nothing is left of those that are gone. A range is the runs of one definition in one state.
CREATE FUNCTION purge_v2(
  _workflow text, _except text[], _states smallint[], _ended_before bigint, _keys_before bigint,
  _range bigint, _at bigint, _id uuid, _limit bigint, _rows bigint,
  OUT busy boolean, OUT runs bigint, OUT next_range bigint, OUT next_at bigint, OUT next_id uuid
) LANGUAGE plpgsql AS $$
DECLARE
  d record;
  _state smallint;
  _looks bigint := _limit;
  _seen bigint;
  _may_go bigint[];
  _gone bigint;
BEGIN
  runs := 0;
  busy := NOT pg_try_advisory_xact_lock(hashtext('flowcrate purge'), hashtext(current_schema()));
  IF busy THEN RETURN; END IF;
  _rows := _rows - clear_v2(_rows);
  IF EXISTS (SELECT 1 FROM purged) THEN
    next_range := _range; next_at := _at; next_id := _id;
    RETURN;
  END IF;
  FOR d IN
    SELECT n, workflow FROM definition
    WHERE n >= _range / 8 AND (_workflow IS NULL OR workflow = _workflow)
      AND workflow <> ALL (_except) ORDER BY n
  LOOP
    FOREACH _state IN ARRAY _states LOOP
      CONTINUE WHEN d.n * 8 + _state < _range;
      IF d.n * 8 + _state > _range THEN
        _range := d.n * 8 + _state;
        _at := (-9223372036854775808)::bigint;
        _id := '00000000-0000-0000-0000-000000000000';
      END IF;
      IF _looks <= 0 THEN
        next_range := _range; next_at := _at; next_id := _id;
        RETURN;
      END IF;
      SELECT array_agg(l.n) FILTER (WHERE l.may_go), count(*),
             coalesce((array_agg(l.started_at ORDER BY l.started_at DESC, l.id DESC))[1], _at),
             coalesce((array_agg(l.id ORDER BY l.started_at DESC, l.id DESC))[1], _id)
        INTO _may_go, _seen, _at, _id
        FROM (
          SELECT run.n, run.started_at, run.id,
                 run.ended_at < _ended_before AND (run.key IS NULL OR run.started_at < _keys_before)
                 AND NOT EXISTS (SELECT 1 FROM run AS callee
                   WHERE callee.parent = run.id AND callee.awaited AND callee.state < 4)
                 AND NOT (run.awaited AND EXISTS (SELECT 1 FROM run AS caller
                   WHERE caller.id = run.parent AND caller.state < 4)) AS may_go
          FROM run
          WHERE run.definition = d.n AND run.state = _state AND run.started_at < _ended_before
            AND (run.started_at, run.id) > (_at, _id)
          ORDER BY run.started_at, run.id LIMIT _looks) AS l;
      IF _may_go IS NOT NULL THEN
        -- One that somebody looks at just now stays until the next time.
        WITH gone AS (
          DELETE FROM run WHERE n IN (
            SELECT n FROM run WHERE n = ANY (_may_go) FOR UPDATE SKIP LOCKED)
          RETURNING n, id, key, tags, started_at
        ), keys AS (
          DELETE FROM start_key USING gone
          WHERE start_key.workflow = d.workflow AND start_key.key = gone.key
            AND start_key.id = gone.id
        ), tagged AS (
          SELECT t.name, t.value, gone.started_at, gone.id
          FROM gone, jsonb_each_text(gone.tags::jsonb) AS t (name, value)
          WHERE gone.tags IS NOT NULL
        ), tags AS (
          DELETE FROM tag USING tagged
          WHERE tag.name = tagged.name AND tag.value = tagged.value
            AND tag.started_at = tagged.started_at AND tag.id = tagged.id
        ), noted AS (
          INSERT INTO purged SELECT n FROM gone
        )
        SELECT count(*) INTO _gone FROM gone;
        runs := runs + _gone;
        _rows := _rows - clear_v2(greatest(_rows, 1));
      END IF;
      IF _seen >= _looks OR EXISTS (SELECT 1 FROM purged) THEN
        next_range := _range; next_at := _at; next_id := _id;
        RETURN;
      END IF;
      -- To look for it costs something, too, however little there is.
      _looks := _looks - _seen - 1;
    END LOOP;
  END LOOP;
END $$;
