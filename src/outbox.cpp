#include "outbox.hpp"

extern "C" {
#include "commands/async.h"
}

namespace peer_mentor {

namespace {

bool notifies = true;

// Who made the change is in the history.
statement append_status_events = {
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) "
	"SELECT 'notification', 'status_changed', u.organisation_id, u.mentor_id, 'status_changed:' || u.history_id, "
	"       jsonb_build_object('schema_version', 1, 'mentor_id', u.mentor_id, 'organisation_id', u.organisation_id, "
	"           'previous_status', u.previous, 'new_status', u.now, 'reason', u.why, 'version', u.version, "
	"           'effective_on', u.effective_on, 'actor_kind', $8, 'job_run_id', $10) "
	"  FROM unnest($1, $2, $3, $4, $5, $6, $7, $9) u (mentor_id, organisation_id, previous, now, why, version, effective_on, history_id)",
	10,
	{UUIDARRAYOID, UUIDARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, DATEARRAYOID, TEXTOID,
     UUIDARRAYOID, UUIDOID}};

statement append_certification_event = {
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, actor_id, dedupe_key, payload) "
	"VALUES ('notification', $1, $2, $3, $9, $1 || ':' || $7 || ':' || extract(epoch FROM $8), "
	"        jsonb_build_object('schema_version', 1, 'mentor_id', $3, 'organisation_id', $2, "
	"            'certification_type', $4, 'expires_at', $5, 'actor_kind', $6)) "
	"ON CONFLICT (channel, dedupe_key) DO NOTHING",
	9,
	{TEXTOID, UUIDOID, UUIDOID, TEXTOID, DATEOID, TEXTOID, UUIDOID, TIMESTAMPTZOID, UUIDOID}};

// The same expiry date is told once, also when an earlier as_of brought the certification back for a while.
statement append_expiry_events = {
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, actor_id, dedupe_key, payload) "
	"SELECT 'notification', 'certification_expired', c.organisation_id, c.peer_mentor_id, $4, "
	"       'certification_expired:' || c.id || ':' || to_char(c.expires_at, 'YYYY-MM-DD'), "
	"       jsonb_build_object('schema_version', 1, 'mentor_id', c.peer_mentor_id, 'organisation_id', c.organisation_id, "
	"           'certification_type', c.certification_type, 'expires_at', c.expires_at, 'actor_kind', $2, 'job_run_id', $3) "
	"  FROM unnest($1) u (id) JOIN public.peer_mentor_certifications c ON c.id = u.id "
	"ON CONFLICT (channel, dedupe_key) DO NOTHING",
	4,
	{UUIDARRAYOID, TEXTOID, UUIDOID, UUIDOID}};

} // namespace

void wake_workers(const char *channel)
{
	if (notifies)
		Async_Notify("peer_mentor_outbox", channel);
}

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
	                            of(label(by.who.kind)), column(UUIDOID, [](const move &m) { return of(m.history_id); }),
	                            of(by.job_run)});
	wake_workers(notification_channel);
	follow_listing(moves, by);
}

void write_expiry_events(std::span<const uuid> certifications, const author &by)
{
	if (certifications.empty())
		return;
	append_expiry_events.write(
		{array_of(certifications.size(), UUIDOID, [&](std::size_t i) { return of(certifications[i]); }),
	     of(label(by.who.kind)), of(by.job_run), of(by.who.user)});
	wake_workers(notification_channel);
}

void write_certification_event(const certification_event &e, const author &by)
{
	append_certification_event.write({of(e.type), of(e.organisation), of(e.mentor), of(e.certification_type),
	                                  of_day(e.expires_at), of(label(by.who.kind)), of(e.certification), of_time(e.at),
	                                  of(by.who.user)});
	wake_workers(notification_channel);
}

void define_outbox_settings()
{
	DefineCustomBoolVariable("peer_mentor.notify", "Wake the workers that LISTEN when an event is written.",
	                         "Transactions that notify commit one after the other, and cannot be prepared.", &notifies,
	                         notifies, PGC_USERSET, 0, nullptr, nullptr, nullptr);
}

} // namespace peer_mentor
