CREATE TABLE ledger_account_kind (
  kind text NOT NULL,
  pattern text NOT NULL,
  unit text NOT NULL,
  side smallint NOT NULL,
  floor_minor bigint,
  hot boolean NOT NULL,
  CONSTRAINT pk_ledger_account_kind PRIMARY KEY (kind),
  CONSTRAINT uq_ledger_account_kind_pattern UNIQUE (pattern),
  CONSTRAINT ck_ledger_account_kind_unit_known CHECK (unit IN ('money', 'token')),
  CONSTRAINT ck_ledger_account_kind_side_known CHECK (side IN (-1, 1)),
  CONSTRAINT ck_ledger_account_kind_floor_has_row CHECK (floor_minor IS NULL OR (side = 1 AND NOT hot))
);
CREATE TABLE ledger_account (
  id bigint GENERATED ALWAYS AS IDENTITY,
  key text NOT NULL,
  asset text NOT NULL,
  kind text NOT NULL,
  side smallint NOT NULL,
  hot boolean NOT NULL,
  floor_minor bigint,
  CONSTRAINT pk_ledger_account PRIMARY KEY (id),
  CONSTRAINT uq_ledger_account_key_asset UNIQUE (key, asset),
  CONSTRAINT fk_ledger_account_kind FOREIGN KEY (kind) REFERENCES ledger_account_kind (kind),
  CONSTRAINT ck_ledger_account_asset_form CHECK (asset ~ '^[a-z]{3}$')
);
CREATE TABLE ledger_balance (
  account_id bigint NOT NULL,
  balance bigint NOT NULL,
  floor_minor bigint,
  CONSTRAINT pk_ledger_balance PRIMARY KEY (account_id),
  CONSTRAINT fk_ledger_balance_account_id FOREIGN KEY (account_id) REFERENCES ledger_account (id),
  CONSTRAINT ck_ledger_balance_floor CHECK (balance >= floor_minor)
) WITH (fillfactor = 70);
CREATE SEQUENCE ledger_entry_number;
CREATE TABLE ledger_entry (
  id uuid NOT NULL,
  number bigint NOT NULL,
  kind text NOT NULL,
  reference text NOT NULL,
  legs_hash bytea NOT NULL,
  cause text NOT NULL,
  request_id text,
  actor text,
  rule_version text NOT NULL,
  occurred_at timestamptz NOT NULL,
  posted_at timestamptz NOT NULL,
  CONSTRAINT pk_ledger_entry PRIMARY KEY (id),
  CONSTRAINT uq_ledger_entry_number UNIQUE (number),
  CONSTRAINT uq_ledger_entry_reference_kind UNIQUE (reference, kind),
  CONSTRAINT ck_ledger_entry_explained CHECK (kind <> '' AND reference <> '' AND cause <> '' AND rule_version <> ''),
  CONSTRAINT ck_ledger_entry_hash_length CHECK (length(legs_hash) = 32)
);
CREATE TABLE ledger_leg (
  entry_id uuid NOT NULL,
  entry_number bigint NOT NULL,
  account_id bigint NOT NULL,
  amount bigint NOT NULL,
  available_at timestamptz,
  asset text NOT NULL,
  position smallint NOT NULL,
  CONSTRAINT pk_ledger_leg PRIMARY KEY (entry_id, position),
  CONSTRAINT ck_ledger_leg_not_nought CHECK (amount <> 0),
  CONSTRAINT ck_ledger_leg_position_counts CHECK (position >= 1)
);
CREATE INDEX ix_ledger_leg_account ON ledger_leg (account_id, entry_number) INCLUDE (amount);
CREATE INDEX ix_ledger_leg_pending ON ledger_leg (account_id, available_at) INCLUDE (amount)
  WHERE available_at IS NOT NULL;
CREATE TABLE ledger_snapshot (
  number bigint NOT NULL,
  taken_at timestamptz NOT NULL,
  last_posted_at timestamptz NOT NULL,
  entries bigint NOT NULL,
  CONSTRAINT pk_ledger_snapshot PRIMARY KEY (number)
);
CREATE TABLE ledger_rollup (
  account_id bigint NOT NULL,
  number bigint NOT NULL,
  balance bigint NOT NULL,
  CONSTRAINT pk_ledger_rollup PRIMARY KEY (account_id, number),
  CONSTRAINT fk_ledger_rollup_account_id FOREIGN KEY (account_id) REFERENCES ledger_account (id),
  CONSTRAINT fk_ledger_rollup_number FOREIGN KEY (number) REFERENCES ledger_snapshot (number)
);
CREATE TABLE ledger_snapshot_total (
  number bigint NOT NULL,
  kind text NOT NULL,
  asset text NOT NULL,
  balance bigint NOT NULL,
  CONSTRAINT pk_ledger_snapshot_total PRIMARY KEY (number, kind, asset),
  CONSTRAINT fk_ledger_snapshot_total_number FOREIGN KEY (number) REFERENCES ledger_snapshot (number),
  CONSTRAINT fk_ledger_snapshot_total_kind FOREIGN KEY (kind) REFERENCES ledger_account_kind (kind)
);
CREATE TABLE ledger_period (
  ended_at timestamptz NOT NULL,
  began_at timestamptz,
  entries bigint NOT NULL,
  digest bytea NOT NULL,
  sealed_at timestamptz NOT NULL,
  CONSTRAINT pk_ledger_period PRIMARY KEY (ended_at),
  CONSTRAINT uq_ledger_period_began_at UNIQUE NULLS NOT DISTINCT (began_at),
  CONSTRAINT fk_ledger_period_began_at FOREIGN KEY (began_at) REFERENCES ledger_period (ended_at),
  CONSTRAINT ck_ledger_period_has_length CHECK (began_at < ended_at)
);

INSERT INTO ledger_account_kind (kind, unit, side, floor_minor, hot, pattern) VALUES
  ('stripe_balance', 'money', -1, NULL, true, '^stripe:balance$'),
  ('stripe_fees', 'money', -1, NULL, true, '^stripe:fees$'),
  ('platform_revenue', 'money', 1, NULL, true, '^platform:revenue$'),
  ('platform_adjustments', 'money', 1, NULL, true, '^platform:adjustments$'),
  ('tax_payable', 'money', 1, NULL, true, '^tax:payable$'),
  ('instructor_payable', 'money', 1, NULL, false, '^instructor:[0-9A-Za-z_-]+:payable$'),
  ('instructor_in_payout', 'money', 1, 0, false, '^instructor:[0-9A-Za-z_-]+:in_payout$'),
  ('refund_in_flight', 'money', 1, 0, false, '^payment:[0-9A-Za-z_-]+:refund_in_flight$'),
  ('dispute_withheld', 'money', 1, 0, false, '^dispute:[0-9A-Za-z_-]+:withheld$'),
  ('token_issued', 'token', -1, NULL, true, '^token:issued$'),
  ('token_redeemed', 'token', 1, NULL, true, '^token:redeemed$'),
  ('token_settled', 'token', 1, NULL, true, '^token:settled$'),
  ('learner_tokens', 'token', 1, 0, false, '^learner:[0-9A-Za-z_-]+:tokens$'),
  ('learner_tokens_held', 'token', 1, 0, false, '^learner:[0-9A-Za-z_-]+:tokens_held$'),
  ('campaign_budget', 'token', 1, 0, false, '^campaign:[0-9A-Za-z_-]+:budget$');
