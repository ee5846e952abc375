-- Guards of the engine-written tables, and what keeps the directory consistent.  Every migrate() makes them again.

DO $$
DECLARE
	t record;
BEGIN
	FOR t IN SELECT * FROM (VALUES
		('peer_mentor_status', 'guard_status', 'UPDATE', '''''', true),
		('peer_mentor_status', 'guard_row', 'DELETE', ''''', ''peer_mentors'', ''mentor_id''', false),
		('peer_mentor_status_history', 'guard_row', 'UPDATE OR DELETE', '''changed_by'', ''peer_mentors'', ''mentor_id''', false),
		('pause_records', 'guard_row', 'UPDATE OR DELETE', '''coordinator_id'', ''peer_mentors'', ''mentor_id''', true),
		('peer_mentor_certifications', 'guard_row', 'UPDATE OR DELETE', ''''', ''peer_mentors'', ''peer_mentor_id''', true),
		('certification_renewal_events', 'guard_row', 'UPDATE OR DELETE', ''''', ''peer_mentor_certifications'', ''certification_id''', false),
		('cert_expiry_reminders', 'guard_row', 'UPDATE OR DELETE', ''''', ''peer_mentors'', ''mentor_id''', true),
		('outbox_events', 'guard_row', 'UPDATE OR DELETE', '''''', false),
		('outbox_deliveries', 'guard_row', 'UPDATE OR DELETE', ''''', ''outbox_events'', ''event_id''', false),
		('undeliverable_notifications', 'guard_row', 'UPDATE OR DELETE', ''''', ''outbox_events'', ''event_id''', false),
		('job_runs', 'guard_row', 'UPDATE OR DELETE', '''''', false),
		('job_run_failures', 'guard_row', 'UPDATE OR DELETE', ''''', ''peer_mentors'', ''mentor_id'', ''job_runs'', ''job_run_id''', false),
		('status_discrepancies', 'guard_row', 'UPDATE OR DELETE', ''''', ''peer_mentors'', ''mentor_id''', false),
		('report_snapshots', 'guard_row', 'UPDATE OR DELETE', '''''', false),
		('idempotent_requests', 'guard_row', 'UPDATE OR DELETE', '''''', false)
	) v (table_name, guard, events, arguments, touched)
	LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER %I BEFORE %s ON public.%I FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.%I(%s)',
			'peer_mentor_' || t.guard, t.events, t.table_name, t.guard, t.arguments);
		EXECUTE pg_catalog.format('ALTER TABLE public.%I ENABLE TRIGGER %I', t.table_name, 'peer_mentor_' || t.guard);
		IF t.touched THEN
			EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER peer_mentor_touch BEFORE UPDATE ON public.%I FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.touch()',
				t.table_name);
			EXECUTE pg_catalog.format('ALTER TABLE public.%I ENABLE TRIGGER peer_mentor_touch', t.table_name);
		END IF;
	END LOOP;
	FOR t IN SELECT e.name AS table_name FROM peer_mentor_private.engine_tables() e (name) LOOP
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER peer_mentor_guard_statement BEFORE INSERT ON public.%I FOR EACH STATEMENT EXECUTE FUNCTION peer_mentor_private.guard_statement()',
			t.table_name);
		EXECUTE pg_catalog.format('CREATE OR REPLACE TRIGGER peer_mentor_guard_truncate BEFORE TRUNCATE ON public.%I FOR EACH STATEMENT EXECUTE FUNCTION peer_mentor_private.guard_statement()',
			t.table_name);
		EXECUTE pg_catalog.format('ALTER TABLE public.%I ENABLE TRIGGER peer_mentor_guard_statement, ENABLE TRIGGER peer_mentor_guard_truncate',
			t.table_name);
	END LOOP;
END
$$;

CREATE OR REPLACE TRIGGER peer_mentor_trace AFTER UPDATE ON public.peer_mentor_status
	FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.trace_status();
ALTER TABLE public.peer_mentor_status ENABLE TRIGGER peer_mentor_trace;

CREATE OR REPLACE TRIGGER peer_mentor_check BEFORE INSERT OR UPDATE ON public.organisations
	FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.check_organisation();
CREATE OR REPLACE TRIGGER peer_mentor_note_time_zone AFTER UPDATE OF time_zone ON public.organisations
	FOR EACH ROW WHEN (OLD.time_zone <> NEW.time_zone) EXECUTE FUNCTION peer_mentor_private.note_time_zone();
CREATE OR REPLACE TRIGGER peer_mentor_note_rules BEFORE UPDATE OF grace_days, required ON public.certification_types
	FOR EACH ROW WHEN (OLD.grace_days <> NEW.grace_days OR OLD.required <> NEW.required)
	EXECUTE FUNCTION peer_mentor_private.note_rules();
CREATE OR REPLACE TRIGGER peer_mentor_keep_organisation BEFORE UPDATE OF organisation_id ON public.chapters
	FOR EACH ROW WHEN (OLD.organisation_id <> NEW.organisation_id) EXECUTE FUNCTION peer_mentor_private.keep_organisation();
CREATE OR REPLACE TRIGGER peer_mentor_keep_organisation BEFORE UPDATE OF organisation_id ON public.peer_mentors
	FOR EACH ROW WHEN (OLD.organisation_id <> NEW.organisation_id) EXECUTE FUNCTION peer_mentor_private.keep_organisation();
CREATE OR REPLACE TRIGGER peer_mentor_register AFTER INSERT ON public.peer_mentors
	REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION peer_mentor_private.register_inserted();
CREATE OR REPLACE TRIGGER peer_mentor_restore AFTER UPDATE OF deleted_at ON public.peer_mentors
	FOR EACH ROW WHEN (OLD.deleted_at IS NOT NULL AND NEW.deleted_at IS NULL)
	EXECUTE FUNCTION peer_mentor_private.review_restored();
CREATE OR REPLACE TRIGGER peer_mentor_check BEFORE INSERT OR UPDATE ON public.mentor_chapters
	FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.check_membership();
CREATE OR REPLACE TRIGGER peer_mentor_mirror AFTER INSERT OR UPDATE OR DELETE ON public.mentor_chapters
	FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.mirror_primary();
CREATE OR REPLACE TRIGGER peer_mentor_check BEFORE INSERT OR UPDATE OF coordinator_id, mentor_id ON public.coordinator_assignments
	FOR EACH ROW EXECUTE FUNCTION peer_mentor_private.check_assignment();

SELECT peer_mentor_private.record_migration(20261120000700, 'remake_triggers');
