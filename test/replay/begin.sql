-- Two organisations, and the tables that the model's expectations are compared with.
INSERT INTO public.organisations (id, name, time_zone, portal_sync) VALUES
	('00000000-0000-4000-8000-000000000001', 'oslo', 'Europe/Oslo', 'off'),
	('00000000-0000-4000-8000-000000000002', 'chicago', 'America/Chicago', 'queue');

CREATE SCHEMA replay;
CREATE TABLE replay.expected_count (step text, organisation text, rows integer, rejected integer, first_terms integer);
CREATE TABLE replay.expected_status (step text, organisation text, mentor_key text, status text, cause text, since date);
CREATE TABLE replay.expected_now (organisation_id uuid, mentor_key text, status text, PRIMARY KEY (organisation_id, mentor_key));
CREATE TABLE replay.counted (step text, organisation_id uuid, imported bigint, renewed bigint, unchanged bigint, rejected bigint);

-- Everything that the engine wrote for mentors, as one value.
CREATE FUNCTION replay.everything() RETURNS TABLE (what text, sum text) LANGUAGE plpgsql AS $$
DECLARE
	t text;
BEGIN
	FOREACH t IN ARRAY ARRAY['public.peer_mentors', 'public.mentor_chapters', 'public.peer_mentor_status', 'public.peer_mentor_status_history',
		'public.pause_records', 'public.certification_types', 'public.peer_mentor_certifications', 'public.certification_renewal_events',
		'public.cert_expiry_reminders', 'public.outbox_events', 'public.status_discrepancies', 'public.job_run_failures',
		'peer_mentor_private.mentor_reviews', 'peer_mentor_private.ladder_changes', 'peer_mentor_private.portal_mentors'] LOOP
		what := t;
		EXECUTE format('SELECT coalesce(md5(string_agg(r::text, E''\n'' ORDER BY r::text)), ''-'') FROM %s r', t) INTO sum;
		RETURN NEXT;
	END LOOP;
END
$$;
CREATE TABLE replay.remembered (what text, sum text);
