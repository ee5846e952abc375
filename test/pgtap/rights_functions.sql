-- Who may call what: every public function x every caller, what their call is answered, and as whom it is recorded.
\ir ../rights/world.sql
SELECT no_plan();

-- ---- every function x every caller

-- What a right means for the callers of world.sql, in order: y = ok, n = not_allowed, f = mentor_not_found, i = invalid_argument,
-- x = no EXECUTE (SQLSTATE 42501 without a code).
CREATE TEMP TABLE rights (name text, expected text);
INSERT INTO rights VALUES
	--                                       anon  mentor coord. elsew. ended org_a. serv. former ended_ca removed
	--                                       | nobody other second assign chap_a far_a self unassi ended_oa owner
	('on m: mentor, coordinator, admin',    'x f y f y y f y f y y f y y f f f f f y'),
	('on m: coordinator, admin',            'x f n f y y f y f y y f y y f f f f f y'),
	('on m: admin',                         'x f n f n n f n f y y f y y f f f f f y'),
	('on m: of every chapter, org admin',   'x f n f n n f n f n y f y y f f f f f y'),
	('on m admin: everybody',               'x f f f y f f f f y y f y y f f f f f y'),
	('on m admin: coordinator, admin',      'x f f f y f f f f y y f y n f f f f f y'),
	('on m admin: admin',                   'x f f f n f f f f y y f y n f f f f f y'),
	('on m other: coordinator, admin',      'x f f n y f f f f y y f y y f f f f f y'),
	('on m third: of every chapter',        'x f f f f y y f f f y f y y f f f f f y'),
	('on m removed: admin',                 'x f f f n f f f f y y f y y f n f f n y'),
	('on m far: admin',                     'x f f f f f f f f f f y y f f f f f f y'),
	('on nobody one sees',                  'x f f f f f f f f f f f f f f f f f f f'),
	('in c1: coordinator, admin',           'x n n n y n n n n y y n y y n n n n n y'),
	('in c1: admin',                        'x n n n n n n n n y y n y y n n n n n y'),
	('in c2 and c3: coordinator, admin',    'x n n n n y n n n n y n y y n n n n n y'),
	('in org: org admin',                   'x n n n n n n n n n y n y y n n n n n y'),
	('in far org: org admin',               'x n n n n n n n n n n y y n n n n n n y'),
	-- an organisation, or a chapter in it, that is not there: the rights are asked first
	('in no org',                           'x n n n n n n n n n n n i n n n n n n i'),
	('in no chapter of org',                'x n n n n n n n n n i n i i n n n n n i'),
	('in far org, a chapter of org',        'x n n n n n n n n n n i i n n n n n n i'),
	-- a mentor ends only a pause they set themselves
	('on m, paused by a coordinator',       'x f n f y y f y f y y f y y f f f f f y'),
	-- one that is not seen is as unknown as one that is not there
	('on a notification about m',           'x i n i y y i y i y y i y y i i i i i y'),
	-- whom they show is in sql/roster.sql; former and unassigned look after nobody who is there
	('of their own mentors',                'x n n n y y y y n y y y n y y y n n n n'),
	('in org: any admin',                   'x n n n n n n n n y y n y y y n n n n y'),
	('on a report of org',                  'x i i i i i i i i i y i y y i i i i i y'),
	('as a worker',                         'x x x x x x x x x x x x y x x x x x x y'),
	-- whoever may, but not this event
	('as a worker, of no lease',            'x x x x x x x x x x x x l x x x x x x l');

