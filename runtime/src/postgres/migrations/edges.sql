-- Starts and events in transactions of the application's own (format 2). They bring the journal's
-- settings along, and tell the workers, who hear of it once the transaction commits.

-- What a workflow declares may be long: an index has no room for it.
ALTER TABLE definition DROP CONSTRAINT definition_workflow_revision_fingerprint_events_key;
CREATE UNIQUE INDEX definition_known
  ON definition (workflow, revision, fingerprint, md5(events));

CREATE FUNCTION tell_v2() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('NOTIFY %I', 'flowcrate ' || current_schema());
END $$;

CREATE FUNCTION start_in_v2(
  _id uuid, _workflow text, _revision text, _fingerprint text, _events text, _key text,
  _seed bytea, _input bytea, _hash bytea, _at bigint, _owner uuid, _tags text,
  _tag_names text[], _tag_values text[], _parent uuid, _parent_path text, _awaited boolean,
  _if_absent boolean, _limit_key text, _priority integer,
  OUT existing uuid, OUT existing_hash bytea
) LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
BEGIN
  SELECT s.existing, s.existing_hash INTO existing, existing_hash
    FROM start_v2(_id, _workflow, _revision, _fingerprint, _events, _key, _seed, _input, _hash,
                  _at, _owner, _tags, _tag_names, _tag_values, _parent, _parent_path, _awaited,
                  _if_absent, _limit_key, _priority) AS s;
  PERFORM tell_v2();
END $$;

CREATE FUNCTION event_in_v2(
  _run uuid, _name text, _key text, _event_id text, _reserved boolean, _payload bytea, _at bigint
) RETURNS smallint LANGUAGE plpgsql SET search_path FROM CURRENT SET enable_seqscan = off AS $$
DECLARE _result smallint := event_v1(_run, _name, _key, _event_id, _reserved, _payload, _at);
BEGIN
  PERFORM tell_v2();
  RETURN _result;
END $$;

-- The database's clock, by which timers are due and leases end: in one place, so that a test can
-- set it. It may jump; epochs see to what follows.
CREATE FUNCTION now_v2() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$ SELECT clock_timestamp() $$;

CREATE OR REPLACE FUNCTION renew_v1(_id uuid, _lease bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  _n bigint;
  _until timestamptz := now_v2() + _lease * interval '1 millisecond';
BEGIN
  UPDATE worker SET expires_at = _until WHERE id = _id RETURNING n INTO _n;
  IF NOT FOUND THEN
    INSERT INTO worker (id, expires_at) VALUES (_id, _until)
      ON CONFLICT (id) DO UPDATE SET expires_at = _until RETURNING n INTO _n;
  END IF;
  RETURN _n;
END $$;
