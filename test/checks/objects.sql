-- What a team would notice about its tables in schema public, one line each, to compare before and after.
SELECT line FROM (
	SELECT format('owner %s %s', c.oid::regclass, c.relowner::regrole) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
	UNION ALL
	SELECT format('row security %s %s %s', c.oid::regclass, c.relrowsecurity, c.relforcerowsecurity) FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
	UNION ALL
	SELECT format('column %s.%s %s %s %s %s', c.oid::regclass, a.attname, a.attnum, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid))
	  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
	 WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped
	UNION ALL
	SELECT format('grant %s %s to %s by %s', c.oid::regclass, x.privilege_type, CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE x.grantee::regrole::text END, x.grantor::regrole)
	  FROM pg_class c, aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v')
	UNION ALL
	SELECT format('policy %s', to_jsonb(p)) FROM pg_policies p WHERE p.schemaname = 'public'
	UNION ALL
	SELECT format('constraint %s %s %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid)) FROM pg_constraint k WHERE k.connamespace = 'public'::regnamespace AND k.conrelid <> 0
	UNION ALL
	SELECT format('index %s', i.indexdef) FROM pg_indexes i WHERE i.schemaname = 'public'
	UNION ALL
	SELECT format('trigger %s', pg_get_triggerdef(t.oid)) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
	UNION ALL
	SELECT format('comment %s %s %s', d.objoid::regclass, d.objsubid, d.description) FROM pg_description d JOIN pg_class c ON c.oid = d.objoid
	 WHERE d.classoid = 'pg_class'::regclass AND c.relnamespace = 'public'::regnamespace
	UNION ALL
	SELECT format('function %s', p.oid::regprocedure) FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace
	UNION ALL
	SELECT format('type %s', t.oid::regtype) FROM pg_type t WHERE t.typnamespace = 'public'::regnamespace AND t.typtype IN ('e', 'd')
	UNION ALL
	SELECT format('schema %s', n.nspname) FROM pg_namespace n WHERE n.nspname !~ '^pg_(toast|temp)'
) o (line) ORDER BY line COLLATE "C";
