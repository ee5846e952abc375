-- A database with something in every table and mentors in every state, made through the functions.  Run by the storage
-- owner (role postgres in the mock of a Supabase database), after migrate().  Dates are relative to today.
--   psql -d DB -f populate.sql
\set QUIET on
\o /dev/null
SET client_min_messages = warning;

INSERT INTO auth.users (id) SELECT md5('user ' || n)::uuid FROM generate_series(1, 40) n;
INSERT INTO public.organisations (id, name, time_zone, reminder_days, auto_reactivate, portal_sync) VALUES
	(md5('organisation 1')::uuid, 'North', 'Europe/Oslo', '{60,30,7}', false, 'on'),
	(md5('organisation 2')::uuid, 'West', 'America/Chicago', '{30,-7}', true, 'queue'),
	(md5('organisation 3')::uuid, 'Quiet', 'Pacific/Auckland', '{}', false, 'off');
INSERT INTO public.chapters (id, organisation_id, name)
SELECT md5('chapter ' || n)::uuid, md5('organisation ' || 1 + n % 3)::uuid, 'Chapter ' || n FROM generate_series(1, 9) n;
INSERT INTO public.certification_types (organisation_id, code, name, grace_days, required, renewal_mode)
SELECT o.id, t.code, initcap(t.code), t.grace, t.required, t.mode
  FROM public.organisations o, (VALUES ('basic', 0, true, 'from_expiry'), ('advanced', 14, true, 'fixed_day'),
                                       ('optional', 0, false, 'from_completion')) t (code, grace, required, mode);

-- from a register: lapsed, valid, suspended and unusable terms
INSERT INTO public.register_import (batch, mentor_key, chapter, certification_type, issued_on, expires_on, status)
SELECT 'sheet', 'key ' || n, 'Imported ' || n % 3, CASE WHEN n % 4 = 0 THEN 'advanced' ELSE 'basic' END,
       to_char(current_date - 700 + n, 'YYYY-MM-DD'),
       CASE WHEN n % 17 = 0 THEN 'unknown' ELSE to_char(current_date - 60 + 3 * n, 'YYYY-MM-DD') END,
       CASE WHEN n % 11 = 0 THEN 'suspended' END
  FROM generate_series(1, 60) n;
SELECT * FROM peer_mentor.import_register(md5('organisation 1')::uuid, 'sheet', create_missing => true);

-- by the functions
SELECT public.register_mentor(md5('mentor ' || n)::uuid, md5('organisation ' || 1 + n % 3)::uuid,
                              ARRAY[md5('chapter ' || 1 + (n + 2) % 9)::uuid, md5('chapter ' || 1 + (n + 5) % 9)::uuid],
                              'Mentor ' || n, md5('user ' || n)::uuid, 'register ' || n)
  FROM generate_series(1, 30) n;
SELECT public.record_certification(md5('mentor ' || n)::uuid, 'basic', current_date - 600, current_date - 20 + 5 * n, 'record ' || n)
  FROM generate_series(1, 24) n;
SELECT public.pause_mentor(md5('mentor ' || n)::uuid, current_date + n) FROM generate_series(8, 16) n;
SELECT public.reactivate_mentor(md5('mentor ' || n)::uuid) FROM generate_series(14, 16) n;
SELECT public.set_return_date(md5('mentor 9')::uuid, current_date + 90);
SELECT public.suspend_certification(md5('mentor ' || n)::uuid, 'basic') FROM generate_series(12, 18) n;
SELECT public.reinstate_certification(md5('mentor ' || n)::uuid, 'basic') FROM generate_series(17, 18) n;
SELECT public.renew_certification(md5('mentor 20')::uuid, 'basic', idempotency_key => 'renew 20');

INSERT INTO public.role_assignments (user_id, organisation_id, chapter_id, role) VALUES
	(md5('user 31')::uuid, md5('organisation 2')::uuid, md5('chapter 1')::uuid, 'coordinator'),
	(md5('user 32')::uuid, md5('organisation 3')::uuid, md5('chapter 2')::uuid, 'chapter_admin'),
	(md5('user 33')::uuid, md5('organisation 1')::uuid, NULL, 'org_admin');
INSERT INTO public.coordinator_assignments (coordinator_id, mentor_id)
SELECT md5('user 31')::uuid, id FROM public.peer_mentors WHERE organisation_id = md5('organisation 2')::uuid;

-- more entries than one certification keeps
SET client_min_messages = error;
SELECT public.suspend_certification(md5('mentor 24')::uuid, 'basic'), public.reinstate_certification(md5('mentor 24')::uuid, 'basic')
  FROM generate_series(1, 250);
SET client_min_messages = warning;

-- a run in which one mentor fails
CREATE FUNCTION public.poison() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.mentor_id = (SELECT m.id FROM public.peer_mentors m WHERE m.external_key = 'key 2') THEN
		RAISE EXCEPTION 'poisoned';
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER poison BEFORE UPDATE ON public.peer_mentor_status FOR EACH ROW EXECUTE FUNCTION public.poison();
CALL peer_mentor.run_nightly(batch_size => 7);
DROP TRIGGER poison ON public.peer_mentor_status;
DROP FUNCTION public.poison();

-- a term that came too late, for the next run to look at
INSERT INTO public.register_import (batch, mentor_key, certification_type, issued_on, expires_on)
VALUES ('late', 'key 5', 'basic', to_char(current_date - 60, 'YYYY-MM-DD'), to_char(current_date - 2, 'YYYY-MM-DD'));
SELECT * FROM peer_mentor.import_register(md5('organisation 1')::uuid, 'late');
SELECT public.renew_certification(md5('mentor 3')::uuid, 'basic', expires_at => current_date + 400);
UPDATE public.peer_mentor_status SET status = 'paused' WHERE mentor_id = md5('mentor 23')::uuid;
UPDATE public.peer_mentors SET deleted_at = now() WHERE id = md5('mentor 30')::uuid;
UPDATE public.organisations SET reminder_days = '{90,45,10,-5}' WHERE id = md5('organisation 2')::uuid;
UPDATE public.certification_types SET grace_days = 30 WHERE code = 'basic' AND organisation_id = md5('organisation 2')::uuid;
INSERT INTO public.peer_mentors (organisation_id, external_key) VALUES (md5('organisation 3')::uuid, 'plain insert');
-- a worker that has nothing left to do and waits
SELECT count(*) FROM public.claim_events('portal_sync', 1000);
-- one who had a past, and is erased
SELECT peer_mentor.erase_mentor(id) FROM public.peer_mentors WHERE external_key = 'key 10';
\o