-- before: done by the storage owner first
CREATE TEMP TABLE calls (function text, call text, right_name text, before text DEFAULT '');
INSERT INTO calls VALUES
	('pause_mentor', 'pause_mentor({m})', 'on m: mentor, coordinator, admin'),
	('pause_mentor', 'pause_mentor({m admin})', 'on m admin: everybody'),
	('pause_mentor', 'pause_mentor({m far})', 'on m far: admin'),
	('register_mentor', 'register_mentor({new}, {org}, ARRAY[{c1}])', 'in c1: coordinator, admin'),
	('register_mentor', 'register_mentor({new}, {org}, ARRAY[{c2}, {c3}], ''New'', {u fresh})', 'in c2 and c3: coordinator, admin'),
	('register_mentor', 'register_mentor({new}, {org}, ''{}'')', 'in org: org admin'),
	('register_mentor', 'register_mentor({new}, {no org}, ''{}'')', 'in no org'),
	('register_mentor', 'register_mentor({new}, {org}, ARRAY[{c1}, {far c}])', 'in no chapter of org'),
	('register_mentor', 'register_mentor({new}, {org}, ARRAY[{c1}, {no c}])', 'in no chapter of org'),
	('register_mentor', 'register_mentor({new}, {far org}, ARRAY[{c1}])', 'in far org, a chapter of org'),
	('record_certification', 'record_certification({m}, ''extra'', current_date)', 'on m: coordinator, admin'),
	('record_certification', 'record_certification({m admin}, ''extra'', current_date)', 'on m admin: coordinator, admin'),
	('renew_certification', 'renew_certification({m}, ''course'')', 'on m: coordinator, admin'),
	('renew_certification', 'renew_certification({m admin}, ''course'')', 'on m admin: coordinator, admin'),
	('suspend_certification', 'suspend_certification({m}, ''course'')', 'on m: admin'),
	('suspend_certification', 'suspend_certification({m admin}, ''course'')', 'on m admin: admin'),
	('correct_certification', 'correct_certification({m}, ''course'', current_date, current_date + 5)', 'on m: admin'),
	('correct_certification', 'correct_certification({m admin}, ''course'', current_date, current_date + 5)', 'on m admin: admin'),
	('explain_transition', 'explain_transition({m}, ''paused'')', 'on m: mentor, coordinator, admin'),
	('mentor_timeline', 'mentor_timeline({m})', 'on m: mentor, coordinator, admin'),
	('mentor_status_on', 'mentor_status_on({m}, current_date)', 'on m: mentor, coordinator, admin'),
	('remove_mentor', 'remove_mentor({m})', 'on m: admin'),
	('remove_mentor', 'remove_mentor({m admin})', 'on m admin: admin'),
	('restore_mentor', 'restore_mentor({m removed})', 'on m removed: admin'),
	('link_login', 'link_login({m}, {u fresh})', 'on m: admin'),
	('link_login', 'link_login({m}, NULL)', 'on m: admin'),
	('link_login', 'link_login({m admin}, NULL)', 'on m admin: admin'),
	('set_mentor_chapters', 'set_mentor_chapters({m}, ARRAY[{c2}, {c1}])', 'on m: of every chapter, org admin'),
	('set_mentor_chapters', 'set_mentor_chapters({m}, ARRAY[{c2}])', 'on m: of every chapter, org admin'),
	('set_mentor_chapters', 'set_mentor_chapters({m}, ''{}'')', 'on m: of every chapter, org admin'),
	('set_mentor_chapters', 'set_mentor_chapters({m third}, ''{}'')', 'on m third: of every chapter'),
	('set_mentor_chapters', 'set_mentor_chapters({m other}, ARRAY[{c1}])', 'on m other: coordinator, admin'),
	('set_mentor_chapters', 'set_mentor_chapters({m admin}, ARRAY[{c1}])', 'on m admin: coordinator, admin'),
	('set_listed', 'set_listed({m}, false)', 'on m: mentor, coordinator, admin'),
	('set_listed', 'set_listed({m admin}, false)', 'on m admin: everybody'),
	('assign_coordinator', 'assign_coordinator({m}, {u elsewhere})', 'on m: admin'),
	('assign_coordinator', 'assign_coordinator({m admin}, {u elsewhere})', 'on m admin: admin'),
	('end_assignment', 'end_assignment({m}, {u assigned})', 'on m: admin'),
	('grant_role', 'grant_role({u fresh}, {org}, ''coordinator'', {c1})', 'in c1: admin'),
	('grant_role', 'grant_role({u fresh}, {org}, ''chapter_admin'', {c1})', 'in org: org admin'),
	('grant_role', 'grant_role({u fresh}, {org}, ''org_admin'')', 'in org: org admin'),
	('grant_role', 'grant_role({u fresh}, {far org}, ''org_admin'')', 'in far org: org admin'),
	('grant_role', 'grant_role({u fresh}, {no org}, ''org_admin'')', 'in no org'),
	('grant_role', 'grant_role({u fresh}, {org}, ''coordinator'', {far c})', 'in no chapter of org'),
	('grant_role', 'grant_role({u fresh}, {org}, ''coordinator'', {no c})', 'in no chapter of org'),
	('grant_role', 'grant_role({u fresh}, {far org}, ''coordinator'', {c1})', 'in far org, a chapter of org'),
	('end_role', 'end_role({u coordinator}, {org}, ''coordinator'', {c1})', 'in c1: admin'),
	('end_role', 'end_role({u chapter_admin}, {org}, ''chapter_admin'', {c1})', 'in org: org admin'),
	('end_role', 'end_role({u org_admin}, {org}, ''org_admin'')', 'in org: org admin'),
	('end_role', 'end_role({u far_admin}, {far org}, ''org_admin'')', 'in far org: org admin'),
	('update_organisation', 'update_organisation({org}, ''Renamed'')', 'in org: org admin'),
	('update_organisation', 'update_organisation({far org}, ''Renamed'')', 'in far org: org admin'),
	('update_organisation', 'update_organisation({no org}, ''Renamed'')', 'in no org'),
	('put_chapter', 'put_chapter({org}, ''New'')', 'in org: org admin'),
	('put_chapter', 'put_chapter({org}, ''Renamed'', {c1})', 'in org: org admin'),
	('put_chapter', 'put_chapter({org}, ''Renamed'', {far c})', 'in no chapter of org'),
	('put_chapter', 'put_chapter({far org}, ''New'')', 'in far org: org admin'),
	('put_chapter', 'put_chapter({no org}, ''New'')', 'in no org'),
	('put_certification_type', 'put_certification_type({org}, ''new'')', 'in org: org admin'),
	('put_certification_type', 'put_certification_type({org}, ''course'', grace_days => 3)', 'in org: org admin'),
	('put_certification_type', 'put_certification_type({far org}, ''new'')', 'in far org: org admin'),
	('put_certification_type', 'put_certification_type({no org}, ''new'')', 'in no org'),
	('resolve_undeliverable', 'resolve_undeliverable(1001)', 'on a notification about m'),
	('coordinator_roster', 'coordinator_roster(50, NULL, NULL, NULL, NULL, false, NULL)', 'of their own mentors'),
	('status_report', 'status_report({org}, current_date, current_date)', 'in org: any admin'),
	('status_report', 'status_report({far org}, current_date, current_date)', 'in far org: org admin'),
	('status_report', 'status_report({no org}, current_date, current_date)', 'in no org'),
	('freeze_report', 'freeze_report({org}, current_date, current_date)', 'in org: org admin'),
	('freeze_report', 'freeze_report({far org}, current_date, current_date)', 'in far org: org admin'),
	('freeze_report', 'freeze_report({no org}, current_date, current_date)', 'in no org'),
	('frozen_report', 'frozen_report({report of Here})', 'on a report of org'),
	('claim_events', 'claim_events(''notification'')', 'as a worker'),
	('replay_events', 'replay_events(''portal_sync'')', 'as a worker'),
	('complete_event', 'complete_event(1001, {no token})', 'as a worker, of no lease'),
	('fail_event', 'fail_event(1001, {no token}, ''x'')', 'as a worker, of no lease');
