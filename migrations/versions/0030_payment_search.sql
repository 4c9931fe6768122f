-- A course is found by the beginning of its title from any of its words on: "Rust for Embedded Linux" is found under
-- itself, "for embedded linux", "embedded linux" and "linux". What separates words is written out, since what a letter
-- is depends on the database's locale; reports/payment_search.py says the same in Python.
CREATE FUNCTION @.course_keys(title text) RETURNS SETOF text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  WITH word AS (
    SELECT regexp_split_to_array(@.search_form(title), '[][\s!"#$%&()*+,./:;<=>?@\\^_`{|}~–—…“”„«»-]+') AS words)
  SELECT DISTINCT left(btrim(array_to_string(words[place:], ' ')), 200)
    FROM word, generate_subscripts(words, 1) AS place
   WHERE place <= 24 AND words[place] <> ''
$$;

CREATE TABLE @.course_key (
  key text COLLATE "C" NOT NULL,
  course_id uuid NOT NULL,
  CONSTRAINT pk_course_key PRIMARY KEY (key, course_id),
  CONSTRAINT fk_course_key_course_id_course FOREIGN KEY (course_id) REFERENCES @.course (id) ON DELETE CASCADE
);
CREATE INDEX ix_course_key_course ON @.course_key (course_id);

CREATE FUNCTION @.course_key_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.title IS NOT DISTINCT FROM NEW.title THEN
      RETURN NULL;
    END IF;
    DELETE FROM @.course_key WHERE course_id = NEW.id;
  END IF;
  INSERT INTO @.course_key (key, course_id) SELECT key, NEW.id FROM @.course_keys(NEW.title) AS key;
  RETURN NULL;
END $$;

CREATE TRIGGER course_key_follow AFTER INSERT OR UPDATE OF title ON @.course
  FOR EACH ROW EXECUTE FUNCTION @.course_key_follow();

INSERT INTO @.course_key (key, course_id)
SELECT key, course.id FROM @.course, @.course_keys(course.title) AS key;

CREATE INDEX ix_payment_amount ON @.payment (amount_minor, created_at, id);
CREATE INDEX ix_payment_intent_start ON @.payment (stripe_payment_intent_id COLLATE "C");
CREATE INDEX ix_payment_charge_start ON @.payment (stripe_charge_id COLLATE "C");
