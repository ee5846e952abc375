-- Every way of taking one protection away, from the catalogs of a migrated database: a name and the SQL in base64, one
-- mutant on a line.  What is granted is revoked, what is not is granted; what is there is dropped or weakened.
\set QUIET on
\pset format unaligned
\pset tuples_only on
\pset fieldsep '\t'
SET search_path = pg_catalog, public;
CREATE TEMP VIEW relations AS
	SELECT c.*, c.oid::regclass::text AS name FROM pg_class c
	 WHERE c.relnamespace IN ('public'::regnamespace, 'peer_mentor_private'::regnamespace) AND c.relkind IN ('r', 'v');
CREATE TEMP VIEW functions AS
	SELECT p.*, p.oid::regprocedure::text AS name, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END AS kind
	  FROM pg_proc p WHERE p.pronamespace IN ('public'::regnamespace, 'peer_mentor'::regnamespace, 'peer_mentor_private'::regnamespace);
CREATE TEMP TABLE api (role text);
INSERT INTO api VALUES ('anon'), ('authenticated'), ('service_role');
CREATE TEMP TABLE mutants (name text, sql text);

-- ---- row security

INSERT INTO mutants
SELECT format('policy %s of %s: %s', p.policyname, p.tablename, m.how), format(m.sql, p.policyname, p.tablename)
  FROM pg_policies p, (VALUES
	('dropped', 'DROP POLICY %I ON public.%I'),
	('everything', 'ALTER POLICY %I ON public.%I USING (true)'),
	('nothing', 'ALTER POLICY %I ON public.%I USING (false)'),
	('for everybody', 'ALTER POLICY %I ON public.%I TO PUBLIC')) m (how, sql)
 WHERE p.schemaname = 'public' AND NOT (m.how = 'everything' AND p.qual = 'true');
-- one branch of several less
INSERT INTO mutants
SELECT format('policy %s of %s: without %s', p.policyname, p.tablename, b.branch),
       format('ALTER POLICY %I ON public.%I USING (%s)', p.policyname, p.tablename,
              (SELECT string_agg(o.branch, ' OR ') FROM unnest(string_to_array(q.conditions, ' OR ')) WITH ORDINALITY o (branch, i) WHERE o.i <> b.i))
  FROM pg_policies p
 CROSS JOIN LATERAL (SELECT substr(p.qual, 2, length(p.qual) - 2)) q (conditions)
 CROSS JOIN LATERAL unnest(string_to_array(q.conditions, ' OR ')) WITH ORDINALITY b (branch, i)
 WHERE p.schemaname = 'public' AND p.qual LIKE '% OR %';
INSERT INTO mutants SELECT 'row security off: ' || name, format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', name) FROM relations WHERE relkind = 'r';
INSERT INTO mutants SELECT 'the owner''s rights: view ' || name, format('ALTER VIEW %s SET (security_invoker = false)', name) FROM relations WHERE relkind = 'v';

-- ---- grants

INSERT INTO mutants
SELECT format('%s on %s revoked from %s', a.privilege_type, r.name, a.grantee::regrole), format('REVOKE %s ON %s FROM %s', a.privilege_type, r.name, a.grantee::regrole)
  FROM relations r CROSS JOIN LATERAL aclexplode(r.relacl) a WHERE a.grantee <> r.relowner
UNION ALL
SELECT format('everything on %s granted to %s', r.name, api.role), format('GRANT ALL ON %s TO %I', r.name, api.role) FROM relations r, api
UNION ALL
SELECT format('what nobody should have on %s granted to %s', r.name, api.role), format('GRANT TRUNCATE, REFERENCES, TRIGGER ON %s TO %I', r.name, api.role)
  FROM relations r, api WHERE r.relkind = 'r'
UNION ALL
SELECT format('a column of %s granted to anon', r.name), format('GRANT UPDATE (%I) ON %s TO anon', a.attname, r.name)
  FROM relations r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum = 1
UNION ALL
SELECT format('%s revoked from %s', f.name, a.grantee::regrole), format('REVOKE EXECUTE ON ROUTINE %s FROM %s', f.name, a.grantee::regrole)
  FROM functions f CROSS JOIN LATERAL aclexplode(f.proacl) a JOIN api ON api.role = a.grantee::regrole::text
UNION ALL
SELECT format('%s granted to PUBLIC', f.name), format('GRANT EXECUTE ON ROUTINE %s TO PUBLIC', f.name) FROM functions f
UNION ALL
SELECT format('%s granted to %s', f.name, api.role), format('GRANT EXECUTE ON ROUTINE %s TO %I', f.name, api.role)
  FROM functions f, api WHERE NOT has_function_privilege(api.role, f.oid, 'EXECUTE')