INSERT INTO calls VALUES
	('reactivate_mentor', 'reactivate_mentor({m admin})', 'on m admin: coordinator, admin', 'SELECT public.pause_mentor({m admin})'),
	('set_return_date', 'set_return_date({m}, current_date + 9)', 'on m: mentor, coordinator, admin', 'SELECT public.pause_mentor({m})'),
	('reinstate_certification', 'reinstate_certification({m}, ''course'')', 'on m: admin', 'SELECT public.suspend_certification({m}, ''course'')'),
	('reinstate_certification', 'reinstate_certification({m admin}, ''course'')', 'on m admin: admin', 'SELECT public.suspend_certification({m admin}, ''course'')'),
	('restore_mentor', 'restore_mentor({m admin})', 'on m admin: admin', 'UPDATE public.peer_mentors SET deleted_at = now() WHERE id = {m admin}'),
	('reactivate_mentor', 'reactivate_mentor({m})', 'on m, paused by a coordinator', 'SELECT public.pause_mentor({m})');
-- Nobody finds a mentor who is removed, or who never was.
INSERT INTO calls
SELECT DISTINCT ON (c.function, t.target) c.function, replace(c.call, '{m}', t.target), 'on nobody one sees', ''
  FROM calls c CROSS JOIN (VALUES ('{m removed}'), ('{no m}')) t (target)
 WHERE c.call LIKE '%({m}%' ORDER BY c.function, t.target, c.call;
INSERT INTO calls VALUES
	('restore_mentor', 'restore_mentor({m})', 'on m: admin'), ('restore_mentor', 'restore_mentor({no m})', 'on nobody one sees');

SELECT is(a.answer, CASE e.expected WHEN 'y' THEN 'ok' WHEN 'n' THEN 'not_allowed' WHEN 'f' THEN 'mentor_not_found' WHEN 'i' THEN 'invalid_argument' WHEN 'l' THEN 'lease_lost' ELSE '42501' END,
          format('%-20s %s.%s%s', k.caller, s.schema, c.call, CASE WHEN c.before <> '' THEN ' after ' || c.before END))
  FROM calls c JOIN rights r ON r.name = c.right_name
 CROSS JOIN regexp_split_to_table(r.expected, ' +') WITH ORDINALITY e (expected, number) JOIN callers k USING (number)
 -- the engine's function can be called past its wrapper, by who has SQL; one call of each will do
 CROSS JOIN (SELECT 'public' UNION ALL SELECT 'peer_mentor') s (schema)
 CROSS JOIN LATERAL pg_temp.attempt(k.caller, c.before, format('SELECT %s.%s', s.schema, c.call), '') a
 WHERE s.schema = 'public' OR (EXISTS (SELECT FROM pg_proc p WHERE p.pronamespace = 'peer_mentor'::regnamespace AND p.proname = c.function)
                               AND NOT EXISTS (SELECT FROM calls d WHERE d.function = c.function AND d.call < c.call));

SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	 WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
	   AND NOT EXISTS (SELECT FROM calls c WHERE c.function = p.proname)$$, 'every public function has a row above');
SELECT is_empty($$SELECT name FROM rights WHERE cardinality(regexp_split_to_array(expected, ' +')) <> (SELECT count(*) FROM callers)$$,
	'with a column for every caller');

-- ---- a refusal tells nothing of what the caller may not see

-- An id that is nobody's, one that another sees, and one of a removed mentor: the same text but for the id.
CREATE TEMP TABLE refusals AS
SELECT c.function, k.caller, t.target, regexp_replace(a.told, '[0-9a-f]{8}-[0-9a-f-]{27}', '<id>', 'g') AS told
  FROM (SELECT DISTINCT ON (function) function, call FROM calls WHERE call LIKE '%({m}%' ORDER BY function, call) c
 CROSS JOIN callers k CROSS JOIN (VALUES ('{no m}'), ('{m}'), ('{m far}'), ('{m removed}')) t (target)
 CROSS JOIN LATERAL pg_temp.attempt(k.caller, '', 'SELECT public.' || replace(c.call, '{m}', t.target), '') a
 WHERE a.answer = 'mentor_not_found';
SELECT is(count(DISTINCT told), 1::bigint, format('%-20s learns nothing from the refusals of %s: %s', caller, function, min(told)))
  FROM refusals GROUP BY function, caller;
SELECT is(min(told), 'PT404 | mentor "<id>" does not exist | {"code": "mentor_not_found", "mentor_id": "<id>"}', 'one text for all of them')
  FROM refusals HAVING count(DISTINCT told) > 0;
SELECT is(a.told, n.told, format('%-20s learns nothing from resolve_undeliverable(%s)', k.caller, u.id))
  FROM callers k CROSS JOIN (VALUES (1001, '{mentor,second,coordinator,chapter_admin,assigned,org_admin,self,service,owner}'::text[]),
                                    (1002, '{far_admin,service,owner}'::text[])) u (id, seen_by)
 CROSS JOIN LATERAL pg_temp.attempt(k.caller, '', format('SELECT public.resolve_undeliverable(%s)', u.id), '') a
 CROSS JOIN LATERAL pg_temp.attempt(k.caller, '', 'SELECT public.resolve_undeliverable(999999)', '') n
 WHERE k.caller <> ALL (u.seen_by);
SELECT is(string_agg(DISTINCT a.told, '; '), '42501 | permission denied | {"code": "not_allowed"}', 'one text for what is not allowed, whatever there is')
  FROM calls c JOIN rights r ON r.name = c.right_name
 CROSS JOIN regexp_split_to_table(r.expected, ' +') WITH ORDINALITY e (expected, number) JOIN callers k USING (number)
 CROSS JOIN LATERAL pg_temp.attempt(k.caller, '', 'SELECT public.' || c.call, '') a
 WHERE e.expected = 'n' AND c.before = '' AND k.caller IN ('nobody', 'self', 'coordinator', 'far_admin');

-- ---- rows of another organisation cannot be referenced: foreign keys look past row security

CREATE TEMP TABLE foreign_ids (function text, argument text, call text, caller text, expected text);
INSERT INTO foreign_ids
SELECT c.function, 'mentor_id', replace(c.call, '{m}', '{m far}'), 'org_admin', 'mentor_not_found'
  FROM (SELECT DISTINCT ON (function) function, call FROM calls WHERE call LIKE '%({m}%' ORDER BY function, call) c;
