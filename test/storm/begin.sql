-- The world of the storm, and how its calls are made: few mentors and many callers, so that they collide.  Run by a
-- superuser where keeper owns the storage.  Ids are md5 of a name, so that whoever is deleted can come back.

CREATE SCHEMA storm;
GRANT USAGE ON SCHEMA storm TO PUBLIC;
CREATE FUNCTION storm.id(name text) RETURNS uuid LANGUAGE sql IMMUTABLE AS 'SELECT md5(name)::uuid';
CREATE FUNCTION storm.less_than(n int) RETURNS int LANGUAGE sql VOLATILE AS 'SELECT floor(random() * n)::int';
CREATE FUNCTION storm.one_of(VARIADIC choices text[]) RETURNS text LANGUAGE sql VOLATILE AS
	'SELECT choices[1 + storm.less_than(cardinality(choices))]';

-- weight: of its pgbench script. who: owner, service, admin, deleter (a superuser), mentor, or any of the users.
-- statement: what is called, with placeholders. may: SQLSTATEs that the server itself may answer, beside our own codes.
CREATE TABLE storm.repertoire (weight int, name text PRIMARY KEY, who text, may text, statement text);

-- One row per call; state is 00000 where it succeeded, code is from DETAIL.
CREATE UNLOGGED TABLE storm.calls (name text, who text, state text, code text, told text);
GRANT ALL ON ALL TABLES IN SCHEMA storm TO PUBLIC;

-- u1 to u12 are mentors' logins; the others have roles.  Also brings back whoever was deleted.
CREATE FUNCTION storm.make_logins() RETURNS void LANGUAGE sql AS $$
	INSERT INTO auth.users (id) SELECT storm.id('u' || n) FROM generate_series(1, 30) n ORDER BY n ON CONFLICT DO NOTHING;
	INSERT INTO public.role_assignments (user_id, organisation_id, role, chapter_id)
	SELECT u.id, storm.id('o' || 1 + n % 2), r.role, CASE WHEN r.role <> 'org_admin' THEN storm.id('o' || 1 + n % 2 || ' c' || 1 + n % 3) END
	  FROM generate_series(13, 30) n JOIN auth.users u ON u.id = storm.id('u' || n)
	 CROSS JOIN LATERAL (SELECT CASE n % 6 WHEN 0 THEN 'org_admin' WHEN 1 THEN 'org_admin' WHEN 2 THEN 'chapter_admin' ELSE 'coordinator' END) r (role)
	 ORDER BY n
	    ON CONFLICT DO NOTHING;
$$;

SET ROLE keeper;
INSERT INTO organisations (id, name, time_zone, auto_reactivate, portal_sync)
VALUES (storm.id('o1'), 'One', 'Europe/Oslo', true, 'queue'), (storm.id('o2'), 'Two', 'Pacific/Kiritimati', false, 'off');
INSERT INTO chapters (id, organisation_id, name)
SELECT storm.id('o' || o || ' c' || c), storm.id('o' || o), 'c' || c FROM generate_series(1, 2) o, generate_series(1, 3) c;
INSERT INTO certification_types (organisation_id, code, grace_days, required, renewal_mode)
SELECT storm.id('o' || o), t.* FROM generate_series(1, 2) o,
       (VALUES ('course', 0, true, 'from_expiry'), ('first_aid', 14, true, 'fixed_day'), ('extra', 0, false, 'from_completion')) t;
RESET ROLE;
SELECT storm.make_logins() \g /dev/null
SET ROLE keeper;
-- mentors m1 to m12, the odd ones in the second organisation and with a login
SELECT count(register_mentor(storm.id('m' || m), storm.id('o' || 1 + m % 2), ARRAY[storm.id('o' || 1 + m % 2 || ' c' || 1 + m % 3)],
                             user_id => CASE WHEN m % 2 = 1 THEN storm.id('u' || m) END))
  FROM generate_series(1, 12) m \g /dev/null
RESET ROLE;

-- Ids come back, and the promises count notifications by mentor: those of a mentor who is gone go as well.
CREATE FUNCTION storm.forget_events() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET session_replication_role = replica AS $$
BEGIN
	DELETE FROM public.outbox_events WHERE mentor_id = OLD.id AND channel = 'notification';
	RETURN NULL;
END
$$;
CREATE TRIGGER forget_events AFTER DELETE ON public.peer_mentors FOR EACH ROW EXECUTE FUNCTION storm.forget_events();

