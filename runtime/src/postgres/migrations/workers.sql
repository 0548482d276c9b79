-- Workers: their leases, and what they claim. Each function bears the format that it came with, so
-- that programs of two formats find their own.

-- The number of a worker; one that never opened the store is gone already.
CREATE FUNCTION worker_v1(_id uuid) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE _n bigint;
BEGIN
  SELECT n INTO _n FROM worker WHERE id = _id;
  IF NOT FOUND THEN
    INSERT INTO worker (id, expires_at) VALUES (_id, '-infinity') ON CONFLICT DO NOTHING;
    SELECT n INTO _n FROM worker WHERE id = _id;
  END IF;
  RETURN _n;
END $$;

-- Gives a worker so many milliseconds from now.
CREATE FUNCTION renew_v1(_id uuid, _lease bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  _n bigint;
  _until timestamptz := clock_timestamp() + _lease * interval '1 millisecond';
BEGIN
  UPDATE worker SET expires_at = _until WHERE id = _id RETURNING n INTO _n;
  IF NOT FOUND THEN
    INSERT INTO worker (id, expires_at) VALUES (_id, _until)
      ON CONFLICT (id) DO UPDATE SET expires_at = _until RETURNING n INTO _n;
  END IF;
  RETURN _n;
END $$;

-- Takes a run for a worker; the new epoch.
CREATE FUNCTION take_v1(_n bigint, _worker bigint, _takeover integer) RETURNS bigint
LANGUAGE sql AS $$
  UPDATE run SET owner = _worker, epoch = epoch + 1, ready = false, wake_at = NULL,
                 takeovers = takeovers + _takeover
  WHERE n = _n RETURNING epoch
$$;

-- What a worker gets: 0 is a run of its own now, with its epoch; 1 one of its own that has mail, or
-- was terminated under it; 2 when the next one is due; 3 that the limit kept back some.
-- A row that another transaction holds is skipped: who holds it says so when it is done.
CREATE FUNCTION claim_v1(
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
  d record;
  r record;
BEGIN
  SELECT n INTO _me FROM worker WHERE id = _worker AND expires_at > clock_timestamp();
  IF NOT FOUND THEN
    _me := renew_v1(_worker, _lease);
  END IF;
  RETURN QUERY DELETE FROM taken_away t WHERE t.worker = _me RETURNING 1::smallint, t.id, 0::bigint;
  SELECT coalesce(array_agg(n), '{}') INTO _gone FROM worker WHERE expires_at <= clock_timestamp();
  FOR d IN
    SELECT f.n, a.adopter FROM unnest(_workflows, _revisions, _adopters)
      WITH ORDINALITY AS a (workflow, revision, adopter, i)
      JOIN definition f ON f.workflow = a.workflow AND f.revision = a.revision
    ORDER BY a.i, f.n
  LOOP
    FOR r IN
      SELECT n, id FROM run WHERE definition = d.n AND owner = _me AND ready
      FOR UPDATE SKIP LOCKED
    LOOP
      UPDATE run SET ready = false WHERE n = r.n;
      RETURN QUERY SELECT 1::smallint, r.id, 0::bigint;
    END LOOP;
    FOR r IN
      SELECT n, id FROM run
      WHERE definition = d.n AND wake_at <= _now AND state <> 3
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
      WHERE definition = d.n AND owner IS NULL AND ready
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
  END LOOP;
  IF _next IS NOT NULL THEN RETURN QUERY SELECT 2::smallint, NULL::uuid, _next; END IF;
  IF _more THEN RETURN QUERY SELECT 3::smallint, NULL::uuid, 0::bigint; END IF;
END $$;
