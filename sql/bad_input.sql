-- Every function against arguments it must refuse: SQLSTATE, code, the argument's name, and nothing changed.
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT test.reset() \gset
INSERT INTO peer_mentors (id, organisation_id, display_name) SELECT test.id(n), test.id('north'), n FROM unnest(ARRAY['anna', 'bert']) n;
SELECT test.call(format('record_certification(%L, ''course'', %L)', test.id('anna'), test.today())), test.call(format('pause_mentor(%L)', test.id('bert')));
INSERT INTO register_import (mentor_key, certification_type, issued_on, expires_on) VALUES ('x', 'course', '2020-01-01', '2021-01-01');
CREATE FUNCTION pg_temp.fingerprint() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	t regclass;
	h text;
	whole text := '';
BEGIN
	FOR t IN SELECT oid FROM pg_class WHERE relkind = 'r' AND relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace) ORDER BY relname LOOP
		EXECUTE format('SELECT md5(coalesce(string_agg(t::text, '';'' ORDER BY t::text), '''')) FROM %s t', t) INTO h;
		whole := whole || h;
	END LOOP;
	RETURN md5(whole);
END
$$;
SELECT pg_temp.fingerprint() AS before \gset
SELECT c.call, test.call(c.call) FROM (VALUES
	('pause_mentor(NULL)'), ('pause_mentor(test.id(''nobody''))'), ('pause_mentor(''x'')'), ('pause_mentor(test.id(''anna''), test.today() - 1)'), ('pause_mentor(test.id(''anna''), ''-infinity'')'),
	('pause_mentor(test.id(''anna''), ''infinity'')'), ('pause_mentor(test.id(''anna''), ''2026-02-30'')'), ('pause_mentor(test.id(''anna''), NULL, 7)'), ('pause_mentor(test.id(''anna''), NULL, -1)'),
	('pause_mentor(test.id(''anna''), NULL, NULL, '''')'), ('pause_mentor(test.id(''bert''))'),
	('reactivate_mentor(NULL)'), ('reactivate_mentor(test.id(''nobody''))'), ('reactivate_mentor(test.id(''bert''), 7)'), ('reactivate_mentor(test.id(''anna''))'), ('reactivate_mentor(test.id(''bert''), NULL, '''')'),
	('set_return_date(NULL, test.today())'), ('set_return_date(test.id(''nobody''), test.today())'), ('set_return_date(test.id(''bert''), test.today() - 1)'), ('set_return_date(test.id(''bert''), ''infinity'')'), ('set_return_date(test.id(''bert''), NULL)'),
	('set_return_date(test.id(''bert''), test.today(), 7)'), ('set_return_date(test.id(''anna''), test.today())')) c (call);
SELECT c.call, test.call(c.call) FROM (VALUES
	('register_mentor(NULL, test.id(''north''), ''{}'')'), ('register_mentor(test.id(''nobody''), NULL, ''{}'')'), ('register_mentor(test.id(''nobody''), test.id(''north''), NULL)'),
	('register_mentor(test.id(''nobody''), test.id(''nobody''), ''{}'')'), ('register_mentor(test.id(''nobody''), test.id(''north''), ''{x}'')'), ('register_mentor(test.id(''nobody''), test.id(''north''), ARRAY[test.id(''nobody'')::uuid])'),
	('register_mentor(test.id(''nobody''), test.id(''north''), ''{}'', NULL, test.id(''nobody''))'), ('register_mentor(test.id(''nobody''), test.id(''north''), ''{}'', NULL, NULL, '''')'), ('register_mentor(test.id(''anna''), test.id(''north''), ''{}'')'),
	('record_certification(NULL, ''course'', test.today())'), ('record_certification(test.id(''bert''), NULL, test.today())'), ('record_certification(test.id(''bert''), ''course'', NULL)'),
	('record_certification(test.id(''nobody''), ''course'', test.today())'), ('record_certification(test.id(''bert''), ''dancing'', test.today())'), ('record_certification(test.id(''bert''), '''', test.today())'),
	('record_certification(test.id(''anna''), ''course'', test.today())'), ('record_certification(test.id(''bert''), ''course'', test.today(), test.today() - 1)'), ('record_certification(test.id(''bert''), ''course'', ''infinity'')'),
	('record_certification(test.id(''bert''), ''course'', ''-infinity'')'), ('record_certification(test.id(''bert''), ''course'', test.today(), ''infinity'')'), ('record_certification(test.id(''bert''), ''course'', ''0001-01-01'')'),
	('record_certification(test.id(''bert''), ''course'', ''3000-01-01'')'), ('record_certification(test.id(''bert''), ''course'', ''2999-01-01'')'), ('record_certification(test.id(''bert''), ''course'', ''5874897-12-31'')'),
	('renew_certification(NULL, ''course'')'), ('renew_certification(test.id(''anna''), NULL)'), ('renew_certification(test.id(''nobody''), ''course'')'), ('renew_certification(test.id(''bert''), ''course'')'),
	('renew_certification(test.id(''anna''), ''dancing'')'), ('renew_certification(test.id(''anna''), ''course'', ''infinity'')'), ('renew_certification(test.id(''anna''), ''course'', ''3000-01-01'')'),
	('renew_certification(test.id(''anna''), ''course'', NULL, test.today() - 1)'), ('renew_certification(test.id(''anna''), ''course'', NULL, ''infinity'')'), ('renew_certification(test.id(''anna''), ''course'', NULL, NULL, test.today() - 1)'),
	('suspend_certification(NULL, ''course'')'), ('suspend_certification(test.id(''anna''), NULL)'), ('suspend_certification(test.id(''nobody''), ''course'')'), ('suspend_certification(test.id(''anna''), ''police'')'), ('suspend_certification(test.id(''anna''), ''dancing'')'),
	('reinstate_certification(NULL, ''course'')'), ('reinstate_certification(test.id(''anna''), NULL)'), ('reinstate_certification(test.id(''nobody''), ''course'')'), ('reinstate_certification(test.id(''anna''), ''police'')'), ('reinstate_certification(test.id(''anna''), ''course'')')
	) c (call);
SELECT s AS call, test.outcome('SELECT ' || s) FROM unnest(ARRAY[
	'correct_certification(NULL, ''course'', test.today(), test.today())', 'correct_certification(test.id(''anna''), NULL, test.today(), test.today())', 'correct_certification(test.id(''anna''), ''course'', NULL, test.today())',
	'correct_certification(test.id(''anna''), ''course'', test.today(), NULL)', 'correct_certification(test.id(''anna''), ''course'', test.today(), test.today() - 1)', 'correct_certification(test.id(''anna''), ''course'', test.today(), ''infinity'')',
	'correct_certification(test.id(''nobody''), ''course'', test.today(), test.today())', 'correct_certification(test.id(''bert''), ''course'', test.today(), test.today())', 'correct_certification(test.id(''anna''), ''dancing'', test.today(), test.today())',
	'remove_mentor(NULL)', 'remove_mentor(test.id(''nobody''))', 'restore_mentor(NULL)', 'restore_mentor(test.id(''nobody''))', 'restore_mentor(test.id(''anna''))', 'link_login(NULL, test.id(''kari''))', 'link_login(test.id(''nobody''), test.id(''kari''))', 'link_login(test.id(''anna''), test.id(''nobody''))',
	'set_mentor_chapters(NULL, ''{}'')', 'set_mentor_chapters(test.id(''anna''), NULL)', 'set_mentor_chapters(test.id(''nobody''), ''{}'')', 'set_mentor_chapters(test.id(''anna''), ARRAY[test.id(''s1'')])', 'set_mentor_chapters(test.id(''anna''), ARRAY[test.id(''n1''), test.id(''n1'')])', 'set_mentor_chapters(test.id(''anna''), ARRAY[NULL::uuid])',
	'set_listed(NULL, true)', 'set_listed(test.id(''anna''), NULL)', 'set_listed(test.id(''nobody''), true)', 'assign_coordinator(NULL, test.id(''kari''))', 'assign_coordinator(test.id(''anna''), NULL)', 'assign_coordinator(test.id(''nobody''), test.id(''kari''))', 'assign_coordinator(test.id(''anna''), test.id(''nobody''))',
	'end_assignment(NULL, test.id(''kari''))', 'end_assignment(test.id(''anna''), NULL)', 'end_assignment(test.id(''anna''), test.id(''kari''))', 'end_assignment(test.id(''nobody''), test.id(''kari''))',
	'grant_role(NULL, test.id(''north''), ''org_admin'')', 'grant_role(test.id(''kari''), NULL, ''org_admin'')', 'grant_role(test.id(''kari''), test.id(''north''), NULL)', 'grant_role(test.id(''kari''), test.id(''north''), ''king'')', 'grant_role(test.id(''kari''), test.id(''north''), ''coordinator'')',
	'grant_role(test.id(''kari''), test.id(''north''), ''coordinator'', test.id(''s1''))', 'grant_role(test.id(''kari''), test.id(''north''), ''org_admin'', test.id(''n1''))', 'grant_role(test.id(''nobody''), test.id(''north''), ''org_admin'')', 'grant_role(test.id(''kari''), test.id(''nobody''), ''org_admin'')',
	'end_role(NULL, test.id(''north''), ''org_admin'')', 'end_role(test.id(''kari''), test.id(''north''), ''org_admin'')', 'end_role(test.id(''kari''), test.id(''north''), ''king'')',
	'update_organisation(NULL)', 'update_organisation(test.id(''nobody''), ''x'')', 'update_organisation(test.id(''north''), time_zone => ''Oslo'')', 'update_organisation(test.id(''north''), reminder_days => ''{1,1}'')', 'update_organisation(test.id(''north''), portal_sync => ''maybe'')',
	'put_chapter(NULL, ''x'')', 'put_chapter(test.id(''north''), NULL)', 'put_chapter(test.id(''nobody''), ''x'')', 'put_chapter(test.id(''north''), ''x'', test.id(''s1''))', 'put_certification_type(NULL, ''x'')', 'put_certification_type(test.id(''north''), NULL)', 'put_certification_type(test.id(''nobody''), ''x'')',
	'put_certification_type(test.id(''north''), ''x'', valid_for => ''36 hours'')', 'put_certification_type(test.id(''north''), ''x'', valid_for => ''-1 day'')',
	'put_certification_type(test.id(''north''), ''x'', renewal_mode => ''never'')', 'put_certification_type(test.id(''north''), ''x'', renewal_window_days => -1)', 'put_certification_type(test.id(''north''), ''x'', grace_days => -1)',
	'resolve_undeliverable(NULL)', 'resolve_undeliverable(1)', 'explain_transition(NULL, ''active'')', 'explain_transition(test.id(''anna''), NULL)', 'explain_transition(test.id(''nobody''), ''active'')', 'explain_transition(test.id(''anna''), ''retired'')',
	'mentor_timeline(NULL)', 'mentor_timeline(test.id(''nobody''))', 'mentor_status_on(NULL, test.today())', 'mentor_status_on(test.id(''anna''), NULL)', 'mentor_status_on(test.id(''nobody''), test.today())']) s;
SELECT s AS statement, test.outcome(s) FROM unnest(ARRAY[
	'SELECT peer_mentor.import_register(NULL)', 'SELECT peer_mentor.import_register(test.id(''nobody''))', 'SELECT peer_mentor.import_register(test.id(''north''), date_format => NULL)',
	'SELECT peer_mentor.import_register(test.id(''north''), date_format => '''')', 'SELECT peer_mentor.import_register(test.id(''north''), date_format => ''DD.MM'')', 'SELECT peer_mentor.import_register(test.id(''north''), date_format => ''YYYY-MM-DD HH24'')',
	'SELECT peer_mentor.import_register(test.id(''north''), date_format => ''YYYY-YYYY-MM-DD'')', 'SELECT peer_mentor.import_register(test.id(''north''), create_missing => NULL)', 'SELECT peer_mentor.import_register(test.id(''north''), dry_run => NULL)',
	'SELECT peer_mentor.migrate(-1)', 'SELECT peer_mentor.migrate(1000)', 'SELECT peer_mentor.migrate(force => NULL)', 'SELECT peer_mentor.status_diagram(NULL)',
	'SELECT peer_mentor.schedule_nightly(NULL)', 'SELECT peer_mentor.register_inserted(NULL)', 'SELECT peer_mentor.register_inserted(''{NULL}'')', 'SELECT peer_mentor.mirror_chapter(NULL)', 'SELECT peer_mentor.evaluate_mentor(NULL)',
	'SELECT peer_mentor.evaluate_mentor(test.id(''nobody''))',
	'CALL peer_mentor.run_nightly(batch_size => 0)', 'CALL peer_mentor.run_nightly(batch_size => -1)', 'CALL peer_mentor.run_nightly(batch_size => 100001)', 'CALL peer_mentor.run_nightly(batch_size => 2147483647)',
	'CALL peer_mentor.run_nightly(batch_size => NULL)', 'CALL peer_mentor.run_nightly(''infinity'')', 'CALL peer_mentor.run_nightly()',
	'UPDATE peer_mentor_status SET status = ''retired''', 'UPDATE peer_mentor_status SET status = NULL', 'UPDATE peer_mentor_status SET expected_return_date = ''infinity'' WHERE status = ''paused''']) s;
