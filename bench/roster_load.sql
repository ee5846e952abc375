-- Mentors :first to :last of one organisation, 200 to a chapter, every tenth in a second one; loaded past the triggers, as a
-- restore would, by a superuser.  5 % are expired_cert, 10 % paused.
SET session_replication_role = replica;
INSERT INTO public.organisations (id, name) SELECT md5('org')::uuid, 'Organisation' ON CONFLICT DO NOTHING;
INSERT INTO public.certification_types (organisation_id, code) SELECT md5('org')::uuid, c FROM unnest('{base,extra}'::text[]) c ON CONFLICT DO NOTHING;
INSERT INTO auth.users (id) SELECT md5('admin')::uuid UNION ALL SELECT md5('region')::uuid ON CONFLICT DO NOTHING;
INSERT INTO auth.users (id) SELECT md5('coordinator ' || c)::uuid FROM generate_series((:first - 1) / 200, (:last - 1) / 200) c ON CONFLICT DO NOTHING;
INSERT INTO public.chapters (id, organisation_id, name)
SELECT md5('chapter ' || c)::uuid, md5('org')::uuid, 'Chapter ' || c FROM generate_series((:first - 1) / 200, (:last - 1) / 200) c;
INSERT INTO public.role_assignments (user_id, organisation_id, chapter_id, role)
SELECT md5('coordinator ' || c)::uuid, md5('org')::uuid, md5('chapter ' || c)::uuid, 'coordinator' FROM generate_series((:first - 1) / 200, (:last - 1) / 200) c
UNION ALL
SELECT md5('region')::uuid, md5('org')::uuid, md5('chapter ' || c)::uuid, 'coordinator' FROM generate_series((:first - 1) / 200, LEAST((:last - 1) / 200, 19)) c
UNION ALL
SELECT md5('admin')::uuid, md5('org')::uuid, NULL, 'org_admin' WHERE :first = 1;
CREATE TEMP TABLE loaded AS
SELECT md5('mentor ' || i)::uuid AS id, md5('chapter ' || (i - 1) / 200)::uuid AS chapter_id,
       CASE WHEN i % 10 = 0 THEN md5('chapter ' || (i * 7 % :last) / 200)::uuid END AS other_chapter,
       (ARRAY['Anne', 'Bjørn', 'Cecilie', 'David', 'Eva', 'Frode', 'Grete', 'Hans', 'Ingrid', 'Jon'])[1 + (hashint4(i) & 7)] || ' ' || substr(md5('name ' || i), 1, 6) AS name,
       (CASE WHEN hashint4(i + 1) % 100 BETWEEN 0 AND 4 THEN 'expired_cert' WHEN hashint4(i + 1) % 100 BETWEEN 5 AND 14 THEN 'paused' ELSE 'active' END)::public.mentor_status AS status,
       current_date + abs(hashint4(i + 2)) % 730 AS expires_at, current_date - 100 + abs(hashint4(i + 3)) % 400 AS return_date, i
  FROM generate_series(:first::integer, :last::integer) i;
UPDATE loaded SET expires_at = current_date - 1 - i % 90 WHERE status = 'expired_cert';
UPDATE loaded SET return_date = NULL WHERE status <> 'paused' OR i % 3 = 0;
UPDATE loaded SET other_chapter = NULL WHERE other_chapter = chapter_id;
INSERT INTO public.peer_mentors (id, organisation_id, external_key, display_name) SELECT id, md5('org')::uuid, 'm' || i, name FROM loaded;
INSERT INTO public.mentor_chapters (mentor_id, chapter_id, is_primary)
SELECT id, chapter_id, true FROM loaded UNION ALL SELECT id, other_chapter, false FROM loaded WHERE other_chapter IS NOT NULL;
INSERT INTO public.peer_mentor_status (mentor_id, chapter_id, status, pause_reason, expected_return_date, version, organisation_id, next_expires_on, roster_name)
SELECT id, chapter_id, status, CASE WHEN status = 'paused' THEN 'self_pause' END, return_date, 1, md5('org')::uuid,
       CASE WHEN status <> 'expired_cert' THEN expires_at END, name FROM loaded;
INSERT INTO public.peer_mentor_status_history (mentor_id, new_status, actor_kind, changed_at, effective_on, reason, chapter_id, version)
SELECT id, status, 'system', now(), current_date, 'registered', chapter_id, 1 FROM loaded;
INSERT INTO public.pause_records (mentor_id, status, pause_reason, expected_return_date, paused_at)
SELECT id, status, CASE status WHEN 'paused' THEN 'self_pause' ELSE 'certification_expired' END, return_date, now() - interval '9 days'
  FROM loaded WHERE status <> 'active';
INSERT INTO public.peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on, status)
SELECT id, md5('org')::uuid, 'base', expires_at - 730, expires_at, expires_at, CASE status WHEN 'expired_cert' THEN 'expired' ELSE 'active' END FROM loaded;
DROP TABLE loaded;
RESET session_replication_role;
