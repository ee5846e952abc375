-- Guards and helpers.  Plain PL/pgSQL that calls the engine by name, so that DROP EXTENSION takes none of
-- it along, and without the engine nothing writes.  Every migrate() makes these again.

CREATE OR REPLACE FUNCTION peer_mentor_private.guard_truncate() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT peer_mentor.engine_writes() THEN
		PERFORM peer_mentor.refuse_write(TG_TABLE_NAME, TG_OP);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.guard_truncate() IS 'Refuses TRUNCATE.';

-- By row for INSERT as well: statement triggers do not fire for a table that was made a partition.
-- TG_ARGV: the column that a foreign key to auth.users may set to NULL, or '', then pairs of a parent
-- table and the column that refers to it.  Depth alone could be forged by any trigger, so the parent
-- is looked up as well.
CREATE OR REPLACE FUNCTION peer_mentor_private.guard_row() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF peer_mentor.engine_writes() THEN
		IF TG_OP = 'DELETE' THEN
			RETURN OLD;
		END IF;
		RETURN NEW;
	END IF;
	IF pg_trigger_depth() > 1 THEN
		IF TG_OP = 'DELETE' THEN
			FOR i IN 1 .. TG_NARGS - 1 BY 2 LOOP
				IF peer_mentor.is_gone(TG_ARGV[i], to_jsonb(OLD) ->> TG_ARGV[i + 1]) THEN
					RETURN OLD;
				END IF;
			END LOOP;
		ELSIF TG_OP = 'UPDATE' AND TG_ARGV[0] <> ''
		      AND to_jsonb(OLD) -> TG_ARGV[0] <> 'null' AND to_jsonb(NEW) -> TG_ARGV[0] = 'null'
		      AND to_jsonb(OLD) - TG_ARGV[0] = to_jsonb(NEW) - TG_ARGV[0]
		      AND peer_mentor.is_gone('auth.users', to_jsonb(OLD) ->> TG_ARGV[0]) THEN
			RETURN NEW;
		END IF;
	END IF;
	PERFORM peer_mentor.refuse_write(TG_TABLE_NAME, TG_OP);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.guard_row() IS
	'Lets the engine write, and foreign keys when the mentor or the user really is gone; refuses everybody else.';

CREATE OR REPLACE FUNCTION peer_mentor_private.guard_status() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF peer_mentor.engine_writes() THEN
		RETURN NEW;
	END IF;
	IF pg_trigger_depth() > 1 AND OLD.activated_by IS NOT NULL AND NEW.activated_by IS NULL
	   AND to_jsonb(OLD) - 'activated_by' = to_jsonb(NEW) - 'activated_by'
	   AND peer_mentor.is_gone('auth.users', OLD.activated_by::text) THEN
		RETURN NEW;
	END IF;
	IF to_jsonb(OLD) - '{status,expected_return_date,updated_at}'::text[] <> to_jsonb(NEW) - '{status,expected_return_date,updated_at}'::text[] THEN
		PERFORM peer_mentor.refuse_write(TG_TABLE_NAME, TG_OP);
	END IF;
	IF NEW.status = 'active' THEN
		NEW.expected_return_date := NULL;
	END IF;
	PERFORM peer_mentor.check_direct_update(OLD.mentor_id, OLD.status::text, NEW.status::text,
	                                        OLD.expected_return_date, NEW.expected_return_date);
	IF NEW.status <> OLD.status THEN
		NEW.version := OLD.version + 1;
		NEW.activated_by := NULL;
		NEW.pause_reason := CASE WHEN NEW.status = 'paused' THEN 'direct_update' END;
	END IF;
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.guard_status() IS
	'Validates a direct UPDATE of status and expected_return_date by the owner; refuses every other direct write.';

CREATE OR REPLACE FUNCTION peer_mentor_private.trace_status() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	IF NOT peer_mentor.engine_writes() AND to_jsonb(OLD) - '{activated_by,updated_at}'::text[] <> to_jsonb(NEW) - '{activated_by,updated_at}'::text[] THEN
		PERFORM peer_mentor.trace_direct_update(NEW.mentor_id, OLD.status::text, NEW.status::text, OLD.version, NEW.version,
		                                        NEW.expected_return_date);
	END IF;
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.trace_status() IS 'Leaves the trace of a direct UPDATE, on what was really written.';

CREATE OR REPLACE FUNCTION peer_mentor_private.touch() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
	NEW.updated_at := clock_timestamp();
	RETURN NEW;
END
$$;
COMMENT ON FUNCTION peer_mentor_private.touch() IS 'Keeps updated_at.';

CREATE OR REPLACE FUNCTION peer_mentor_private.with_renewal_entry(certification uuid, history jsonb, event text, at timestamptz,
	issued_at date, expires_at date, actor_kind text, job_run_id uuid) RETURNS jsonb
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
	kept constant integer := 250;
BEGIN
	IF jsonb_array_length(history) >= 500 THEN
		INSERT INTO public.certification_renewal_events (certification_id, schema_version, event, at, issued_at, expires_at, actor_kind, job_run_id)
		SELECT certification, (e.entry ->> 'schema_version')::integer, e.entry ->> 'event', (e.entry ->> 'at')::timestamptz,
		       (e.entry ->> 'issued_at')::date, (e.entry ->> 'expires_at')::date, e.entry ->> 'actor_kind', (e.entry ->> 'job_run_id')::uuid
		  FROM jsonb_array_elements(history) WITH ORDINALITY e (entry, position)
		 WHERE e.position <= jsonb_array_length(history) - kept
		 ORDER BY e.position;
		RAISE WARNING 'moved the oldest % entries of certification "%" to certification_renewal_events', jsonb_array_length(history) - kept, certification;
		history := (SELECT jsonb_agg(e.entry ORDER BY e.position)
		              FROM jsonb_array_elements(history) WITH ORDINALITY e (entry, position)
		             WHERE e.position > jsonb_array_length(history) - kept);
	END IF;
	RETURN history || jsonb_build_object('schema_version', 1, 'event', event, 'at', at, 'issued_at', issued_at,
		'expires_at', expires_at, 'actor_kind', actor_kind, 'job_run_id', job_run_id);
END
$$;
COMMENT ON FUNCTION peer_mentor_private.with_renewal_entry(uuid, jsonb, text, timestamptz, date, date, text, uuid) IS
	'A renewal history with one more entry; at 500 the oldest move to certification_renewal_events. Called by statements of the engine.';

SELECT peer_mentor_private.record_migration(20261120000600, 'remake_guards');
