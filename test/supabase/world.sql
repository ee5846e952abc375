-- Two organisations with everybody who may call, for the tests that act as PostgREST does.  Run by the storage owner after
-- migrate().  Users, mentors and chapters are named: md5('user admin'), md5('mentor 1'), md5('chapter 1').
SET client_min_messages = warning;
INSERT INTO auth.users (id)
SELECT md5('user ' || u)::uuid FROM unnest(ARRAY['mentor', 'coordinator', 'assigned', 'chapter_admin', 'admin', 'spare', 'stranger',
	'other_mentor', 'other_coordinator', 'other_admin']) u;
INSERT INTO auth.users (id) SELECT md5('user of ' || n)::uuid FROM generate_series(2, 40) n;
INSERT INTO public.organisations (id, name) VALUES (md5('org')::uuid, 'Ours'), (md5('other org')::uuid, 'Theirs');
INSERT INTO public.chapters (id, organisation_id, name) VALUES
	(md5('chapter 1')::uuid, md5('org')::uuid, 'First'), (md5('chapter 2')::uuid, md5('org')::uuid, 'Second'),
	(md5('other chapter')::uuid, md5('other org')::uuid, 'Far away');
INSERT INTO public.certification_types (organisation_id, code, name, renewal_window_days) VALUES
	(md5('org')::uuid, 'basic', 'Basic course', 90), (md5('other org')::uuid, 'basic', 'Basic course', NULL);
INSERT INTO public.certification_types (organisation_id, code, name, required) VALUES (md5('org')::uuid, 'extra', 'Extra course', false);
INSERT INTO public.peer_mentors (id, organisation_id, user_id, display_name)
SELECT md5('mentor ' || n)::uuid, md5('org')::uuid, CASE n WHEN 1 THEN md5('user mentor')::uuid ELSE md5('user of ' || n)::uuid END, 'Mentor ' || n
  FROM generate_series(1, 40) n;
INSERT INTO public.peer_mentors (id, organisation_id, user_id, display_name)
VALUES (md5('other mentor')::uuid, md5('other org')::uuid, md5('user other_mentor')::uuid, 'Somebody else');
INSERT INTO public.mentor_chapters (mentor_id, chapter_id)
SELECT md5('mentor ' || n)::uuid, md5('chapter ' || CASE WHEN n > 35 THEN 2 ELSE 1 END)::uuid FROM generate_series(1, 40) n
UNION ALL VALUES (md5('other mentor')::uuid, md5('other chapter')::uuid);
INSERT INTO public.role_assignments (user_id, organisation_id, chapter_id, role) VALUES
	(md5('user coordinator')::uuid, md5('org')::uuid, md5('chapter 1')::uuid, 'coordinator'),
	(md5('user chapter_admin')::uuid, md5('org')::uuid, md5('chapter 1')::uuid, 'chapter_admin'),
	(md5('user admin')::uuid, md5('org')::uuid, NULL, 'org_admin'),
	(md5('user other_coordinator')::uuid, md5('other org')::uuid, md5('other chapter')::uuid, 'coordinator'),
	(md5('user other_admin')::uuid, md5('other org')::uuid, NULL, 'org_admin');
INSERT INTO public.coordinator_assignments (coordinator_id, mentor_id) VALUES (md5('user assigned')::uuid, md5('mentor 2')::uuid);

-- 1 and 2 listed; 10 lapsed; 11 lapsed while paused; 12 suspended; 13 in a term that may not be renewed yet; 14 removed
SELECT public.record_certification(md5('mentor ' || n)::uuid, 'basic', current_date - 30, current_date + 400)
  FROM unnest(ARRAY[1, 2, 12, 13, 14]) n \g /dev/null
SELECT public.pause_mentor(md5('mentor 11')::uuid, current_date + 200) \g /dev/null
SELECT public.record_certification(md5('mentor ' || n)::uuid, 'basic', current_date - 700, current_date - 3) FROM unnest(ARRAY[10, 11]) n \g /dev/null
SELECT public.suspend_certification(md5('mentor 12')::uuid, 'basic') \g /dev/null
SELECT public.remove_mentor(md5('mentor 14')::uuid) \g /dev/null
