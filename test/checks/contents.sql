-- The rows of every table of the storage: name, count and a checksum, to compare two databases.
SELECT pg_catalog.format('SELECT %L, count(*), md5(coalesce(string_agg(r::text, E''\n'' ORDER BY r::text COLLATE "C"), '''')) FROM %I.%I r',
                         n.nspname || '.' || c.relname, n.nspname, c.relname)
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND (n.nspname IN ('public', 'peer_mentor_private') OR n.nspname || '.' || c.relname = 'auth.users')
 ORDER BY 1
\gexec
