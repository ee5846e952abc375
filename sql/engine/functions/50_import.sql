CREATE OR REPLACE FUNCTION peer_mentor.import_register(organisation_id uuid, batch text DEFAULT NULL, date_format text DEFAULT 'YYYY-MM-DD',
	create_missing boolean DEFAULT false, dry_run boolean DEFAULT false,
	OUT imported bigint, OUT renewed bigint, OUT unchanged bigint, OUT rejected bigint)
AS 'MODULE_PATHNAME', 'peer_mentor_import_register' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.import_register(uuid, text, text, boolean, boolean) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.import_register(uuid, text, text, boolean, boolean) IS
	'Imports the rows of public.register_import of this batch (NULL: the rows without one) that are not imported yet. date_format: YYYY, MM and DD, each once, with separators. create_missing: make chapters and certification types by name. dry_run: count, change nothing. A row that cannot be imported keeps its reason in error. Errors: invalid_argument, not_allowed, storage_missing.';