UNION ALL
SELECT format('schema %s: %s revoked from %s', n.nspname, a.privilege_type, g.grantee), format('REVOKE %s ON SCHEMA %I FROM %s', a.privilege_type, n.nspname, g.grantee)
  FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) a
 CROSS JOIN LATERAL (SELECT coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC')) g (grantee)
 WHERE n.nspname IN ('peer_mentor', 'peer_mentor_private') AND a.grantee <> n.nspowner
UNION ALL
SELECT format('schema %s: CREATE granted to %s', s, api.role), format('GRANT CREATE ON SCHEMA %s TO %I', s, api.role)
  FROM unnest(ARRAY['peer_mentor', 'peer_mentor_private']) s, api;

-- ---- functions

INSERT INTO mutants
SELECT 'search_path not pinned: ' || name, format('ALTER %s %s RESET search_path', kind, name) FROM functions WHERE proconfig IS NOT NULL
UNION ALL
SELECT format('SECURITY %s: %s', s.other, f.name), format('ALTER %s %s SECURITY %s', f.kind, f.name, s.other)
  FROM functions f CROSS JOIN LATERAL (SELECT CASE WHEN f.prosecdef THEN 'INVOKER' ELSE 'DEFINER' END) s (other);

-- The checks in the bodies that decide who sees and who may: one condition, one branch, one call less.
CREATE TEMP TABLE deciding AS
	SELECT f.name, pg_get_functiondef(f.oid) AS definition FROM functions f
	 WHERE f.prosecdef AND f.prorettype <> 'trigger'::regtype OR f.prosrc LIKE '%require_visible%';
INSERT INTO mutants
SELECT format('%s: without "%s" (%s)', d.name, trim(m.found[1]), m.n), regexp_replace(d.definition, pattern, substitute, 1, m.n::int)
  FROM deciding d
 CROSS JOIN (VALUES
	-- (that a role is one of two is no decision: the third has no chapter)
	($p$( AND [a-z]\.[a-z_]+ (IS NULL|(=|>) ('\w+'|0)))$p$, ''),
	($p$((?<=WHERE )[a-z]\.[a-z_]+ = caller AND )$p$, ''),
	($p$((?<=WHERE )m\.listed AND )$p$, ''),
	($p$(p\.status = 'suspended' OR )$p$, ''),
	($p$( OR p\.expires_at .*?\)::date)$p$, ''),
	($p$((?<= )AND t\.required|WHERE t\.required|AND t\.required)$p$, ''),
	($p$(PERFORM peer_mentor\.require_visible\([a-z_.]+\);)$p$, '')) r (pattern, substitute)
 CROSS JOIN LATERAL regexp_matches(d.definition, pattern, 'g') WITH ORDINALITY m (found, n);
INSERT INTO mutants
SELECT format('%s: without branch %s', d.name, b.n),
       split_part(d.definition, 'RETURN QUERY', 1) || 'RETURN QUERY' ||
       (SELECT string_agg(o.branch, 'UNION' ORDER BY o.n) FROM regexp_split_to_table(d.queries, 'UNION') WITH ORDINALITY o (branch, n) WHERE o.n <> b.n)
       || E';\nEND\n' || substr(d.definition, length(d.definition) - position('$' IN reverse(d.definition)) - length('$function') + 1)
  FROM (SELECT name, definition, split_part(split_part(definition, 'RETURN QUERY', 2), ';', 1) AS queries FROM deciding) d
 CROSS JOIN LATERAL regexp_split_to_table(d.queries, 'UNION') WITH ORDINALITY b (branch, n)
 WHERE d.queries LIKE '%UNION%' AND d.name NOT LIKE 'mentor_timeline%';

-- ---- what keeps direct writes, and rows of another organisation, out

INSERT INTO mutants
SELECT format('trigger %s of %s dropped', t.tgname, r.name), format('DROP TRIGGER %I ON %s', t.tgname, r.name)
  FROM pg_trigger t JOIN relations r ON r.oid = t.tgrelid
 WHERE NOT t.tgisinternal AND (t.tgname LIKE 'peer\_mentor\_guard%' OR t.tgname LIKE 'peer\_mentor\_keep%'
       OR t.tgname = 'peer_mentor_check' AND r.relname IN ('mentor_chapters', 'coordinator_assignments'))
UNION ALL
SELECT format('foreign key %s dropped', c.conname), format('ALTER TABLE %s DROP CONSTRAINT %I', r.name, c.conname)
  FROM pg_constraint c JOIN relations r ON r.oid = c.conrelid
 WHERE c.contype = 'f' AND cardinality(c.conkey) > 1 AND r.relname IN ('mentor_chapters', 'role_assignments', 'coordinator_assignments');

SELECT name, replace(encode(convert_to(sql, 'UTF8'), 'base64'), E'\n', '') FROM mutants;