INSERT INTO foreign_ids VALUES
	('register_mentor', 'mentor_id', 'register_mentor({m far}, {org}, ''{}'')', 'org_admin', 'already_exists'),
	('register_mentor', 'organisation_id', 'register_mentor({new}, {far org}, ''{}'')', 'org_admin', 'not_allowed'),
	('register_mentor', 'chapter_ids', 'register_mentor({new}, {org}, ARRAY[{far c}])', 'org_admin', 'invalid_argument'),
	('register_mentor', 'user_id', 'register_mentor({new}, {org}, ''{}'', NULL, {u far})', 'org_admin', 'already_exists'),
	('restore_mentor', 'mentor_id', 'restore_mentor({m removed})', 'far_admin', 'mentor_not_found'),
	('link_login', 'user_id', 'link_login({m}, {u far})', 'org_admin', 'already_exists'),
	('set_mentor_chapters', 'chapter_ids', 'set_mentor_chapters({m}, ARRAY[{c1}, {far c}])', 'org_admin', 'invalid_argument'),
	('assign_coordinator', 'coordinator_id', 'assign_coordinator({m}, {u far_coordinator})', 'org_admin', 'invalid_argument'),
	('end_assignment', 'coordinator_id', 'end_assignment({m}, {u far_coordinator})', 'org_admin', 'invalid_argument'),
	-- a login belongs to no organisation: the role makes it a member
	('grant_role', 'user_id', 'grant_role({u far_coordinator}, {org}, ''coordinator'', {c1})', 'org_admin', 'ok'),
	('grant_role', 'organisation_id', 'grant_role({u org_admin}, {far org}, ''org_admin'')', 'org_admin', 'not_allowed'),
	('grant_role', 'chapter_id', 'grant_role({u fresh}, {org}, ''chapter_admin'', {far c})', 'org_admin', 'invalid_argument'),
	('end_role', 'user_id', 'end_role({u far_admin}, {org}, ''org_admin'')', 'org_admin', 'invalid_argument'),
	('end_role', 'organisation_id', 'end_role({u far_admin}, {far org}, ''org_admin'')', 'org_admin', 'not_allowed'),
	('end_role', 'chapter_id', 'end_role({u far_coordinator}, {org}, ''coordinator'', {far c})', 'org_admin', 'invalid_argument'),
	('update_organisation', 'organisation_id', 'update_organisation({far org}, ''Mine'')', 'org_admin', 'not_allowed'),
	('put_chapter', 'organisation_id', 'put_chapter({far org}, ''Mine'')', 'org_admin', 'not_allowed'),
	('put_chapter', 'chapter_id', 'put_chapter({org}, ''Mine'', {far c})', 'org_admin', 'invalid_argument'),
	('put_certification_type', 'organisation_id', 'put_certification_type({far org}, ''course'', required => false)', 'org_admin', 'not_allowed'),
	('resolve_undeliverable', 'id', 'resolve_undeliverable(1002)', 'org_admin', 'invalid_argument'),
	('record_certification', 'certification_type', 'record_certification({m}, ''far'', current_date)', 'org_admin', 'invalid_argument');
INSERT INTO foreign_ids VALUES
	-- the page is empty
	('coordinator_roster', 'chapter_id', 'coordinator_roster(chapter_id => {far c})', 'org_admin', 'ok'),
	('status_report', 'organisation_id', 'status_report({far org}, current_date, current_date)', 'org_admin', 'not_allowed'),
	('freeze_report', 'organisation_id', 'freeze_report({far org}, current_date, current_date)', 'org_admin', 'not_allowed'),
	('frozen_report', 'snapshot_id', 'frozen_report({report of Far})', 'org_admin', 'invalid_argument');
SELECT is(a.n, 0::bigint, 'the roster shows nobody of a chapter of another organisation')
  FROM pg_temp.attempt('org_admin', '', 'SELECT * FROM public.coordinator_roster(chapter_id => {far c})', '') a;
SELECT is(a.answer, f.expected, format('%s of another organisation in %s: %s', f.argument, f.function, f.expected))
  FROM foreign_ids f CROSS JOIN LATERAL pg_temp.attempt(f.caller, '', 'SELECT public.' || f.call, '') a;
SELECT is_empty($$
	SELECT p.proname, a.name
	  FROM pg_proc p CROSS JOIN LATERAL unnest(p.proargnames[1:p.pronargs], p.proargtypes::oid[]) a (name, type)
	 WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
	   AND (a.type IN ('uuid'::regtype, 'uuid[]'::regtype) OR a.name = 'id')
	   AND p.proname NOT IN ('claim_events', 'complete_event', 'fail_event', 'replay_events') -- a worker's, for all organisations
	   AND NOT EXISTS (SELECT FROM foreign_ids f WHERE (f.function, f.argument) = (p.proname, a.name))$$,
	'every argument that is an id has a row above');

CREATE TEMP TABLE foreign_rows (statement text, expected text);
INSERT INTO foreign_rows VALUES
	('INSERT INTO mentor_chapters (mentor_id, chapter_id) VALUES ({m}, {far c})', '22023'),
	('UPDATE mentor_chapters SET chapter_id = {far c} WHERE mentor_id = {m third}', '22023'),
	('UPDATE mentor_chapters SET mentor_id = {m far} WHERE mentor_id = {m third}', '22023'),
	('INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role) VALUES ({u fresh}, {org}, {far c}, ''coordinator'')', '23503'),
	('UPDATE role_assignments SET organisation_id = {far org} WHERE user_id = {u coordinator}', '23503'),
	('INSERT INTO coordinator_assignments (coordinator_id, mentor_id) VALUES ({u far_coordinator}, {m})', '22023'),
	('UPDATE coordinator_assignments SET mentor_id = {m} WHERE coordinator_id = {u far_coordinator}', '22023'),
	('UPDATE chapters SET organisation_id = {far org} WHERE id = {c4}', '22023'),
	('UPDATE peer_mentors SET organisation_id = {far org} WHERE id = {m third}', '22023'),
	('UPDATE peer_mentor_status SET chapter_id = {far c} WHERE mentor_id = {m third}', '42501'),
	('UPDATE peer_mentor_certifications SET organisation_id = {far org} WHERE peer_mentor_id = {m}', '42501');
