-- 100,000 mentors in 5 organisations of 100 chapters, each with a login, a status, two history rows and a certification.
-- Loaded past the triggers, as a restore would, by a superuser.
SET session_replication_role = replica;
INSERT INTO auth.users (id) SELECT md5('user ' || i)::uuid FROM generate_series(1, 100000) i;
INSERT INTO auth.users (id) SELECT md5('coordinator ' || i)::uuid FROM generate_series(1, 500) i;
INSERT INTO public.organisations (id, name) SELECT md5('org ' || o)::uuid, 'Organisation ' || o FROM generate_series(0, 4) o;
INSERT INTO public.chapters (id, organisation_id, name)
SELECT md5('chapter ' || c)::uuid, md5('org ' || c % 5)::uuid, 'Chapter ' || c FROM generate_series(0, 499) c;
INSERT INTO public.role_assignments (user_id, organisation_id, chapter_id, role)
SELECT md5('coordinator ' || c + 1)::uuid, md5('org ' || c % 5)::uuid, md5('chapter ' || c)::uuid, 'coordinator' FROM generate_series(0, 499) c;
INSERT INTO public.certification_types (organisation_id, code) SELECT md5('org ' || o)::uuid, 'base' FROM generate_series(0, 4) o;
INSERT INTO public.peer_mentors (id, organisation_id, user_id, external_key, display_name)
SELECT md5('mentor ' || i)::uuid, md5('org ' || i % 5)::uuid, md5('user ' || i)::uuid, 'm' || i, 'Mentor ' || i FROM generate_series(1, 100000) i;
INSERT INTO public.mentor_chapters (mentor_id, chapter_id, is_primary)
SELECT md5('mentor ' || i)::uuid, md5('chapter ' || i % 500)::uuid, true FROM generate_series(1, 100000) i;
INSERT INTO public.peer_mentor_status (mentor_id, chapter_id, status, pause_reason, version)
SELECT md5('mentor ' || i)::uuid, md5('chapter ' || i % 500)::uuid, 'paused', 'self_pause', 2 FROM generate_series(1, 100000) i;
INSERT INTO public.peer_mentor_status_history (mentor_id, previous_status, new_status, actor_kind, changed_at, effective_on, reason, chapter_id, version)
SELECT md5('mentor ' || i)::uuid, CASE v WHEN 2 THEN 'active'::public.mentor_status END, CASE v WHEN 1 THEN 'active' ELSE 'paused' END::public.mentor_status,
       CASE v WHEN 1 THEN 'system' ELSE 'mentor' END, now() - (3 - v) * interval '1 day', current_date - 3 + v,
       CASE v WHEN 1 THEN 'registered' ELSE 'self_pause' END, md5('chapter ' || i % 500)::uuid, v
  FROM generate_series(1, 100000) i, generate_series(1, 2) v;
INSERT INTO public.pause_records (mentor_id, status, pause_reason, paused_at)
SELECT md5('mentor ' || i)::uuid, 'paused', 'self_pause', now() - interval '1 day' FROM generate_series(1, 100000) i;
INSERT INTO public.peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on)
SELECT md5('mentor ' || i)::uuid, md5('org ' || i % 5)::uuid, 'base', current_date - i % 300, current_date + 400, current_date + 400
  FROM generate_series(1, 100000) i;
RESET session_replication_role;
