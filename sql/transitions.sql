-- Every state, and every state between two nights, against every path: what is allowed, what is refused, under which code.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
RESET SESSION AUTHORIZATION;
CREATE TABLE test.states (i int, name text, makes text);
INSERT INTO test.states VALUES
	(1, 'active', ''),
	(2, 'active, certified', 'SELECT record_certification(%1$L, ''course'', test.today() - 100)'),
	(3, 'active, lapsed unnoticed', 'SELECT record_certification(%1$L, ''course'', test.today() - 100), test.backdate(%2$L, ''course'', test.today() - 1)'),
	(4, 'paused', 'SELECT pause_mentor(%1$L, test.today() + 20)'),
	(5, 'paused, certified', 'SELECT record_certification(%1$L, ''course'', test.today() - 100), pause_mentor(%1$L)'),
	(6, 'paused, lapsed unnoticed', 'SELECT record_certification(%1$L, ''course'', test.today() - 100), pause_mentor(%1$L), test.backdate(%2$L, ''course'', test.today() - 1)'),
	(7, 'lapsed', 'SELECT record_certification(%1$L, ''course'', test.today() - 2000)'),
	(8, 'suspended', 'SELECT record_certification(%1$L, ''course'', test.today() - 100), suspend_certification(%1$L, ''course'')'),
	(9, 'suspended in a pause', 'SELECT record_certification(%1$L, ''course'', test.today() - 100), pause_mentor(%1$L), suspend_certification(%1$L, ''course'')'),
	(10, 'lapsed in a pause', 'SELECT pause_mentor(%1$L), record_certification(%1$L, ''course'', test.today() - 2000)'),
	(11, 'free again unnoticed', 'SELECT record_certification(%1$L, ''course'', test.today() - 2000), test.backdate(%2$L, ''course'', test.today() + 5)'),
	(12, 'removed', 'UPDATE peer_mentors SET deleted_at = now() WHERE id = %1$L');
CREATE TABLE test.paths (i int, name text, does text);
INSERT INTO test.paths VALUES
	(1, 'pause', 'SELECT pause_mentor(%1$L)'),
	(2, 'reactivate', 'SELECT reactivate_mentor(%1$L)'),
	(3, 'set return date', 'SELECT set_return_date(%1$L, test.today() + 30)'),
	(4, 'record', 'SELECT record_certification(%1$L, ''police'', test.today())'),
	(5, 'record a lapsed one', 'SELECT record_certification(%1$L, ''police'', test.today() - 3000)'),
	(6, 'record an optional lapsed one', 'SELECT record_certification(%1$L, ''extra'', test.today() - 3000)'),
	(7, 'renew', 'SELECT renew_certification(%1$L, ''course'')'),
	(8, 'suspend', 'SELECT suspend_certification(%1$L, ''course'')'),
	(9, 'reinstate', 'SELECT reinstate_certification(%1$L, ''course'')'),
	(10, 'register', 'SELECT register_mentor(%1$L, test.id(''north''), ''{}'')'),
	(11, 'UPDATE active', 'UPDATE peer_mentor_status SET status = ''active'' WHERE mentor_id = %1$L'),
	(12, 'UPDATE paused', 'UPDATE peer_mentor_status SET status = ''paused'' WHERE mentor_id = %1$L'),
	(13, 'UPDATE expired_cert', 'UPDATE peer_mentor_status SET status = ''expired_cert'' WHERE mentor_id = %1$L'),
	(14, 'remove and restore', 'UPDATE peer_mentors SET deleted_at = now() WHERE id = %1$L; UPDATE peer_mentors SET deleted_at = NULL WHERE id = %1$L');
