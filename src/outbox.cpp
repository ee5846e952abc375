#include "outbox.hpp"

namespace peer_mentor {

namespace {

// The portal lists active mentors, so it needs to hear of every step out of and into that status.
statement append_status_events = {
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) "
	"SELECT e.channel, e.event_type, u.organisation_id, u.mentor_id, e.event_type || ':' || u.history_id, "
	"       jsonb_build_object('schema_version', 1, 'mentor_id', u.mentor_id, 'organisation_id', u.organisation_id, "
	"           'previous_status', u.previous, 'new_status', u.now, 'reason', u.why, 'version', u.version, "
	"           'effective_on', u.effective_on, 'actor_kind', $9, 'job_run_id', $11) "
	"  FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $10) u (mentor_id, organisation_id, previous, now, why, version, effective_on, portal, history_id) "
	" CROSS JOIN LATERAL (VALUES ('notification', 'status_changed', true), "
	"       ('portal_sync', 'mentor_hidden', u.portal AND u.previous = 'active'), "
	"       ('portal_sync', 'mentor_shown', u.portal AND u.now = 'active')) e (channel, event_type, applies) "
	" WHERE e.applies",
	11,
	{UUIDARRAYOID, UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, DATEARRAYOID, BOOLARRAYOID,
     TEXTOID, UUIDARRAYOID, UUIDOID}};

statement append_certification_event = {
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) "
	"VALUES ('notification', $1, $2, $3, $1 || ':' || $7 || ':' || extract(epoch FROM $8), "
	"        jsonb_build_object('schema_version', 1, 'mentor_id', $3, 'organisation_id', $2, "
	"            'certification_type', $4, 'expires_at', $5, 'actor_kind', $6))",
	8,
	{TEXTOID, UUIDOID, UUIDOID, TEXTOID, DATEOID, TEXTOID, UUIDOID, TIMESTAMPTZOID}};

// The same expiry date is told once, also when an earlier as_of brought the certification back for a while.
statement append_expiry_events = {
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) "
	"SELECT 'notification', 'certification_expired', c.organisation_id, c.peer_mentor_id, "
	"       'certification_expired:' || c.id || ':' || to_char(c.expires_at, 'YYYY-MM-DD'), "
	"       jsonb_build_object('schema_version', 1, 'mentor_id', c.peer_mentor_id, 'organisation_id', c.organisation_id, "
	"           'certification_type', c.certification_type, 'expires_at', c.expires_at, 'actor_kind', $2, 'job_run_id', $3) "
	"  FROM unnest($1) u (id) JOIN public.peer_mentor_certifications c ON c.id = u.id "
	"ON CONFLICT (channel, dedupe_key) DO NOTHING",
	3,
	{UUIDARRAYOID, TEXTOID, UUIDOID}};

} // namespace

void write_status_events(std::span<const move> moves, const author &by)
{
	const auto column = [&](Oid type, auto field) {
		return array_of(moves.size(), type, [&](std::size_t i) { return field(moves[i]); });
	};
	append_status_events.write({column(UUIDOID, [](const move &m) { return of(m.of->id); }),
	                            column(UUIDOID, [](const move &m) { return of(m.of->organisation); }),
	                            column(TEXTOID, [](const move &m) { return of(label(m.of->now)); }),
	                            column(TEXTOID, [](const move &m) { return of(label(m.what.to)); }),
	                            column(TEXTOID, [](const move &m) { return of(label(m.what.why)); }),
	                            column(INT8OID, [](const move &m) { return of(m.of->version + 1); }),
	                            column(DATEOID, [](const move &m) { return of_day(m.what.effective_on); }),
	                            column(BOOLOID, [](const move &m) { return of(m.of->portal); }), of(label(by.who.kind)),
	                            column(UUIDOID, [](const move &m) { return of(m.history_id); }), of(by.job_run)});
}

void write_expiry_events(std::span<const uuid> certifications, const author &by)
{
	if (!certifications.empty())
		append_expiry_events.write(
			{array_of(certifications.size(), UUIDOID, [&](std::size_t i) { return of(certifications[i]); }),
		     of(label(by.who.kind)), of(by.job_run)});
}

void write_certification_event(const certification_event &e, const author &by)
{
	append_certification_event.write({of(e.type), of(e.organisation), of(e.mentor), of(e.certification_type),
	                                  of_day(e.expires_at), of(label(by.who.kind)), of(e.certification),
	                                  of_time(e.at)});
}

} // namespace peer_mentor
