
DECLARE
  programme CONSTANT jsonb := pg_catalog.current_setting('leora_migrate.programme')::jsonb;
  -- Makes constraints deferred again that are so by themselves; null when there are none.
  defer CONSTANT text := programme ->> 'defer'::text;
  -- The user-defined code as it was found; null when it may run.
  code CONSTANT text := programme ->> 'code'::text;
  undone CONSTANT text := 'LM000';
  trial jsonb;
  step jsonb;
  answer text;
  touched bigint;
  state text;
  message text;
  detail text;
  hint text;
  in_table text;
  in_constraint text;
  in_column text;
  failure jsonb;
  answers text[];
  made jsonb;
  results text[] := '{}';
  at int := 0;
BEGIN
  answers := '{}';
  BEGIN
    -- What was found to run no code but PostgreSQL's own must not get any more from here on.
    SELECT pg_catalog.string_agg(value, ', ') INTO answer FROM pg_catalog.jsonb_array_elements_text(programme -> 'lock'::text)
     WHERE pg_catalog.has_table_privilege(value, 'INSERT, UPDATE, DELETE, TRUNCATE');
    IF answer IS NOT NULL THEN
      EXECUTE 'LOCK TABLE ' || answer || ' IN ROW EXCLUSIVE MODE';
    END IF;
    IF code IS NOT NULL THEN
      EXECUTE pg_catalog.current_setting('leora_migrate.code_query') INTO answer;
      IF answer <> code THEN
        RAISE EXCEPTION USING ERRCODE = 'LM001',
          MESSAGE = 'the triggers, rules or functions of these tables changed after they were looked at; run verify again';
      END IF;
    END IF;
    FOR step IN SELECT value FROM pg_catalog.jsonb_array_elements(programme -> 'build'::text) LOOP
      answer := NULL;
      IF step -> 2 IS NOT NULL THEN
        PERFORM pg_catalog.set_config(key, value, true) FROM pg_catalog.jsonb_each_text(step -> 2);
      END IF;
      IF step ->> 0 = 'ask' THEN
        EXECUTE step ->> 1 INTO answer;
      ELSE
        EXECUTE step ->> 1;
        GET DIAGNOSTICS touched = ROW_COUNT;
        answer := touched;
      END IF;
      answers := pg_catalog.array_append(answers, answer);
    END LOOP;
    IF defer IS NOT NULL THEN
      SET CONSTRAINTS ALL IMMEDIATE;
      EXECUTE defer;
    END IF;
    made := pg_catalog.jsonb_build_object('answers', pg_catalog.to_jsonb(answers));

    FOR trial IN SELECT value FROM pg_catalog.jsonb_array_elements(programme -> 'trials'::text) LOOP
      at := at + 1;
      answers := '{}';
      failure := NULL;
      BEGIN
        FOR step IN SELECT value FROM pg_catalog.jsonb_array_elements(trial) LOOP
          answer := NULL;
          IF step -> 2 IS NOT NULL THEN
            PERFORM pg_catalog.set_config(key, value, true) FROM pg_catalog.jsonb_each_text(step -> 2);
          END IF;
          CASE step ->> 0
          WHEN 'ask' THEN
            EXECUTE step ->> 1 INTO answer;
          WHEN 'do' THEN
            EXECUTE step ->> 1;
            GET DIAGNOSTICS touched = ROW_COUNT;
            answer := touched;
            IF defer IS NOT NULL THEN
              SET CONSTRAINTS ALL IMMEDIATE;
              EXECUTE defer;
            END IF;
          ELSE
            BEGIN
              EXECUTE step ->> 1;
              GET DIAGNOSTICS touched = ROW_COUNT;
              answer := touched;
              IF defer IS NOT NULL THEN
                SET CONSTRAINTS ALL IMMEDIATE;
                EXECUTE defer;
              END IF;
            EXCEPTION WHEN OTHERS THEN
              GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, in_constraint = CONSTRAINT_NAME;
              answer := state || ' ' || in_constraint;
            END;
          END CASE;
          answers := pg_catalog.array_append(answers, answer);
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = undone;
      EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
          in_table = TABLE_NAME, in_constraint = CONSTRAINT_NAME, in_column = COLUMN_NAME;
        IF state <> undone THEN
          failure := pg_catalog.jsonb_build_object('sqlstate', state, 'message', message, 'detail', detail, 'hint', hint, 'table', in_table,
            'constraint', in_constraint, 'column', in_column);
        END IF;
      END;
      results[at] :=
        pg_catalog.jsonb_build_object('answers', pg_catalog.to_jsonb(answers), 'failure', failure)::text;
    END LOOP;
    RAISE EXCEPTION USING ERRCODE = undone;
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT,
      in_table = TABLE_NAME, in_constraint = CONSTRAINT_NAME, in_column = COLUMN_NAME;
    IF state <> undone THEN
      made := pg_catalog.jsonb_build_object('answers', pg_catalog.to_jsonb(answers), 'failure', pg_catalog.jsonb_build_object('sqlstate', state,
        'message', message, 'detail', detail, 'hint', hint, 'table', in_table, 'constraint', in_constraint, 'column', in_column));
    END IF;
  END;
  PERFORM pg_catalog.set_config('leora_migrate.evidence',
    '{"build":' || made::text || ',"trials":[' || pg_catalog.array_to_string(results, ',') || ']}', true);
END
