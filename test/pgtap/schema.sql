-- The tables that programs outside rely on: names, columns, types, comments, row security.
BEGIN;
SET LOCAL search_path = public, extensions;
SELECT no_plan();

SELECT enum_has_labels('public', 'mentor_status', ARRAY['active', 'paused', 'expired_cert'], 'mentor_status');
SELECT is(
	(SELECT array_agg(m[1] ORDER BY m[1]) FROM pg_constraint c, regexp_matches(pg_get_constraintdef(c.oid), '''(\w+)''', 'g') m
	  WHERE c.contypid = 'public.status_reason'::regtype),
	ARRAY['certification_expired', 'certification_reinstated', 'certification_renewed', 'certification_suspended', 'coordinator_manual_pause',
		'coordinator_reactivation', 'direct_update', 'pause_ended', 'registered', 'requirement_changed', 'self_pause', 'self_reactivation'],
	'status_reason takes the codes of the state machine and nothing else');
SELECT throws_ok($$SELECT 'broke a leg'::status_reason$$, '23514', NULL, 'a reason is no free text');

-- ---- columns: name, type, and ! where it is never null

CREATE TEMP TABLE promised (tbl text, cols text[]);
INSERT INTO promised VALUES
	('organisations', '{id uuid!,name text!,time_zone text!,reminder_days integer[]!,auto_reactivate boolean!,portal_sync text!}'),
	('chapters', '{id uuid!,organisation_id uuid!,name text!}'),
	('peer_mentors', '{id uuid!,organisation_id uuid!,user_id uuid,external_key text,display_name text,listed boolean!,deleted_at timestamp with time zone}'),
	('mentor_chapters', '{mentor_id uuid!,chapter_id uuid!,is_primary boolean!,since date!,until date}'),
	('role_assignments', '{id uuid!,user_id uuid!,organisation_id uuid!,chapter_id uuid,role text!,assigned_at timestamp with time zone!,ended_at timestamp with time zone}'),
	('coordinator_assignments', '{id uuid!,coordinator_id uuid!,mentor_id uuid!,assigned_at timestamp with time zone!,ended_at timestamp with time zone}'),
	('peer_mentor_status', '{id uuid!,mentor_id uuid!,chapter_id uuid,status mentor_status!,pause_reason status_reason,expected_return_date date,activated_by uuid,version bigint!,created_at timestamp with time zone!,updated_at timestamp with time zone!}'),
	('peer_mentor_status_history', '{id uuid!,mentor_id uuid!,previous_status mentor_status,new_status mentor_status!,changed_by uuid,actor_kind text!,changed_at timestamp with time zone!,effective_on date!,reason status_reason!,job_run_id uuid,chapter_id uuid,version bigint!}'),
	('peer_mentor_status_log', '{id uuid,mentor_id uuid,chapter_id uuid,previous_status mentor_status,new_status mentor_status,changed_by uuid,changed_at timestamp with time zone}'),
	('pause_records', '{id uuid!,mentor_id uuid!,status mentor_status!,pause_reason status_reason!,expected_return_date date,paused_at timestamp with time zone!,reactivated_at timestamp with time zone,ended_by text,coordinator_id uuid,resumes_pause_id uuid,created_at timestamp with time zone!,updated_at timestamp with time zone!}'),
	('certification_types', '{organisation_id uuid!,code text!,name text,valid_for interval!,renewal_mode text!,renewal_window_days integer,grace_days integer!,required boolean!}'),
	('peer_mentor_certifications', '{id uuid!,peer_mentor_id uuid!,organisation_id uuid!,certification_type text!,issued_at date!,expires_at date!,status text!,renewal_history jsonb!,created_at timestamp with time zone!,updated_at timestamp with time zone!}'),
	('certification_renewal_events', '{certification_id uuid!,schema_version integer!,event text!,at timestamp with time zone!,issued_at date!,expires_at date!,actor_kind text!,job_run_id uuid}'),
	('certification_timeline', '{certification_id uuid,event text,at timestamp with time zone,issued_at date,expires_at date,actor_kind text,job_run_id uuid}'),
	('cert_expiry_reminders', '{id uuid!,mentor_id uuid!,certification_type text!,expiry_date date!,reminders_sent integer[]!,last_reminder_at timestamp with time zone,created_at timestamp with time zone!,updated_at timestamp with time zone!}'),
	('outbox_events', '{id bigint!,event_id uuid!,channel text!,event_type text!,organisation_id uuid!,mentor_id uuid!,actor_id uuid,dedupe_key text!,payload jsonb!,created_at timestamp with time zone!,available_at timestamp with time zone!,attempts integer!,claim_token uuid,leased_until timestamp with time zone,delivered_at timestamp with time zone,dead_at timestamp with time zone,last_error text}'),
	('outbox_deliveries', '{event_id bigint!,recipient uuid!,role text!,delivered_at timestamp with time zone,dead_at timestamp with time zone,last_error text}'),
	('undeliverable_notifications', '{event_id bigint!,mentor_id uuid!,reason text!,resolved_at timestamp with time zone}'),
	('job_runs', '{id uuid!,job_name text!,as_of timestamp with time zone!,status text!,started_at timestamp with time zone!,heartbeat_at timestamp with time zone!,finished_at timestamp with time zone,worker_pid integer!,worker_started timestamp with time zone!,step text,counts jsonb!,error text}'),
	('job_run_failures', '{job_run_id uuid!,step text!,mentor_id uuid,sqlstate text!,message text!,attempts integer!,resolved_at timestamp with time zone}'),
	('job_health', '{last_good_run timestamp with time zone,last_good_age interval,overdue boolean,backlog_due bigint,stuck_run uuid,open_failures bigint,dead_letters bigint,open_undeliverable bigint,open_discrepancies bigint,missing_protection text[],cron_launcher_running boolean}'),
	('job_progress', '{step text,done bigint,total bigint,per_second numeric,eta interval}'),
	('status_discrepancies', '{kind text!,mentor_id uuid,about text!,found jsonb!,expected jsonb!,found_at timestamp with time zone!,resolved_at timestamp with time zone,outcome text}'),
	('report_snapshots', '{id uuid!,organisation_id uuid!,from_day date!,to_day date!,number integer!,frozen_at timestamp with time zone!,frozen_by uuid,report jsonb!,checksum text!}'),
	('erased_spans', '{organisation_id uuid!,chapter_id uuid,status mentor_status!,certified boolean!,from_day date!,to_day date!,mentors integer!}'),
	('erased_transitions', '{organisation_id uuid!,chapter_id uuid,reason status_reason!,effective_on date!,transitions integer!}'),
	('idempotent_requests', '{key text!,caller text!,function text!,arguments_hash text!,result jsonb!,created_at timestamp with time zone!}'),
	('public_mentor_listing', '{mentor_id uuid,display_name text,chapter text}'),
	('register_import', '{id bigint!,batch text,mentor_key text,chapter text,certification_type text,issued_on text,expires_on text,status text,error text,imported_at timestamp with time zone}');