SELECT is(left(a.told, 5), f.expected, format('even the storage owner cannot: %s', f.statement))
  FROM foreign_rows f CROSS JOIN LATERAL pg_temp.attempt('owner', '', f.statement, '') a;
CREATE SCHEMA rights_scratch;
GRANT ALL ON SCHEMA rights_scratch TO authenticated, service_role;
SELECT is(left(a.told, 5), '42501', format('%s cannot refer to %s', k.caller, c.relname))
  FROM (VALUES ('org_admin'), ('service')) k (caller) CROSS JOIN pg_class c
 CROSS JOIN LATERAL pg_temp.attempt(k.caller, '', format('CREATE TABLE rights_scratch.t (r %s REFERENCES public.%I)',
	(SELECT format_type(a.atttypid, NULL) FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indrelid = c.oid AND i.indisprimary), c.relname), '') a
 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r';

-- ---- as whom a call is recorded

CREATE TEMP TABLE actors (caller text, mentor text, before text, expected text);
INSERT INTO actors VALUES
	('mentor', 'm', '', 'mentor self_pause'), ('coordinator', 'm', '', 'coordinator coordinator_manual_pause'),
	('second', 'm', '', 'coordinator coordinator_manual_pause'), ('assigned', 'm', '', 'coordinator coordinator_manual_pause'),
	('chapter_admin', 'm', '', 'chapter_admin coordinator_manual_pause'), ('org_admin', 'm', '', 'org_admin coordinator_manual_pause'),
	('self', 'm', '', 'org_admin coordinator_manual_pause'), ('self', 'm admin', '', 'mentor self_pause'),
	('service', 'm', '', 'service coordinator_manual_pause'), ('owner', 'm', '', 'operator coordinator_manual_pause'),
	-- of several roles the least that suffices
	('org_admin', 'm', 'SELECT public.grant_role({u org_admin}, {org}, ''coordinator'', {c2})', 'coordinator coordinator_manual_pause'),
	('org_admin', 'm', 'SELECT public.grant_role({u org_admin}, {org}, ''chapter_admin'', {c2})', 'chapter_admin coordinator_manual_pause'),
	('org_admin', 'm', 'SELECT public.assign_coordinator({m}, {u org_admin})', 'coordinator coordinator_manual_pause');
SELECT is(a.seen, x.expected || CASE WHEN x.caller IN ('service', 'owner') THEN ' nobody' ELSE ' themselves' END,
          format('%s pauses %s as %s %s', x.caller, x.mentor, x.expected, nullif(x.before, '')))
  FROM actors x CROSS JOIN LATERAL pg_temp.attempt(x.caller, x.before, format('SELECT public.pause_mentor({%s})', x.mentor),
	format($$SELECT concat_ws(' ', h.actor_kind, h.reason, CASE h.changed_by WHEN {u %s} THEN 'themselves' ELSE coalesce(h.changed_by::text, 'nobody') END)
	           FROM public.peer_mentor_status_history h WHERE h.mentor_id = {%s} ORDER BY h.version DESC LIMIT 1$$, x.caller, x.mentor)) a;
SELECT is(a.answer, 'ok', 'a mentor ends a pause they set themselves')
  FROM pg_temp.attempt('mentor', '', 'SELECT public.pause_mentor({m}), public.reactivate_mentor({m})', '') a;
SELECT is(a.answer, 'not_allowed', format('an org admin who is a mentor does not end what a coordinator set on them%s', e.why))
  FROM (VALUES ('', ''), ('; SELECT public.suspend_certification({m admin}, ''course'')', ', nor while it is held')) e (also, why)
 CROSS JOIN LATERAL pg_temp.attempt('self', 'SELECT public.pause_mentor({m admin})' || e.also, 'SELECT public.reactivate_mentor({m admin})', '') a;

-- ---- coordinator of one chapter and admin of the other is coordinator or admin of every one

CREATE TEMP TABLE two_roles AS SELECT
	'SELECT public.grant_role({u fresh}, {org}, ''coordinator'', {c1}), public.grant_role({u fresh}, {org}, ''chapter_admin'', {c2})' AS grants;
INSERT INTO callers VALUES (0, 'fresh', 'authenticated');
SELECT is(a.answer, 'ok', 'one who coordinates c1 and administers c2 may: ' || c)
  FROM two_roles, unnest(ARRAY['register_mentor({new}, {org}, ARRAY[{c1}, {c2}])', 'set_mentor_chapters({m}, ARRAY[{c2}, {c1}])']) c
 CROSS JOIN LATERAL pg_temp.attempt('fresh', grants, 'SELECT public.' || c, '') a;

