-- Who may do what.  Everything is revoked first: Supabase's default privileges open new tables, and a
-- partial dump restores them open.  Every migrate() does this again.

DO $$
DECLARE
	r       record;
	roles   text := (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.rolname), ', ')
	                   FROM pg_catalog.pg_roles a WHERE a.rolname IN ('anon', 'authenticated', 'service_role'));
	grantee text := pg_catalog.concat_ws(', ', 'PUBLIC', roles);
BEGIN
	FOR r IN
		SELECT o.name, c.relkind
		  FROM peer_mentor_private.own_relations() o (name)
		  JOIN pg_catalog.pg_class c ON c.oid = pg_catalog.to_regclass(pg_catalog.format('public.%I', o.name))
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON public.%I FROM %s', r.name, grantee);
		IF r.relkind = 'r' THEN
			EXECUTE pg_catalog.format('ALTER TABLE public.%I ENABLE ROW LEVEL SECURITY', r.name);
		END IF;
	END LOOP;
	FOR r IN
		SELECT s.oid::pg_catalog.regclass::text AS name
		  FROM pg_catalog.pg_class s
		  JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = s.oid AND d.deptype = 'i'
		  JOIN pg_catalog.pg_class c ON c.oid = d.refobjid
		  JOIN peer_mentor_private.own_relations() o (name) ON o.name = c.relname
		 WHERE s.relkind = 'S' AND c.relnamespace = 'public'::pg_catalog.regnamespace
	LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON SEQUENCE %s FROM %s', r.name, grantee);
	END LOOP;
	EXECUTE pg_catalog.format('REVOKE ALL ON SCHEMA peer_mentor_private FROM %s', grantee);
	EXECUTE pg_catalog.format('REVOKE ALL ON ALL TABLES IN SCHEMA peer_mentor_private FROM %s', grantee);
	EXECUTE pg_catalog.format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA peer_mentor_private FROM %s', grantee);
	EXECUTE pg_catalog.format('REVOKE ALL ON ALL FUNCTIONS IN SCHEMA peer_mentor_private FROM %s', grantee);
	FOR r IN SELECT DISTINCT g.routine AS name FROM peer_mentor_private.grants() g WHERE g.routine IS NOT NULL LOOP
		EXECUTE pg_catalog.format('REVOKE ALL ON FUNCTION %s FROM %s', r.name, grantee);
	END LOOP;

	FOR r IN SELECT * FROM peer_mentor_private.grants() LOOP
		IF r.relation IS NOT NULL THEN
			EXECUTE pg_catalog.format('GRANT %s ON public.%I TO %I', r.privilege, r.relation, r.grantee);
		ELSE
			EXECUTE pg_catalog.format('GRANT %s ON FUNCTION %s TO %I', r.privilege, r.routine, r.grantee);
		END IF;
	END LOOP;
	IF roles IS NOT NULL THEN
		EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA peer_mentor_private TO %s', roles);
	END IF;
	FOR r IN SELECT * FROM peer_mentor_private.policies() LOOP
		EXECUTE pg_catalog.format('DROP POLICY IF EXISTS %I ON public.%I', r.policy_name, r.table_name);
		EXECUTE pg_catalog.format('CREATE POLICY %I ON public.%I FOR %s TO %I USING (%s)', r.policy_name, r.table_name, r.command, r.role_name, r.visible);
	END LOOP;
END
$$;

SELECT peer_mentor.grant_access();
SELECT peer_mentor_private.record_migration(20261120000900, 'remake_access');
-- Mentors that were there before, or came while the triggers were away.
SELECT peer_mentor.register_inserted(ARRAY(
	SELECT m.id FROM public.peer_mentors m
	 WHERE NOT EXISTS (SELECT FROM public.peer_mentor_status s WHERE s.mentor_id = m.id)));
SELECT peer_mentor.mirror_roster(ARRAY(
	SELECT m.id FROM public.peer_mentors m JOIN public.peer_mentor_status s ON s.mentor_id = m.id
	  LEFT JOIN (SELECT c.peer_mentor_id, pg_catalog.min(c.expires_at) AS expires_at FROM public.peer_mentor_certifications c
	              WHERE c.status = 'active' GROUP BY c.peer_mentor_id) n ON n.peer_mentor_id = m.id
	 WHERE (s.organisation_id, s.roster_name, s.on_roster, s.next_expires_on) IS DISTINCT FROM
	       (m.organisation_id, pg_catalog.left(COALESCE(m.display_name, ''), 100), m.deleted_at IS NULL, n.expires_at)));

NOTIFY pgrst, 'reload schema';