GRANT SELECT ON test.states, test.paths TO regress_pm_owner;
-- Makes the state, goes the path, tells, and takes all of it back.
CREATE FUNCTION test.try(makes text, does text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	name text := gen_random_uuid();
	was bigint;
	told text;
BEGIN
	BEGIN
		INSERT INTO peer_mentors (id, organisation_id) VALUES (test.id(name), test.id('north'));
		EXECUTE format(makes, test.id(name), name);
		was := (SELECT version FROM peer_mentor_status WHERE mentor_id = test.id(name));
		told := test.outcome(format(does, test.id(name), name));
		told := told || coalesce((SELECT string_agg(format(', %s -> %s %s', previous_status, new_status, reason), '' ORDER BY version)
		                            FROM peer_mentor_status_history WHERE mentor_id = test.id(name) AND version > was), '')
		             || CASE WHEN EXISTS (SELECT FROM test.broken_promises()) THEN ', promises broken' ELSE '' END;
		RAISE EXCEPTION '%', told;
	EXCEPTION WHEN raise_exception THEN
		RETURN SQLERRM;
	END;
END
$$;
SET SESSION AUTHORIZATION regress_pm_owner;
CREATE TEMP TABLE seen AS
	SELECT s.i AS si, s.name AS state, p.i AS pi, p.name AS path, test.try(s.makes, p.does) AS outcome FROM test.states s, test.paths p;
SELECT state, path, outcome FROM seen ORDER BY si, pi;
-- what moved is in the state machine, and what is in it was seen: but for what the mentor, the nightly run and the rules do
WITH moved AS (
	SELECT m[1] AS from_status, m[2] AS to_status, m[3] AS reason FROM seen, regexp_matches(outcome, '(\w+) -> (\w+) (\w+)', 'g') m)
SELECT t.from_status, t.to_status, t.reason FROM peer_mentor.status_transitions() t
 WHERE t.from_status IS NOT NULL AND NOT EXISTS (SELECT FROM moved m WHERE (m.from_status, m.to_status, m.reason) = (t.from_status, t.to_status, t.reason))
 ORDER BY t.reason COLLATE "C", t.from_status COLLATE "C", t.to_status COLLATE "C";
WITH moved AS (
	SELECT m[1] AS from_status, m[2] AS to_status, m[3] AS reason FROM seen, regexp_matches(outcome, '(\w+) -> (\w+) (\w+)', 'g') m)
SELECT DISTINCT m.* FROM moved m
 WHERE NOT EXISTS (SELECT FROM peer_mentor.status_transitions() t WHERE (m.from_status, m.to_status, m.reason) = (t.from_status, t.to_status, t.reason));
-- explain_transition() says what the call then does
CREATE FUNCTION pg_temp.explain(makes text, new_status mentor_status) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	name text := gen_random_uuid();
BEGIN
	INSERT INTO peer_mentors (id, organisation_id) VALUES (test.id(name), test.id('north'));
	EXECUTE format(makes, test.id(name), name);
	RAISE EXCEPTION '%', (SELECT CASE WHEN allowed THEN 'allowed' ELSE (SELECT string_agg(b ->> 'code', ' ') FROM jsonb_array_elements(blockers) b) END FROM explain_transition(test.id(name), new_status));
EXCEPTION WHEN raise_exception THEN
	RETURN SQLERRM;
WHEN OTHERS THEN
	RETURN SQLSTATE;
END
$$;
SELECT s.state, s.path, e.explained, s.outcome, (e.explained = 'allowed') = (s.outcome ~ (p.target || ' [a-z_]+$')) AS as_done
  FROM seen s JOIN test.states t ON t.i = s.si JOIN (VALUES ('pause', 'paused'), ('reactivate', 'active')) p (path, target) USING (path),
       LATERAL (SELECT pg_temp.explain(t.makes, p.target::mentor_status)) e (explained)
 WHERE s.state <> 'free again unnoticed' ORDER BY s.pi, s.si;
-- every pair by a direct UPDATE: allowed exactly where the machine has the edge
SELECT f.status AS from_status, t.status AS to_status, p.outcome,
       (p.outcome LIKE 'ok%') = EXISTS (SELECT FROM peer_mentor.status_transitions() e
                                         WHERE (e.from_status, e.to_status, e.reason) = (f.status, t.status, 'direct_update')) AS as_told
  FROM (VALUES ('active', 2), ('paused', 5), ('expired_cert', 7)) f (status, si),
       (VALUES ('active', 11), ('paused', 12), ('expired_cert', 13)) t (status, pi)
  JOIN seen p ON p.pi = t.pi
 WHERE p.si = f.si ORDER BY f.si, t.pi;
-- the service role comes to the same, but for direct writes
RESET SESSION AUTHORIZATION;
GRANT SELECT, INSERT, UPDATE ON peer_mentors TO service_role;
GRANT SELECT ON test.states, test.paths TO service_role;
CREATE POLICY test ON peer_mentors TO service_role USING (true) WITH CHECK (true);
CREATE POLICY test ON peer_mentor_status TO service_role USING (true);
CREATE POLICY test ON peer_mentor_status_history TO service_role USING (true);
CREATE TABLE test.seen_by_service (si int, pi int, outcome text);
GRANT INSERT ON test.seen_by_service TO service_role;
CREATE TABLE test.seen_by_owner AS TABLE pg_temp.seen;
SET ROLE service_role;
INSERT INTO test.seen_by_service SELECT s.i, p.i, test.try(s.makes, p.does) FROM test.states s, test.paths p;
RESET ROLE;
SELECT o.path, o.outcome AS owner, s.outcome AS service, count(*) AS states
  FROM test.seen_by_owner o JOIN test.seen_by_service s USING (si, pi)
 WHERE o.outcome <> s.outcome GROUP BY o.pi, 1, 2, 3 ORDER BY o.pi, o.outcome COLLATE "C", s.outcome COLLATE "C";
REVOKE INSERT, UPDATE ON peer_mentors FROM service_role;
DROP POLICY test ON peer_mentors;
DROP POLICY test ON peer_mentor_status;
DROP POLICY test ON peer_mentor_status_history;
DROP TABLE test.states, test.paths, test.seen_by_service, test.seen_by_owner;
DROP FUNCTION test.try;