-- {placeholder} in a statement becomes a literal, chosen anew at each place.
CREATE FUNCTION storm.choose(placeholder text, organisation int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	RETURN CASE placeholder
		-- mostly of this organisation, whose mentors have the other parity
		WHEN 'mentor' THEN quote_literal(storm.id('m' || CASE WHEN random() < 0.1 THEN 1 + storm.less_than(12) ELSE 1 + organisation % 2 + 2 * storm.less_than(6) END))
		WHEN 'organisation' THEN quote_literal(storm.id('o' || organisation))
		WHEN 'chapter' THEN quote_literal(storm.id('o' || organisation || ' c' || 1 + storm.less_than(3)))
		WHEN 'login' THEN quote_literal(storm.id('u' || 1 + storm.less_than(30)))
		WHEN 'own_login' THEN quote_literal(storm.id('u' || 1 + storm.less_than(12)))
		WHEN 'helper' THEN quote_literal(storm.id('u' || 15 - organisation + 2 * storm.less_than(3)))
		WHEN 'type' THEN storm.one_of('''course''', '''course''', '''first_aid''', '''extra''')
		WHEN 'past' THEN format('current_date - %s', storm.less_than(900))
		WHEN 'near' THEN format('current_date + %s', storm.less_than(120) - 40)
		WHEN 'future' THEN format('current_date + %s', storm.less_than(100))
		WHEN 'version' THEN storm.one_of('NULL', 'NULL', '2', '7')
		WHEN 'key' THEN quote_literal('key ' || storm.less_than(40))
		WHEN 'channel' THEN storm.one_of('''notification''', '''portal_sync''')
		WHEN 'portal' THEN storm.one_of('''off''', '''queue''', '''on''')
		WHEN 'bool' THEN storm.one_of('true', 'false')
		WHEN 'status' THEN storm.one_of('''active''', '''paused''', '''expired_cert''')
		WHEN 'zone' THEN storm.one_of('''UTC''', '''Europe/Oslo''', '''Pacific/Kiritimati''', '''Pacific/Pago_Pago''', '''nowhere''')
		WHEN 'ladder' THEN storm.one_of('''{60,30,7}''', '''{90,14,0,-7}''', '''{}''', '''{30}''', '''{7,7}''')
		WHEN 'batch' THEN quote_literal('batch ' || pg_backend_pid())
		WHEN 'role' THEN storm.one_of('''coordinator''', '''chapter_admin''')
	END;
END
$$;

CREATE FUNCTION storm.fill(statement text, organisation int) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	filled text := '';
	part   text;
	at     int := 0;
BEGIN
	FOREACH part IN ARRAY string_to_array(replace(statement, '}', '{'), '{') LOOP
		filled := filled || CASE at % 2 WHEN 0 THEN part ELSE storm.choose(part, organisation) END;
		at := at + 1;
	END LOOP;
	RETURN filled;
END
$$;

-- Three terms, of any mentor and chapter, in a spreadsheet of this name.
CREATE FUNCTION storm.import(organisation uuid, batch text) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO public.register_import (batch, mentor_key, chapter, certification_type, issued_on, expires_on, status)
	SELECT import.batch, storm.id('m' || 1 + storm.less_than(12)), 'c' || storm.less_than(5), storm.one_of('course', 'first_aid', 'extra'),
	       current_date - storm.less_than(900), current_date + storm.less_than(120) - 40, storm.one_of(NULL, NULL, NULL, 'suspended')
	  FROM generate_series(1, 3);
	RETURN (SELECT imported + renewed FROM peer_mentor.import_register(organisation, import.batch, create_missing => true));
END
$$;

-- Makes a call of this name.  Constraints that wait for the commit are asked here, where their answer is still seen.
CREATE FUNCTION storm.play(call text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	r            storm.repertoire;
	organisation int := 1 + storm.less_than(2);
	caller       text;
	statement    text;
	state        text := '00000';
	detail       text;
	message      text;
BEGIN
	SELECT * INTO STRICT r FROM storm.repertoire WHERE name = play.call;
	caller := CASE r.who
		WHEN 'any' THEN storm.one_of('owner', 'service', 'service', 'admin', 'admin', 'mentor', 'somebody')
		WHEN 'admin' THEN storm.one_of('owner', 'service', 'admin')
		ELSE r.who END;
	caller := CASE caller
		WHEN 'admin' THEN 'u' || CASE organisation WHEN 1 THEN 18 ELSE 13 END + 6 * storm.less_than(3)
		WHEN 'mentor' THEN 'u' || 1 + organisation % 2 + 2 * storm.less_than(6)
		WHEN 'somebody' THEN 'u' || 1 + storm.less_than(30)
		ELSE caller END;
	statement := storm.fill(r.statement, organisation);
	BEGIN
		CASE caller
			WHEN 'deleter' THEN NULL;
			WHEN 'owner' THEN PERFORM set_config('role', 'keeper', true);
			WHEN 'service' THEN PERFORM set_config('role', 'service_role', true);
			ELSE PERFORM set_config('request.jwt.claims', jsonb_build_object('sub', storm.id(caller), 'role', 'authenticated')::text, true),
			             set_config('role', 'authenticated', true);
		END CASE;
		EXECUTE statement;
		SET CONSTRAINTS ALL IMMEDIATE;
	EXCEPTION
	-- the server's log names both sides of a deadlock only where nobody catches it; pgbench goes on after one
	WHEN deadlock_detected THEN
		RAISE;
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, message = MESSAGE_TEXT;
	END;
	PERFORM set_config('role', 'none', true);
	IF detail LIKE '{%' THEN
		INSERT INTO storm.calls VALUES (r.name, caller, state, detail::jsonb ->> 'code');
	ELSE
		INSERT INTO storm.calls VALUES (r.name, caller, state, NULL, CASE WHEN state <> '00000' THEN concat_ws(' | ', message, nullif(detail, ''), statement) END);
	END IF;
END
$$;

-- What no caller should have been told: not one of our codes under its own SQLSTATE, nor foreseen.
CREATE VIEW storm.unexpected AS
	SELECT c.name, c.who, c.state, c.code, c.told
	  FROM storm.calls c JOIN storm.repertoire r ON r.name = c.name
	 WHERE c.state <> '00000' AND c.state <> ALL (string_to_array(coalesce(r.may, ''), ' '))
	   AND c.state IS DISTINCT FROM CASE
	       WHEN c.code IN ('mentor_not_found', 'certification_not_found') THEN 'PT404'
	       WHEN c.code = 'not_allowed' THEN '42501'
	       WHEN c.code IN ('invalid_transition', 'certification_required', 'already_exists', 'certification_suspended',
	                       'renewal_too_early', 'version_conflict', 'idempotency_mismatch') THEN 'PT409'
	       WHEN c.code = 'invalid_argument' THEN '22023' END;
