-- People are found by the beginning of any word of their name or address: one row for each way to begin.
-- "Amara Chi Nwosu" is found under "amara chi nwosu", "chi nwosu amara" and "nwosu amara chi".
CREATE FUNCTION @.search_form(said text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT lower(regexp_replace(normalize(said, NFKD), '[\u0300-\u036f]', '', 'g'))
$$;

CREATE FUNCTION @.person_keys(name text, email text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  WITH word AS (SELECT string_to_array(@.search_form(name), ' ') AS words)
  SELECT left(array_to_string(words[place:] || words[:place - 1], ' '), 200)
    FROM word, generate_subscripts(words, 1) AS place
   WHERE place <= 6
  UNION
  SELECT left(substr(@.search_form(email), place), 200)
    FROM (SELECT 1 AS place
          UNION ALL
          SELECT place + 1 FROM generate_series(1, least(length(email), 200)) AS place
           WHERE substr(email, place, 1) IN ('.', '_', '-', '+', '@') AND place <= position('@' IN email)) AS begins
$$;

-- Once under the role '' (everybody), and again under each role that few people have: so a search within a role
-- reads no more than it shows. Nearly everybody is a learner; a search within learners reads everybody's.
CREATE TABLE @.person_key (
  role text COLLATE "C" NOT NULL,
  key text COLLATE "C" NOT NULL,
  person_id uuid NOT NULL,
  CONSTRAINT pk_person_key PRIMARY KEY (role, key, person_id),
  CONSTRAINT fk_person_key_person_id FOREIGN KEY (person_id) REFERENCES @.person (id) ON DELETE CASCADE
);
CREATE INDEX ix_person_key_person ON person_key (person_id, role, key);

CREATE FUNCTION @.person_key_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF (OLD.name, OLD.email, OLD.roles) IS NOT DISTINCT FROM (NEW.name, NEW.email, NEW.roles) THEN
      RETURN NULL;
    END IF;
    DELETE FROM @.person_key WHERE person_id = NEW.id;
  END IF;
  INSERT INTO @.person_key (role, key, person_id)
  SELECT role, key, NEW.id
    FROM @.person_keys(NEW.name, NEW.email) AS key, unnest(array_prepend('', array_remove(NEW.roles, 'learner'))) AS role;
  RETURN NULL;
END $$;

CREATE TRIGGER person_key_follow AFTER INSERT OR UPDATE OF name, email, roles ON person
  FOR EACH ROW EXECUTE FUNCTION @.person_key_follow();

INSERT INTO @.person_key (role, key, person_id)
SELECT role, key, person.id
  FROM person, @.person_keys(person.name, person.email) AS key, unnest(array_prepend('', array_remove(person.roles, 'learner'))) AS role;

-- The list, newest first: everybody's, and one for each role that few people have.
CREATE INDEX ix_person_newest ON person (created_at, id);
CREATE INDEX ix_person_newest_instructor ON person (created_at, id) WHERE roles @> '{instructor}';
CREATE INDEX ix_person_newest_owner ON person (created_at, id) WHERE roles @> '{owner}';
CREATE INDEX ix_person_newest_support ON person (created_at, id) WHERE roles @> '{support}';
CREATE INDEX ix_person_newest_finance ON person (created_at, id) WHERE roles @> '{finance}';
CREATE INDEX ix_person_newest_admin ON person (created_at, id) WHERE roles @> '{admin}';
CREATE INDEX ix_person_newest_machine ON person (created_at, id) WHERE roles @> '{machine}';

-- Who edits a person says which version of them they saw.
ALTER TABLE person ADD COLUMN version integer NOT NULL DEFAULT 1;
