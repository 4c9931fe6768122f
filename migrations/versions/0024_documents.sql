CREATE TABLE @.seller (
  code text NOT NULL,
  name text NOT NULL,
  address text NOT NULL,
  tax_id text NOT NULL,
  email text NOT NULL,
  changed_at timestamptz NOT NULL,
  CONSTRAINT pk_seller PRIMARY KEY (code),
  CONSTRAINT ck_seller_code_form CHECK (code ~ '^[a-z][a-z0-9-]{0,31}$'),
  CONSTRAINT ck_seller_name_given CHECK (name <> '')
);
INSERT INTO @.seller (code, name, address, tax_id, email, changed_at) VALUES ('azora', 'Azora', '', '', '', now());

CREATE TABLE @.document_series (
  seller_code text NOT NULL,
  series text NOT NULL,
  last_number bigint NOT NULL,
  CONSTRAINT pk_document_series PRIMARY KEY (seller_code, series),
  CONSTRAINT ck_document_series_last_positive CHECK (last_number > 0)
) WITH (fillfactor = 50);

-- No foreign key to the seller: every sale would lock its row, and what it said is frozen in the content.
CREATE TABLE @.document (
  id uuid NOT NULL,
  kind text NOT NULL,
  seller_code text NOT NULL,
  series text NOT NULL,
  number bigint,
  payment_id uuid NOT NULL,
  refund_id uuid,
  refers_to uuid,
  currency text NOT NULL,
  total_minor bigint NOT NULL,
  tax_minor bigint NOT NULL,
  issued_at timestamptz NOT NULL,
  content json NOT NULL,
  CONSTRAINT pk_document PRIMARY KEY (id),
  CONSTRAINT fk_document_payment_id FOREIGN KEY (payment_id) REFERENCES @.payment (id),
  CONSTRAINT fk_document_refund_id FOREIGN KEY (refund_id) REFERENCES @.refund (id),
  CONSTRAINT fk_document_refers_to FOREIGN KEY (refers_to) REFERENCES @.document (id),
  CONSTRAINT uq_document_seller_code_series_number UNIQUE (seller_code, series, number),
  CONSTRAINT ck_document_kind_known CHECK (kind IN ('receipt', 'credit_note', 'cancellation')),
  CONSTRAINT ck_document_number_positive CHECK (number > 0),
  CONSTRAINT ck_document_total_positive CHECK (total_minor > 0),
  CONSTRAINT ck_document_tax_within CHECK (tax_minor BETWEEN 0 AND total_minor),
  CONSTRAINT ck_document_currency_form CHECK (currency ~ '^[a-z]{3}$'),
  CONSTRAINT ck_document_receipt_stands_alone CHECK (
    (kind = 'receipt') = (refund_id IS NULL) AND (kind = 'receipt') = (refers_to IS NULL)),
  CONSTRAINT ck_document_series_of_kind_and_year CHECK (series =
    CASE kind WHEN 'receipt' THEN 'R-' WHEN 'credit_note' THEN 'CN-' ELSE 'CC-' END
    || to_char(issued_at AT TIME ZONE 'UTC', 'YYYY'))
);
CREATE UNIQUE INDEX uq_document_receipt ON @.document (payment_id) WHERE kind = 'receipt';
CREATE UNIQUE INDEX uq_document_of_refund ON @.document (refund_id, kind) WHERE refund_id IS NOT NULL;
CREATE INDEX ix_document_payment ON @.document (payment_id, issued_at, id);
CREATE INDEX ix_document_unnumbered ON @.document (seller_code, series, id) WHERE number IS NULL;

-- What was paid and given back before there were documents, numbered by time.
CREATE FUNCTION @.document_backfill_id(at timestamptz) RETURNS uuid LANGUAGE sql VOLATILE AS $$
  SELECT overlay(overlay(gen_random_uuid()::text PLACING substr(time, 1, 8) || '-' || substr(time, 9, 4) FROM 1 FOR 13)
    PLACING '7' FROM 15 FOR 1)::uuid
  FROM (SELECT lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS time) t
$$;
INSERT INTO @.document (id, kind, seller_code, series, number, payment_id, currency, total_minor, tax_minor, issued_at,
  content)
SELECT @.document_backfill_id(p.settled_at), 'receipt', s.code, year.series,
  row_number() OVER (PARTITION BY year.series ORDER BY p.settled_at, p.id),
  p.id, p.currency, p.amount_minor, 0, p.settled_at,
  json_build_object(
    'seller', json_build_object('name', s.name, 'address', s.address, 'tax_id', s.tax_id, 'email', s.email),
    'buyer', json_build_object('name', b.name, 'email', b.email),
    'lines', json_build_array(json_build_object('text', p.description, 'amount', p.amount_minor)),
    'method_brand', p.method_brand, 'method_last4', p.method_last4,
    'paid_at', coalesce(e.occurred_at, p.settled_at))