SELECT is(ARRAY(SELECT unnest(p.cols) EXCEPT
                SELECT format('%s %s%s', a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN '!' END)
                  FROM pg_attribute a WHERE a.attrelid = to_regclass('public.' || p.tbl) AND a.attnum > 0 AND NOT a.attisdropped),
          '{}'::text[], format('%s: nothing that was promised is missing or of another type', p.tbl))
  FROM promised p ORDER BY p.tbl;
SELECT is_empty($$
	SELECT c.relname FROM pg_class c
	 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
	   AND NOT EXISTS (SELECT FROM promised p WHERE p.tbl = c.relname)$$, 'every table and view of schema public is listed here');

-- ---- defaults that the application relies on

SELECT col_default_is('public', 'organisations', 'time_zone', 'Europe/Oslo', 'organisations.time_zone');
SELECT col_default_is('public', 'organisations', 'reminder_days', '{60,30,7}'::integer[], 'organisations.reminder_days');
SELECT col_default_is('public', 'organisations', 'auto_reactivate', 'false', 'organisations.auto_reactivate');
SELECT col_default_is('public', 'organisations', 'portal_sync', 'off', 'organisations.portal_sync');
SELECT col_default_is('public', 'peer_mentors', 'listed', 'true', 'peer_mentors.listed');
SELECT col_default_is('public', 'certification_types', 'valid_for', '2 years'::interval, 'certification_types.valid_for');
SELECT col_default_is('public', 'certification_types', 'renewal_mode', 'from_expiry', 'certification_types.renewal_mode');
SELECT col_default_is('public', 'certification_types', 'grace_days', '0', 'certification_types.grace_days');
SELECT col_default_is('public', 'certification_types', 'required', 'true', 'certification_types.required');

-- ---- every object is described, every table is under row security, views use the reader's rights

CREATE TEMP VIEW ours AS
	SELECT c.* FROM pg_class c WHERE c.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace);
SELECT is_empty($$SELECT oid::regclass FROM ours WHERE relkind IN ('r', 'p', 'v') AND obj_description(oid, 'pg_class') IS NULL$$,
	'every table and view has a comment');
SELECT is_empty($$
	SELECT p.oid::regprocedure FROM pg_proc p
	 WHERE p.pronamespace IN ('public'::regnamespace, 'peer_mentor'::regnamespace, 'peer_mentor_private'::regnamespace)
	   AND obj_description(p.oid, 'pg_proc') IS NULL$$, 'every function has a comment');
SELECT matches(col_description('public.peer_mentor_status_history'::regclass, a.attnum), 'NULL with actor_kind system = automated',
	'the comment of changed_by says what NULL means')
  FROM pg_attribute a WHERE a.attrelid = 'public.peer_mentor_status_history'::regclass AND a.attname = 'changed_by';
SELECT matches(obj_description('public.peer_mentors'::regclass, 'pg_class'), 'erasure', 'the comment of peer_mentors says that DELETE is erasure');
SELECT matches(col_description('public.peer_mentor_certifications'::regclass, a.attnum), 'schema_version', 'the shape of renewal_history is documented')
  FROM pg_attribute a WHERE a.attrelid = 'public.peer_mentor_certifications'::regclass AND a.attname = 'renewal_history';
SELECT is_empty($$SELECT oid::regclass FROM ours WHERE relkind IN ('r', 'p') AND NOT relrowsecurity$$, 'every table is under row level security');
SELECT is_empty($$SELECT oid::regclass FROM ours WHERE relkind = 'v' AND NOT coalesce(reloptions @> '{security_invoker=true}', false)$$,
	'every view uses the rights of who reads it');
SELECT is_empty($$SELECT oid::regclass FROM ours WHERE pg_get_userbyid(relowner) <> 'postgres'$$, 'everything belongs to who migrated, no superuser');

SELECT * FROM finish();
ROLLBACK;
