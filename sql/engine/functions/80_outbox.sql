-- For delivery workers, behind the public wrappers of storage.

CREATE OR REPLACE FUNCTION peer_mentor.claim_events(channel text, batch_size integer DEFAULT 100, lease interval DEFAULT '5 minutes')
RETURNS TABLE (id bigint, event_id uuid, channel text, event_type text, organisation_id uuid, mentor_id uuid, payload jsonb,
	created_at timestamptz, attempts integer, claim_token uuid, leased_until timestamptz, recipients jsonb)
AS 'MODULE_PATHNAME', 'peer_mentor_claim_events' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.claim_events(text, integer, interval) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.claim_events(text, integer, interval) IS
	'Engine half of public.claim_events(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.complete_event(id bigint, claim_token uuid, recipient uuid DEFAULT NULL) RETURNS boolean
AS 'MODULE_PATHNAME', 'peer_mentor_complete_event' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.complete_event(bigint, uuid, uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.complete_event(bigint, uuid, uuid) IS
	'Engine half of public.complete_event(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.fail_event(id bigint, claim_token uuid, error text, permanent boolean DEFAULT false,
	recipient uuid DEFAULT NULL, retry_after interval DEFAULT NULL) RETURNS boolean
AS 'MODULE_PATHNAME', 'peer_mentor_fail_event' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.fail_event(bigint, uuid, text, boolean, uuid, interval) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.fail_event(bigint, uuid, text, boolean, uuid, interval) IS
	'Engine half of public.fail_event(), which says what it does.';

CREATE OR REPLACE FUNCTION peer_mentor.replay_events(channel text, mentor_id uuid DEFAULT NULL, since timestamptz DEFAULT NULL) RETURNS bigint
AS 'MODULE_PATHNAME', 'peer_mentor_replay_events' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.replay_events(text, uuid, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.replay_events(text, uuid, timestamptz) IS
	'Engine half of public.replay_events(), which says what it does.';

-- Called by the triggers of the directory tables, as the storage owner.

CREATE OR REPLACE FUNCTION peer_mentor.follow_listing(mentor_id uuid) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_follow_listing' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.follow_listing(uuid) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.follow_listing(uuid) IS 'Tells the portal what changed of this mentor in the public listing.';

CREATE OR REPLACE FUNCTION peer_mentor.follow_removal(mentor_ids uuid[]) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_follow_removal' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.follow_removal(uuid[]) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.follow_removal(uuid[]) IS 'Tells the portal, if it heard of them, that these mentors are gone.';

CREATE OR REPLACE FUNCTION peer_mentor.follow_portal_sync(organisation_id uuid, previous text, portal_sync text) RETURNS void
AS 'MODULE_PATHNAME', 'peer_mentor_follow_portal_sync' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION peer_mentor.follow_portal_sync(uuid, text, text) FROM PUBLIC;
COMMENT ON FUNCTION peer_mentor.follow_portal_sync(uuid, text, text) IS
	'Where it was off, brings what the portal was told in line with the listing of the whole organisation; where it is on, drops what is superseded.';
