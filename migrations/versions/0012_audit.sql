CREATE TABLE @.audit_entry (
  id uuid NOT NULL,
  recorded_at timestamptz NOT NULL,
  act text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  subject_label text NOT NULL,
  actor_id uuid,
  actor_name text NOT NULL,
  key_id uuid,
  via text NOT NULL,
  request_id text NOT NULL,
  address text NOT NULL,
  why text NOT NULL,
  before json,
  after json,
  CONSTRAINT pk_audit_entry PRIMARY KEY (id),
  CONSTRAINT ck_audit_entry_act_form CHECK (act ~ '^[a-z_]+(\.[a-z_]+)+$'),
  CONSTRAINT ck_audit_entry_subject_form CHECK (subject_kind ~ '^[a-z_]+$' AND subject_id <> ''),
  CONSTRAINT ck_audit_entry_via_known CHECK (via IN ('page', 'api', 'command', 'job'))
);
CREATE INDEX ix_audit_entry_recorded_at ON @.audit_entry (recorded_at, id);
CREATE INDEX ix_audit_entry_actor ON @.audit_entry (actor_id, recorded_at, id) WHERE actor_id IS NOT NULL;
CREATE INDEX ix_audit_entry_act ON @.audit_entry (act, recorded_at, id);
CREATE INDEX ix_audit_entry_subject ON @.audit_entry (subject_kind, subject_id, recorded_at, id);
CREATE INDEX ix_audit_entry_request ON @.audit_entry (request_id) WHERE request_id <> '';

-- The end of a chain: how many entries it has and the hash of the last one (none yet: 0 and null).
CREATE TABLE @.audit_head (
  day date NOT NULL,
  chain smallint NOT NULL,
  number bigint NOT NULL,
  hash bytea,
  sealed boolean NOT NULL DEFAULT false,
  CONSTRAINT pk_audit_head PRIMARY KEY (day, chain),
  CONSTRAINT ck_audit_head_chain_known CHECK (chain BETWEEN 0 AND 15),
  CONSTRAINT ck_audit_head_hash_of_last CHECK ((number = 0) = (hash IS NULL) AND number >= 0)
) WITH (fillfactor = 50);

-- Where an entry stands. No foreign keys: only the trigger writes here, and an entry can't go away.
CREATE TABLE @.audit_link (
  entry_id uuid NOT NULL,
  day date NOT NULL,
  chain smallint NOT NULL,
  number bigint NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT pk_audit_link PRIMARY KEY (entry_id),
  CONSTRAINT uq_audit_link_day_chain_number UNIQUE (day, chain, number)
);

CREATE TABLE @.audit_seal (
  day date NOT NULL,
  entries bigint NOT NULL,
  digest bytea NOT NULL,
  previous bytea,
  sealed_at timestamptz NOT NULL,
  hash bytea NOT NULL,
  CONSTRAINT pk_audit_seal PRIMARY KEY (day),
  -- One first seal, and one after each other: a chain.
  CONSTRAINT uq_audit_seal_previous UNIQUE NULLS NOT DISTINCT (previous)
);

-- The application's own mark on a seal, made with a key that the database does not have.
CREATE TABLE @.audit_mark (
  day date NOT NULL,
  key_id text NOT NULL,
  mark bytea NOT NULL,
  CONSTRAINT pk_audit_mark PRIMARY KEY (day, key_id),
  CONSTRAINT fk_audit_mark_day FOREIGN KEY (day) REFERENCES @.audit_seal (day)
);

-- A field as its length in bytes, a colon and itself; a null as a dash. So no two rows are written alike.
CREATE FUNCTION @.audit_field(value text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT coalesce(octet_length(value) || ':' || value, '-')
$$;

CREATE FUNCTION @.audit_micros(at timestamptz) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT (extract(epoch FROM at) * 1000000)::bigint::text
$$;

CREATE FUNCTION @.audit_hash(entry @.audit_entry, day date, chain smallint, number bigint, previous bytea)
RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to('azora audit 1'
    || @.audit_field(to_char(day, 'YYYY-MM-DD')) || @.audit_field(chain::text) || @.audit_field(number::text)
    || @.audit_field(encode(previous, 'hex'))
    || @.audit_field(entry.id::text) || @.audit_field(@.audit_micros(entry.recorded_at)) || @.audit_field(entry.act)
    || @.audit_field(entry.subject_kind) || @.audit_field(entry.subject_id) || @.audit_field(entry.subject_label)
    || @.audit_field(entry.actor_id::text) || @.audit_field(entry.actor_name) || @.audit_field(entry.key_id::text)
    || @.audit_field(entry.via) || @.audit_field(entry.request_id) || @.audit_field(entry.address)
    || @.audit_field(entry.why) || @.audit_field(entry.before::text) || @.audit_field(entry.after::text), 'UTF8'))
$$;

CREATE FUNCTION @.audit_digest(of_day date) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to('azora audit heads 1' || coalesce(string_agg(
    @.audit_field(h.chain::text) || @.audit_field(h.number::text) || @.audit_field(encode(h.hash, 'hex')), ''
    ORDER BY h.chain), ''), 'UTF8'))
  FROM @.audit_head h WHERE h.day = of_day