FROM @.payment p JOIN @.person b ON b.id = p.payer_id CROSS JOIN @.seller s
LEFT JOIN @.ledger_entry e ON e.kind = 'sale' AND e.reference = p.id::text
CROSS JOIN LATERAL (SELECT 'R-' || to_char(p.settled_at AT TIME ZONE 'UTC', 'YYYY') AS series) year
WHERE p.settled_at IS NOT NULL;

INSERT INTO @.document (id, kind, seller_code, series, number, payment_id, refund_id, refers_to, currency, total_minor,
  tax_minor, issued_at, content)
SELECT @.document_backfill_id(r.settled_at), 'credit_note', d.seller_code, year.series,
  row_number() OVER (PARTITION BY year.series ORDER BY r.settled_at, r.id),
  d.payment_id, r.id, d.id, r.currency, r.amount_minor, 0, r.settled_at,
  (d.content::jsonb || jsonb_build_object('lines',
    jsonb_build_array(jsonb_build_object('text', d.content -> 'lines' -> 0 ->> 'text', 'amount', r.amount_minor))))::json
FROM @.refund r JOIN @.document d ON d.payment_id = r.payment_id AND d.kind = 'receipt'
CROSS JOIN LATERAL (SELECT 'CN-' || to_char(r.settled_at AT TIME ZONE 'UTC', 'YYYY') AS series) year
WHERE r.settled_at IS NOT NULL;

INSERT INTO @.document (id, kind, seller_code, series, number, payment_id, refund_id, refers_to, currency, total_minor,
  tax_minor, issued_at, content)
SELECT @.document_backfill_id(r.ended_at), 'cancellation', d.seller_code, year.series,
  row_number() OVER (PARTITION BY year.series ORDER BY r.ended_at, r.id),
  d.payment_id, r.id, d.id, d.currency, d.total_minor, d.tax_minor, r.ended_at, d.content
FROM @.refund r JOIN @.document d ON d.refund_id = r.id AND d.kind = 'credit_note'
CROSS JOIN LATERAL (SELECT 'CC-' || to_char(r.ended_at AT TIME ZONE 'UTC', 'YYYY') AS series) year
WHERE r.ended_at IS NOT NULL;

INSERT INTO @.document_series (seller_code, series, last_number)
SELECT seller_code, series, max(number) FROM @.document GROUP BY seller_code, series;
DROP FUNCTION @.document_backfill_id(timestamptz);

-- From here on the database gives the numbers.
CREATE FUNCTION @.document_unnumbered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.number := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER unnumbered BEFORE INSERT ON @.document FOR EACH ROW EXECUTE FUNCTION @.document_unnumbered();

CREATE FUNCTION @.document_give_number() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  one record;
  given bigint;
BEGIN
  -- All of the transaction's documents at its first one, series by series, so that two transactions which write
  -- into the same series can't wait for each other. Committed documents have numbers, others' can't be seen.
  FOR one IN SELECT d.id, d.seller_code, d.series FROM @.document d WHERE d.number IS NULL
    ORDER BY d.seller_code, d.series, d.id
  LOOP
    INSERT INTO @.document_series AS s (seller_code, series, last_number) VALUES (one.seller_code, one.series, 1)
    ON CONFLICT (seller_code, series) DO UPDATE SET last_number = s.last_number + 1
    RETURNING s.last_number INTO given;
    UPDATE @.document d SET number = given WHERE d.id = one.id;
  END LOOP;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER give_number AFTER INSERT ON @.document DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION @.document_give_number();

CREATE FUNCTION @.document_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'Documents are only added to: % of % is refused.', TG_OP, TG_TABLE_NAME USING ERRCODE = 'AZ002';
END $$;
CREATE TRIGGER maintained BEFORE UPDATE ON @.document FOR EACH STATEMENT
  WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION @.document_refuse();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON @.document FOR EACH STATEMENT EXECUTE FUNCTION @.document_refuse();
CREATE TRIGGER maintained BEFORE INSERT OR UPDATE ON @.document_series FOR EACH STATEMENT
  WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION @.document_refuse();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON @.document_series
  FOR EACH STATEMENT EXECUTE FUNCTION @.document_refuse();