-- ---- nobody makes a mentor of themselves, whom they might have certified before

SELECT is(a.answer, e.expected, format('%s: %s', e.caller, e.call))
  FROM (VALUES
	('org_admin', 'link_login({m}, {u org_admin})', 'not_allowed'),
	('chapter_admin', 'link_login({m}, {u chapter_admin})', 'not_allowed'),
	('coordinator', 'register_mentor({new}, {org}, ARRAY[{c1}], user_id => {u coordinator})', 'not_allowed'),
	('org_admin', 'register_mentor({new}, {org}, ARRAY[{c1}], user_id => {u org_admin})', 'not_allowed'),
	('service', 'register_mentor({new}, {org}, ARRAY[{c1}], user_id => {u org_admin})', 'ok'),
	('chapter_admin', 'link_login({m}, {u org_admin})', 'ok')) e (caller, call, expected)
 CROSS JOIN LATERAL pg_temp.attempt(e.caller, '', 'SELECT public.' || e.call, '') a;

-- ---- what ends, ends at once

SELECT is(a.answer, e.expected, format('%s after %s', e.caller, e.before))
  FROM (VALUES
	('coordinator', 'SELECT public.end_role({u coordinator}, {org}, ''coordinator'', {c1})', 'mentor_not_found'),
	('chapter_admin', 'SELECT public.end_role({u chapter_admin}, {org}, ''chapter_admin'', {c1})', 'mentor_not_found'),
	('org_admin', 'SELECT public.end_role({u org_admin}, {org}, ''org_admin'')', 'mentor_not_found'),
	('assigned', 'SELECT public.end_assignment({m}, {u assigned})', 'mentor_not_found'),
	('second', 'SELECT public.set_mentor_chapters({m}, ARRAY[{c1}])', 'mentor_not_found'),
	('mentor', 'SELECT public.link_login({m}, NULL)', 'mentor_not_found'),
	('mentor', 'SELECT public.remove_mentor({m})', 'mentor_not_found'),
	('coordinator', 'SELECT public.remove_mentor({m})', 'mentor_not_found'),
	('service', 'SELECT public.remove_mentor({m})', 'mentor_not_found'),
	('coordinator', 'DELETE FROM public.role_assignments WHERE user_id = {u coordinator}', 'mentor_not_found'),
	('elsewhere', 'SELECT public.set_mentor_chapters({m}, ARRAY[{c1}, {c3}])', 'ok'),
	('fresh', 'SELECT public.link_login({m}, {u fresh})', 'ok'),
	('removed', 'SELECT public.restore_mentor({m removed})', 'mentor_not_found')) e (caller, before, expected)
 CROSS JOIN LATERAL pg_temp.attempt(e.caller, e.before, 'SELECT public.pause_mentor({m})', '') a;
-- the last role ends, and what hung on it
SELECT is(a.answer, 'mentor_not_found', 'with the last role in the organisation the assignments end')
  FROM pg_temp.attempt('elsewhere', 'SELECT public.assign_coordinator({m}, {u elsewhere}); SELECT public.end_role({u elsewhere}, {org}, ''coordinator'', {c3})',
	'SELECT public.pause_mentor({m})', '') a;
SELECT is(a.answer, e.expected, e.why)
  FROM (VALUES
	('mentor', 'DELETE FROM auth.users WHERE id = {u mentor}', 'not_allowed', 'a login that is gone is nobody'),
	('org_admin', 'DELETE FROM auth.users WHERE id = {u org_admin}', 'not_allowed', 'whatever it was')) e (caller, before, expected, why)
 CROSS JOIN LATERAL pg_temp.attempt(e.caller, e.before, 'SELECT public.pause_mentor({m})', '') a;

-- ---- who one is, is not said by claims alone

CREATE ROLE rights_stranger;
GRANT USAGE ON SCHEMA peer_mentor, public TO rights_stranger;
GRANT EXECUTE ON FUNCTION public.pause_mentor(uuid, date, bigint, text), peer_mentor.pause_mentor(uuid, date, bigint, text) TO rights_stranger, anon;
INSERT INTO callers VALUES (0, 'stranger', 'rights_stranger');
SELECT is(a.answer, 'not_allowed', format('%s with the claims of an org admin, and EXECUTE', k.caller))
  FROM (VALUES ('stranger'), ('anon')) k (caller)
 CROSS JOIN LATERAL pg_temp.attempt(k.caller, '',
	$$SELECT public.pause_mentor({m}) FROM set_config('request.jwt.claims', jsonb_build_object('sub', {u org_admin}, 'role', 'service_role')::text, true) c WHERE c <> ''$$, '') a;