$$;

CREATE FUNCTION @.audit_seal_hash(seal @.audit_seal) RETURNS bytea LANGUAGE sql STABLE AS $$
  SELECT sha256(convert_to('azora audit seal 1'
    || @.audit_field(to_char(seal.day, 'YYYY-MM-DD')) || @.audit_field(seal.entries::text)
    || @.audit_field(encode(seal.digest, 'hex')) || @.audit_field(encode(seal.previous, 'hex'))
    || @.audit_field(@.audit_micros(seal.sealed_at)), 'UTF8'))
$$;

CREATE FUNCTION @.audit_entry_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.recorded_at := clock_timestamp();
  RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE INSERT ON @.audit_entry FOR EACH ROW EXECUTE FUNCTION @.audit_entry_stamp();

CREATE FUNCTION @.audit_entry_link() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  own_chain smallint := mod(pg_current_xact_id()::text::numeric, 16);
  own_day date;
  own_number bigint;
  own_hash bytea;
BEGIN
  -- Twice at most in peace: the first link of a chain makes its head. Once more when a seal came between.
  FOR attempt IN 1..5 LOOP
    SELECT greatest((NEW.recorded_at AT TIME ZONE 'UTC')::date, max(s.day) + 1) INTO own_day FROM @.audit_seal s;
    UPDATE @.audit_head h
    SET number = h.number + 1, hash = @.audit_hash(NEW, own_day, own_chain, h.number + 1, h.hash)
    WHERE h.day = own_day AND h.chain = own_chain AND NOT h.sealed
    RETURNING h.number, h.hash INTO own_number, own_hash;
    EXIT WHEN FOUND;
    INSERT INTO @.audit_head (day, chain, number) VALUES (own_day, own_chain, 0) ON CONFLICT DO NOTHING;
  END LOOP;
  IF own_hash IS NULL THEN
    RAISE EXCEPTION 'The chain of % takes no entry, and no seal says why.', own_day USING ERRCODE = 'AZ002';
  END IF;
  INSERT INTO @.audit_link (entry_id, day, chain, number, hash)
  VALUES (NEW.id, own_day, own_chain, own_number, own_hash);
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER link AFTER INSERT ON @.audit_entry DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION @.audit_entry_link();

CREATE FUNCTION @.audit_seal_law() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  latest @.audit_seal;
BEGIN
  SELECT * INTO latest FROM @.audit_seal s ORDER BY s.day DESC LIMIT 1;
  IF NEW.day >= (clock_timestamp() AT TIME ZONE 'UTC')::date THEN
    RAISE EXCEPTION 'The day % is not over: it can''t be sealed.', NEW.day USING ERRCODE = 'AZ002';
  ELSIF NEW.day <> latest.day + 1
     OR latest.day IS NULL AND EXISTS (SELECT FROM @.audit_head h WHERE h.day < NEW.day) THEN
    RAISE EXCEPTION 'The days are sealed one after the other, and % is not the next.', NEW.day
      USING ERRCODE = 'AZ002';
  END IF;
  INSERT INTO @.audit_head (day, chain, number) SELECT NEW.day, chain, 0 FROM generate_series(0, 15) chain
  ON CONFLICT DO NOTHING;
  -- Waits for whoever is just linking an entry into this day; after it nobody can.
  UPDATE @.audit_head h SET sealed = true WHERE h.day = NEW.day;
  SELECT sum(h.number) INTO NEW.entries FROM @.audit_head h WHERE h.day = NEW.day;
  NEW.digest := @.audit_digest(NEW.day);
  NEW.previous := latest.hash;
  NEW.sealed_at := clock_timestamp();
  NEW.hash := @.audit_seal_hash(NEW);
  RETURN NEW;
END $$;
CREATE TRIGGER law BEFORE INSERT ON @.audit_seal FOR EACH ROW EXECUTE FUNCTION @.audit_seal_law();

CREATE FUNCTION @.audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'The audit log is only added to: % of % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'AZ002';
END $$;
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.audit_entry
  FOR EACH STATEMENT EXECUTE FUNCTION @.audit_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.audit_link
  FOR EACH STATEMENT EXECUTE FUNCTION @.audit_refuse();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON @.audit_head FOR EACH STATEMENT EXECUTE FUNCTION @.audit_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.audit_seal
  FOR EACH STATEMENT EXECUTE FUNCTION @.audit_refuse();
CREATE TRIGGER kept BEFORE UPDATE OR DELETE OR TRUNCATE ON @.audit_mark
  FOR EACH STATEMENT EXECUTE FUNCTION @.audit_refuse();
CREATE TRIGGER maintained BEFORE INSERT ON @.audit_link FOR EACH STATEMENT
  WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION @.audit_refuse();
CREATE TRIGGER maintained BEFORE INSERT OR UPDATE ON @.audit_head FOR EACH STATEMENT
  WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION @.audit_refuse();
