-- A roster as three organisations might bring it: 10,000 mentors, each with about two certifications.  The same on
-- every machine; only the dates move with the day of the demonstration.

INSERT INTO organisations (id, name, portal_sync) VALUES
	('11111111-1111-4111-8111-111111111111', 'Heart and Lung', 'queue'),
	('22222222-2222-4222-8222-222222222222', 'Rheumatism', 'off'),
	('33333333-3333-4333-8333-333333333333', 'Diabetes', 'off');

INSERT INTO certification_types (organisation_id, code, name, valid_for, grace_days, required)
SELECT o.id, t.code, t.name, t.valid_for, t.grace_days, t.required
  FROM organisations o
 CROSS JOIN (VALUES
	('peer-support', 'Peer support', interval '2 years', 0, true),
	('first-aid', 'First aid', interval '1 year', 14, true),
	('public-speaking', 'Public speaking', interval '3 years', 0, false)) t (code, name, valid_for, grace_days, required);

INSERT INTO chapters (organisation_id, name)
SELECT o.id, c.name FROM organisations o CROSS JOIN unnest(ARRAY['Bergen', 'Hamar', 'Oslo', 'Stavanger', 'Trondheim', 'Vadso']) c (name);

CREATE TEMP TABLE roster AS
SELECT i, m.organisation, m.chapter, m.registered_first,
       CASE WHEN m.registered_first THEN md5('mentor ' || i)::uuid::text ELSE 'M-' || lpad(i::text, 5, '0') END AS mentor_key,
       (i * 7919) % 700 AS a, (i * 5477) % 340 AS b
  FROM generate_series(1, 10000) i
 CROSS JOIN LATERAL (
	SELECT CASE WHEN i % 10 < 5 THEN '11111111-1111-4111-8111-111111111111'::uuid
	            WHEN i % 10 < 8 THEN '22222222-2222-4222-8222-222222222222'
	            ELSE '33333333-3333-4333-8333-333333333333' END,
	       (ARRAY['Bergen', 'Hamar', 'Oslo', 'Stavanger', 'Trondheim', 'Vadso'])[1 + i % 6], (i / 10) % 20 = 7) m (organisation, chapter, registered_first);

-- One in twenty is known to the app already, and most of those are on leave.
\o /dev/null
SELECT register_mentor(r.mentor_key::uuid, r.organisation, ARRAY[c.id], 'Mentor ' || r.i)
  FROM roster r JOIN chapters c ON c.organisation_id = r.organisation AND c.name = r.chapter
 WHERE r.registered_first ORDER BY r.i;
SELECT pause_mentor(r.mentor_key::uuid, current_date + 10 + r.i % 90)
  FROM roster r WHERE r.registered_first AND r.i % 9 <> 0 ORDER BY r.i;
\o

-- The spreadsheet: the present term and often the one before it, some of them long out of date.
INSERT INTO register_import (batch, mentor_key, chapter, certification_type, issued_on, expires_on, status)
SELECT r.organisation, r.mentor_key, r.chapter, t.type, t.expires_on - t.days, t.expires_on, t.status
  FROM roster r
 CROSS JOIN LATERAL (
	SELECT 'peer-support', current_date - 120 + r.a, 730, CASE r.i % 199 WHEN 0 THEN 'suspended' END
	UNION ALL
	SELECT 'peer-support', current_date - 120 + r.a - 730, 730, NULL WHERE r.i % 3 = 0
	UNION ALL
	SELECT 'first-aid', current_date - 30 + r.b, 365, NULL WHERE r.i % 5 < 2
	UNION ALL
	SELECT 'public-speaking', current_date - 200 + r.a, 1095, NULL WHERE r.i % 4 = 0) t (type, expires_on, days, status)
 ORDER BY r.i;

-- People typed it.
UPDATE register_import SET issued_on = NULL WHERE id % 1009 = 0;
UPDATE register_import SET expires_on = '31.02.2025' WHERE id % 1013 = 0;
UPDATE register_import SET status = 'on leave' WHERE id % 2003 = 0;