SELECT is(a.answer, 'not_allowed', 'nobody is service by the claim of it')
  FROM pg_temp.attempt('nobody', '',
	$$SELECT public.put_chapter({org}, 'x') FROM set_config('request.jwt.claims', jsonb_build_object('sub', {u nobody}, 'role', 'service_role')::text, true) c WHERE c <> ''$$, '') a;

-- ---- EXECUTE alone makes nobody an operator or a delivery worker

GRANT USAGE ON SCHEMA peer_mentor TO authenticated, service_role;
GRANT EXECUTE ON ALL ROUTINES IN SCHEMA peer_mentor, public TO rights_stranger, authenticated, service_role;
CREATE TEMP TABLE operator_calls (function text PRIMARY KEY, call text, workers_too boolean DEFAULT false, expected text DEFAULT 'not_allowed');
INSERT INTO operator_calls VALUES
	('run_nightly', 'CALL peer_mentor.run_nightly()'), ('preview_nightly', 'SELECT peer_mentor.preview_nightly()'),
	('schedule_nightly', 'SELECT peer_mentor.schedule_nightly()'), ('unschedule_nightly', 'SELECT peer_mentor.unschedule_nightly()'),
	('reconcile', 'SELECT peer_mentor.reconcile()'), ('erase_mentor', 'SELECT peer_mentor.erase_mentor({m})'),
	('migrate', 'SELECT peer_mentor.migrate()'), ('import_register', 'SELECT peer_mentor.import_register({org})'),
	('grant_access', 'SELECT peer_mentor.grant_access()'), ('erase_traces', 'SELECT peer_mentor.erase_traces({m}, {org}, ''k'', now())'),
	('register_inserted', 'SELECT peer_mentor.register_inserted(ARRAY[{m}])'), ('mirror_chapter', 'SELECT peer_mentor.mirror_chapter({m})'),
	('evaluate_mentor', 'SELECT peer_mentor.evaluate_mentor({m})'), ('mirror_roster', 'SELECT peer_mentor.mirror_roster(ARRAY[{m}])'),
	('follow_listing', 'SELECT peer_mentor.follow_listing({m})'), ('follow_removal', 'SELECT peer_mentor.follow_removal(ARRAY[{m}])'),
	('follow_portal_sync', 'SELECT peer_mentor.follow_portal_sync({org}, ''off'', ''on'')');
INSERT INTO operator_calls VALUES
	('check_direct_update', 'SELECT peer_mentor.check_direct_update({m}, ''active'', ''paused'', NULL, NULL)', false, 'engine_only'),
	('trace_direct_update', 'SELECT peer_mentor.trace_direct_update({m}, ''active'', ''paused'', 1, 2, NULL)', false, 'engine_only');
INSERT INTO operator_calls VALUES
	('claim_events', 'SELECT peer_mentor.claim_events(''notification'')', true),
	('complete_event', 'SELECT peer_mentor.complete_event(1, {m})', true),
	('fail_event', 'SELECT peer_mentor.fail_event(1, {m}, ''x'')', true),
	('replay_events', 'SELECT peer_mentor.replay_events(''notification'')', true);
SELECT is(a.answer, o.expected, format('%s with EXECUTE on %s', k.caller, o.function))
  FROM (VALUES ('stranger'), ('org_admin'), ('service')) k (caller)
 CROSS JOIN operator_calls o
 CROSS JOIN LATERAL pg_temp.attempt(k.caller, '', o.call, '') a
 WHERE NOT (k.caller = 'service' AND o.workers_too);
SELECT is(array_agg(p.proname ORDER BY p.proname)::text[], ARRAY['cron_launcher_running', 'engine_writes', 'is_gone', 'refuse_write', 'require_visible',
	'status_diagram', 'status_transitions'], 'what of the engine is neither asked above nor by a public function of its name')
  FROM pg_proc p WHERE p.pronamespace = 'peer_mentor'::regnamespace
   AND p.proname NOT IN (SELECT o.function FROM operator_calls o UNION ALL SELECT c.function FROM calls c);

-- ---- an admin of a chapter gets the numbers of that chapter

SELECT is(a.seen, e.expected, format('%s is told about %s', e.caller, e.expected))
  FROM (VALUES ('chapter_admin', '{c1}'), ('org_admin', '{c1,c2,c3,c4}')) e (caller, expected)
 CROSS JOIN LATERAL pg_temp.attempt(e.caller, '',
	'CREATE TEMP TABLE told ON COMMIT DROP AS SELECT * FROM public.status_report({org}, current_date, current_date)',
	$$SELECT array_agg(DISTINCT c.name ORDER BY c.name)::text FROM pg_temp.told t JOIN public.chapters c ON c.id = t.chapter_id$$) a;

SELECT * FROM finish();
ROLLBACK;