-- the message and the hint of one of them
\set SHOW_CONTEXT never
SELECT pause_mentor(test.id('nobody'));
CALL peer_mentor.run_nightly(batch_size => 0);
\set SHOW_CONTEXT errors
-- who has no business here
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA peer_mentor TO regress_pm_other;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA peer_mentor, public TO regress_pm_other, authenticated;
SET SESSION AUTHORIZATION regress_pm_other;
SELECT s AS statement, test.outcome(s) FROM unnest(ARRAY['SELECT pause_mentor(test.id(''anna''))', 'SELECT reactivate_mentor(test.id(''bert''))', 'SELECT set_return_date(test.id(''bert''), test.today())', 'SELECT register_mentor(test.id(''nobody''), test.id(''north''), ''{}'')',
	'SELECT record_certification(test.id(''bert''), ''course'', test.today())', 'SELECT renew_certification(test.id(''anna''), ''course'')', 'SELECT suspend_certification(test.id(''anna''), ''course'')', 'SELECT reinstate_certification(test.id(''anna''), ''course'')',
	'SELECT peer_mentor.import_register(test.id(''north''))', 'SELECT peer_mentor.migrate()', 'SELECT peer_mentor.migrate(0, true)', 'SELECT peer_mentor.schedule_nightly()', 'SELECT peer_mentor.unschedule_nightly()', 'SELECT peer_mentor.grant_access()',
	'SELECT peer_mentor.register_inserted(''{}'')', 'SELECT peer_mentor.mirror_chapter(test.id(''anna''))', 'SELECT peer_mentor.evaluate_mentor(test.id(''anna''))',
	'SELECT peer_mentor.check_direct_update(test.id(''anna''), ''active'', ''paused'', NULL, NULL)', 'SELECT peer_mentor.trace_direct_update(test.id(''anna''), ''active'', ''paused'', 1, 2, NULL)']) s;
CALL peer_mentor.run_nightly();
-- claims that anybody can set make nobody a coordinator
SET request.jwt.claims = '{"role": "service_role", "sub": "00000000-0000-0000-0000-000000000000"}';
SELECT test.outcome('SELECT pause_mentor(test.id(''anna''))');
RESET SESSION AUTHORIZATION;
SET ROLE authenticated;
SELECT test.outcome('SELECT pause_mentor(test.id(''anna''))');
RESET ROLE;
RESET request.jwt.claims;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA peer_mentor, public FROM regress_pm_other;
REVOKE EXECUTE ON ALL ROUTINES IN SCHEMA peer_mentor FROM authenticated;
REVOKE USAGE ON SCHEMA peer_mentor FROM regress_pm_other;
SET SESSION AUTHORIZATION regress_pm_owner;
SELECT count(*) FROM peer_mentor.migrate();
SELECT pg_temp.fingerprint() = :'before' AS unchanged;
