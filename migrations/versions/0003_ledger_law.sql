CREATE FUNCTION @.ledger_account_classify() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT k.kind, k.side, k.hot, k.floor_minor INTO NEW.kind, NEW.side, NEW.hot, NEW.floor_minor
  FROM @.ledger_account_kind k WHERE NEW.key ~ k.pattern AND (NEW.asset = 'azr') = (k.unit = 'token');
  IF NOT FOUND THEN
    RAISE EXCEPTION 'No account of this book is called % and kept in %.', NEW.key, NEW.asset USING ERRCODE = 'AZ002';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER classify BEFORE INSERT ON @.ledger_account FOR EACH ROW EXECUTE FUNCTION @.ledger_account_classify();

CREATE FUNCTION @.ledger_account_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO @.ledger_balance (account_id, balance, floor_minor) VALUES (NEW.id, 0, NEW.floor_minor);
  RETURN NULL;
END $$;
CREATE TRIGGER open AFTER INSERT ON @.ledger_account FOR EACH ROW WHEN (NOT NEW.hot)
  EXECUTE FUNCTION @.ledger_account_open();

CREATE FUNCTION @.ledger_entry_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.number := nextval('@.ledger_entry_number');
  NEW.posted_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE INSERT ON @.ledger_entry FOR EACH ROW EXECUTE FUNCTION @.ledger_entry_stamp();

CREATE FUNCTION @.ledger_entry_has_legs() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM @.ledger_leg WHERE entry_id = NEW.id) THEN
    RAISE EXCEPTION 'Entry % has no legs.', NEW.id USING ERRCODE = 'AZ002';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER has_legs AFTER INSERT ON @.ledger_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION @.ledger_entry_has_legs();

CREATE FUNCTION @.ledger_leg_law() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  part record;
  reached bigint;
BEGIN
  SELECT sums.entry_id INTO part FROM (
    SELECT entry_id, entry_number, asset, sum(amount) AS total, min(position) AS first_position
    FROM fresh GROUP BY entry_id, entry_number, asset) sums
  GROUP BY entry_id, entry_number
  HAVING bool_or(total <> 0) OR min(first_position) <> 1
    OR NOT EXISTS (SELECT FROM @.ledger_entry e WHERE e.id = sums.entry_id AND e.number = sums.entry_number);
  IF FOUND THEN
    RAISE EXCEPTION 'The legs of entry % must arrive together, balance per asset and belong to it.', part.entry_id
      USING ERRCODE = 'AZ002';
  END IF;
  FOR part IN
    SELECT f.account_id, sum(f.amount) AS amount,
      (SELECT a.hot FROM @.ledger_account a WHERE a.id = f.account_id AND a.asset = f.asset) AS hot
    FROM fresh f GROUP BY f.account_id, f.asset ORDER BY f.account_id
  LOOP
    IF part.hot IS NULL THEN
      RAISE EXCEPTION 'No account % is kept in that asset.', part.account_id USING ERRCODE = 'AZ002';
    ELSIF NOT part.hot THEN
      UPDATE @.ledger_balance b SET balance = b.balance + part.amount
      WHERE b.account_id = part.account_id AND (b.floor_minor IS NULL OR b.balance + part.amount >= b.floor_minor)
      RETURNING b.balance INTO reached;
      IF NOT FOUND OR reached < 0 AND part.amount < 0 AND EXISTS (
        SELECT FROM fresh f JOIN @.ledger_entry e ON e.id = f.entry_id
        WHERE f.account_id = part.account_id AND f.amount < 0 AND e.kind = 'payout_reserved') THEN
        RAISE EXCEPTION 'The balance of account % does not suffice.', part.account_id USING ERRCODE = 'AZ001',
          DETAIL = (SELECT a.key FROM @.ledger_account a WHERE a.id = part.account_id);
      END IF;
    END IF;
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER law AFTER INSERT ON @.ledger_leg REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_leg_law();

CREATE FUNCTION @.ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The book is only added to: % of % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'AZ002';
END $$;
CREATE TRIGGER maintained BEFORE INSERT OR UPDATE OR DELETE ON @.ledger_balance FOR EACH STATEMENT
  WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION @.ledger_refuse();
CREATE TRIGGER kept BEFORE TRUNCATE ON @.ledger_balance FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.ledger_account_kind
  FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.ledger_account
  FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.ledger_entry
  FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.ledger_leg
  FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.ledger_snapshot
  FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.ledger_rollup
  FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.ledger_snapshot_total
  FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.ledger_period
  FOR EACH STATEMENT EXECUTE FUNCTION @.ledger_refuse();
