CREATE VIEW @.ledger_writers AS
SELECT l.virtualtransaction FROM pg_locks l
WHERE l.locktype = 'relation' AND l.relation = '@.ledger_entry'::regclass AND l.mode = 'RowExclusiveLock' AND l.granted
  AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
  AND l.pid IS DISTINCT FROM pg_backend_pid();

-- The account of a leg that met one which does not exist yet: makes all that are missing, in the order of their keys
-- (two postings that make the same accounts must not wait for each other), and answers with this one.
CREATE FUNCTION @.ledger_account_made(new_key text, new_asset text, all_keys text[], all_assets text[])
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  made_id bigint;
BEGIN
  -- The posting statement does not see what an earlier leg's call has made; a statement in here does.
  FOR attempt IN 1..2 LOOP
    SELECT a.id INTO made_id FROM @.ledger_account a WHERE a.key = new_key AND a.asset = new_asset;
    EXIT WHEN FOUND;
    INSERT INTO @.ledger_account (key, asset)
    SELECT DISTINCT leg.key, leg.asset FROM unnest(all_keys, all_assets) leg (key, asset) ORDER BY 1, 2
    ON CONFLICT DO NOTHING;
  END LOOP;
  RETURN made_id;
END $$;

-- Answers with the entry that holds the fact: new_id, or the id of the one that stood there before.
-- plan_cache_mode: the length of the arrays would otherwise have every call planned anew (100 of 300 microseconds).
CREATE FUNCTION @.ledger_post(
  new_id uuid, new_kind text, new_reference text, new_hash bytea, new_cause text, new_request_id text, new_actor text,
  new_rule_version text, new_occurred_at timestamptz,
  leg_keys text[], leg_assets text[], leg_amounts bigint[], leg_times timestamptz[]
) RETURNS uuid LANGUAGE plpgsql SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  new_number bigint;
  stored_id uuid;
  stored_hash bytea;
BEGIN
  INSERT INTO @.ledger_entry
    (id, kind, reference, legs_hash, cause, request_id, actor, rule_version, occurred_at)
  VALUES (new_id, new_kind, new_reference, new_hash, new_cause, new_request_id, new_actor, new_rule_version,
    new_occurred_at)
  ON CONFLICT (kind, reference) DO NOTHING RETURNING number INTO new_number;
  IF new_number IS NULL THEN
    SELECT e.id, e.legs_hash INTO stored_id, stored_hash
    FROM @.ledger_entry e WHERE e.kind = new_kind AND e.reference = new_reference;
    IF stored_hash <> new_hash THEN
      RAISE EXCEPTION 'The book holds % % with other legs.', new_kind, new_reference
        USING ERRCODE = 'AZ004', DETAIL = stored_id;
    END IF;
    RETURN stored_id;
  END IF;
  INSERT INTO @.ledger_leg (entry_id, entry_number, account_id, amount, available_at, asset, position)
  SELECT new_id, new_number,
    coalesce((SELECT a.id FROM @.ledger_account a WHERE a.key = leg.key AND a.asset = leg.asset),
      @.ledger_account_made(leg.key, leg.asset, leg_keys, leg_assets)),
    leg.amount, leg.available_at, leg.asset, leg.position
  FROM unnest(leg_keys, leg_assets, leg_amounts, leg_times)
    WITH ORDINALITY leg (key, asset, amount, available_at, position);
  RETURN new_id;
END $$;

CREATE FUNCTION @.ledger_post_many(
  new_ids uuid[], new_kinds text[], new_references text[], new_hashes bytea[], new_causes text[],
  new_request_ids text[], new_actors text[], new_rule_versions text[], new_times timestamptz[],
  leg_places integer[], leg_positions integer[], leg_keys text[], leg_assets text[], leg_amounts bigint[],
  leg_times timestamptz[]
) RETURNS TABLE (stored_id uuid, agrees boolean) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO @.ledger_entry
    (id, kind, reference, legs_hash, cause, request_id, actor, rule_version, occurred_at)
  SELECT * FROM unnest(new_ids, new_kinds, new_references, new_hashes, new_causes, new_request_ids, new_actors,
    new_rule_versions, new_times) draft (id, kind, reference, legs_hash)
  ORDER BY draft.kind, draft.reference
  ON CONFLICT (kind, reference) DO NOTHING;

  INSERT INTO @.ledger_leg (entry_id, entry_number, account_id, amount, available_at, asset, position)
  SELECT made.id, made.number,
    coalesce((SELECT a.id FROM @.ledger_account a WHERE a.key = made.key AND a.asset = made.asset),
      @.ledger_account_made(made.key, made.asset, leg_keys, leg_assets)),
    made.amount, made.available_at, made.asset, made.position
  FROM (
    SELECT new_ids[leg.place] AS id, leg.*,
      (SELECT e.number FROM @.ledger_entry e WHERE e.id = new_ids[leg.place]) AS number
    FROM unnest(leg_places, leg_positions, leg_keys, leg_assets, leg_amounts, leg_times)
      leg (place, position, key, asset, amount, available_at)) made
  WHERE made.number IS NOT NULL;

  RETURN QUERY
  SELECT e.id, e.legs_hash = draft.legs_hash
  FROM unnest(new_kinds, new_references, new_hashes) WITH ORDINALITY draft (kind, reference, legs_hash, place)
  JOIN @.ledger_entry e ON e.kind = draft.kind AND e.reference = draft.reference
  ORDER BY draft.place;
END $$;

CREATE FUNCTION @.ledger_boundary(patience interval, OUT number bigint, OUT read_at timestamptz)
LANGUAGE plpgsql AS $$
DECLARE
  writers text[];
  deadline timestamptz := clock_timestamp() + patience;
BEGIN
  IF current_setting('transaction_isolation') <> 'read committed' THEN
    RAISE EXCEPTION 'A boundary is read in a READ COMMITTED transaction: others would not see what it waited for.'
      USING ERRCODE = 'AZ002';
  END IF;
  read_at := clock_timestamp();
  SELECT CASE WHEN s.is_called THEN s.last_value ELSE 0 END INTO number FROM @.ledger_entry_number s;
  SELECT array_agg(virtualtransaction) INTO writers FROM @.ledger_writers;
  WHILE EXISTS (SELECT FROM @.ledger_writers w WHERE w.virtualtransaction = ANY (writers)) LOOP
    IF clock_timestamp() > deadline THEN
      RAISE EXCEPTION 'A transaction that writes entries has been open for longer than %.', patience
        USING ERRCODE = 'AZ003';
    END IF;
    PERFORM pg_sleep(0.002);
  END LOOP;
END $$;
