// reconcile(): every mentor compared with the promises, and mended where what should be is known.
//
// A repair does what a call or a trigger would have done, or makes again what is a copy of something else.
// History is never rewritten.  Each mentor is mended in a subtransaction, so one that fails stops no other.
#include "outbox.hpp"
#include "pg/boundary.hpp"
#include "pg/subtransaction.hpp"
#include "registration.hpp"
#include "reminders.hpp"
#include "roster.hpp"
#include "storage.hpp"

#include <algorithm>

extern "C" {
#include "utils/tuplestore.h"
}

namespace peer_mentor {

namespace {

constexpr std::int32_t per_batch = 1000;

statement next_mentors = {
	"SELECT m.id FROM public.peer_mentors m WHERE m.id >= $1 AND (m.id > $1 OR $3) ORDER BY m.id LIMIT $2",
	3,
	{UUIDOID, INT4OID, BOOLOID}};

statement find_and_keep = {
	"SELECT 1 FROM peer_mentor_private.keep_findings($1, $2, false)", 2, {UUIDARRAYOID, TIMESTAMPTZOID}};

#define FINDING "SELECT d.mentor_id, d.id, d.kind, d.about, d.found, d.expected, d.outcome, d.resolved_at IS NOT NULL "

statement open_findings = {FINDING "FROM public.status_discrepancies d "
                                   " WHERE d.mentor_id = ANY ($1) AND d.resolved_at IS NULL ORDER BY d.mentor_id, d.kind, d.about",
                           1,
                           {UUIDARRAYOID}};

statement open_references = {FINDING "FROM public.status_discrepancies d "
                                     " WHERE d.mentor_id IS NULL AND d.resolved_at IS NULL ORDER BY d.kind, d.about",
                             0,
                             {}};

// Those that were there before a repair, and those it left.
statement findings_since = {
	FINDING "FROM public.status_discrepancies d "
			" WHERE d.mentor_id = $1 AND (d.resolved_at IS NULL OR d.id = ANY ($2)) ORDER BY d.kind, d.about",
	2,
	{UUIDOID, INT8ARRAYOID}};

#undef FINDING

statement note_outcomes = {
	"UPDATE public.status_discrepancies d "
	"   SET outcome = CASE WHEN d.resolved_at IS NOT NULL THEN 'repaired' WHEN $3 IS NOT NULL THEN 'failed: ' || $3 "
	"                      ELSE 'refused: ' || COALESCE(k.refusal, 'it came back') END "
	"  FROM peer_mentor_private.discrepancy_kinds() k "
	" WHERE k.kind = d.kind AND d.mentor_id IS NOT DISTINCT FROM $1 AND (d.resolved_at IS NULL OR d.id = ANY ($2))",
	3,
	{UUIDOID, INT8ARRAYOID, TEXTOID}};

statement lock_parent = {"SELECT 1 FROM public.peer_mentors m WHERE m.id = $1 FOR KEY SHARE", 1, {UUIDOID}};
statement lock_status = {
	"SELECT 1 FROM public.peer_mentor_status s WHERE s.mentor_id = $1 FOR NO KEY UPDATE", 1, {UUIDOID}};

// Of several interrupted pauses the one that ended with the row of this version, whatever the clock said otherwise.
#define ENDED_AT(version)                                                                             \
	"r.reactivated_at = (SELECT e.changed_at FROM public.peer_mentor_status_history e "                \
	"                     WHERE e.mentor_id = r.mentor_id AND e.version = " version ") DESC NULLS LAST, r.reactivated_at DESC "

// What the newest history row and the live pause record say, of a mentor with these findings.
#define BY_HISTORY                                                                                                               \
	"  FROM public.peer_mentors m "                                                                                              \
	" CROSS JOIN LATERAL (SELECT n.* FROM public.peer_mentor_status_history n WHERE n.mentor_id = m.id ORDER BY n.version DESC " \
	"                      LIMIT 1) h "                                                                                          \
	"  LEFT JOIN LATERAL (SELECT r.pause_reason, r.expected_return_date FROM public.pause_records r "                            \
	"                      WHERE r.mentor_id = m.id AND (r.status = h.new_status OR r.ended_by = 'interrupted') "                \
	"                      ORDER BY r.status = h.new_status DESC, " ENDED_AT("h.version - 1") "LIMIT 1) p ON h.new_status = 'paused' " \
	" CROSS JOIN LATERAL (SELECT CASE WHEN h.new_status <> 'paused' THEN NULL "                                                  \
	"                      WHEN h.previous_status = 'expired_cert' THEN p.pause_reason ELSE h.reason END AS pause_reason) w "

statement remake_status = {
	"INSERT INTO public.peer_mentor_status (mentor_id, chapter_id, status, pause_reason, expected_return_date, activated_by, version) "
	"SELECT m.id, (SELECT c.chapter_id FROM public.mentor_chapters c WHERE c.mentor_id = m.id AND c.is_primary AND c.until IS NULL), "
	"       h.new_status, w.pause_reason, p.expected_return_date, h.changed_by, h.version " BY_HISTORY " WHERE m.id = $1",
	1,
	{UUIDOID}};

statement copy_history = {
	"UPDATE public.peer_mentor_status s "
	"   SET status = h.new_status, version = h.version, activated_by = h.changed_by, pause_reason = w.pause_reason, "
	"       expected_return_date = CASE WHEN s.status = h.new_status THEN s.expected_return_date ELSE p.expected_return_date END " BY_HISTORY
	" WHERE m.id = $1 AND s.mentor_id = m.id",
	1,
	{UUIDOID}};

#undef BY_HISTORY

statement promote_oldest = {
	"UPDATE public.mentor_chapters p SET is_primary = true "
	" WHERE p.ctid = (SELECT l.ctid FROM public.mentor_chapters l WHERE l.mentor_id = $1 AND l.until IS NULL ORDER BY l.since, l.chapter_id LIMIT 1)",
	1,
	{UUIDOID}};

statement demote_others = {
	"UPDATE public.mentor_chapters p SET is_primary = false FROM public.peer_mentor_status s "
	" WHERE p.mentor_id = $1 AND p.is_primary AND p.until IS NULL AND s.mentor_id = p.mentor_id AND p.chapter_id <> s.chapter_id "
	"   AND EXISTS (SELECT FROM public.mentor_chapters k WHERE k.mentor_id = $1 AND k.is_primary AND k.until IS NULL AND k.chapter_id = s.chapter_id)",
	1,
	{UUIDOID}};

// Without a live pause record that agrees with the status the others are no guide either.
statement cancel_strays = {
	"UPDATE public.pause_records p SET status = 'active', reactivated_at = GREATEST(clock_timestamp(), p.paused_at), ended_by = 'cancelled' "
	"  FROM public.peer_mentor_status s "
	" WHERE p.mentor_id = $1 AND p.status <> 'active' AND s.mentor_id = p.mentor_id "
	"   AND (p.status, p.expected_return_date) IS DISTINCT FROM (s.status, s.expected_return_date) "
	"   AND (SELECT count(*) FROM public.pause_records k WHERE k.mentor_id = $1 AND k.status = s.status "
	"           AND k.expected_return_date IS NOT DISTINCT FROM s.expected_return_date) = 1",
	1,
	{UUIDOID}};

statement end_strays = {
	"UPDATE public.pause_records p "
	"   SET status = 'active', reactivated_at = CASE WHEN h.new_status = 'expired_cert' THEN h.changed_at ELSE GREATEST(h.changed_at, p.paused_at) END, "
	"       ended_by = CASE WHEN p.status = 'expired_cert' THEN 'renewed' WHEN h.new_status = 'expired_cert' THEN 'interrupted' "
	"                       WHEN h.previous_status = 'paused' THEN 'reactivated' ELSE 'cancelled' END "
	"  FROM public.peer_mentor_status s, public.peer_mentor_status_history h "
	" WHERE p.mentor_id = $1 AND p.status <> 'active' AND s.mentor_id = p.mentor_id AND p.status <> s.status "
	"   AND h.mentor_id = s.mentor_id AND h.version = s.version",
	1,
	{UUIDOID}};

statement copy_pause = {
	"UPDATE public.pause_records p SET pause_reason = COALESCE(s.pause_reason, p.pause_reason), expected_return_date = s.expected_return_date "
	"  FROM public.peer_mentor_status s "
	" WHERE p.mentor_id = $1 AND p.status <> 'active' AND s.mentor_id = p.mentor_id AND p.status = s.status",
	1,
	{UUIDOID}};

statement copy_pause_reason = {
	"UPDATE public.peer_mentor_status s SET pause_reason = p.pause_reason FROM public.pause_records p "
	" WHERE s.mentor_id = $1 AND s.status = 'paused' AND s.pause_reason IS NULL AND p.mentor_id = s.mentor_id AND p.status = 'paused'",
	1,
	{UUIDOID}};

statement remake_pause = {
	"INSERT INTO public.pause_records (mentor_id, status, pause_reason, expected_return_date, paused_at, coordinator_id, resumes_pause_id) "
	"SELECT s.mentor_id, s.status, COALESCE(s.pause_reason, h.reason), s.expected_return_date, h.changed_at, h.changed_by, i.id "
	"  FROM public.peer_mentor_status s "
	"  JOIN public.peer_mentor_status_history h ON h.mentor_id = s.mentor_id AND h.version = s.version "
	"  LEFT JOIN LATERAL (SELECT r.id, r.ended_by FROM public.pause_records r WHERE r.mentor_id = s.mentor_id AND r.reactivated_at IS NOT NULL "
	"                        AND r.ended_by = 'interrupted' ORDER BY " ENDED_AT("h.version - 1") "LIMIT 1) i "
	"       ON h.previous_status = 'expired_cert' AND h.new_status = 'paused' "
	" WHERE s.mentor_id = $1 AND s.status <> 'active' "
	"   AND NOT EXISTS (SELECT FROM public.pause_records p WHERE p.mentor_id = s.mentor_id AND p.status <> 'active')",
	1,
	{UUIDOID}};

#undef ENDED_AT

statement unarmed = {
	"SELECT c.certification_type, c.expires_at, c.status <> 'suspended' FROM public.peer_mentor_certifications c "
	"  JOIN public.status_discrepancies d ON d.mentor_id = c.peer_mentor_id AND d.about = c.certification_type "
	" WHERE c.peer_mentor_id = $1 AND d.resolved_at IS NULL AND d.kind IN ('reminder_missing', 'reminder_differs', 'reminder_asleep')",
	1,
	{UUIDOID}};

statement remove_reminders = {
	"DELETE FROM public.cert_expiry_reminders r "
	" WHERE r.mentor_id = $1 AND NOT EXISTS (SELECT FROM public.peer_mentor_certifications c "
	"                                         WHERE c.peer_mentor_id = $1 AND c.certification_type = r.certification_type)",
	1,
	{UUIDOID}};

statement untold = {
	"SELECT h.id, h.previous_status::text, h.new_status::text, h.reason::text, h.version, h.effective_on, h.actor_kind, h.changed_by, "
	"       h.job_run_id, m.organisation_id "
	"  FROM public.peer_mentor_status_history h "
	"  JOIN public.peer_mentors m ON m.id = h.mentor_id "
	"  JOIN public.status_discrepancies d ON d.mentor_id = h.mentor_id AND d.about = 'version ' || h.version "
	" WHERE h.mentor_id = $1 AND d.resolved_at IS NULL AND d.kind = 'event_missing' ORDER BY h.version",
	1,
	{UUIDOID}};

// What the portal was told last, as far as that is kept: it is not told the same again.
statement remember_told = {
	"INSERT INTO peer_mentor_private.portal_mentors AS p (mentor_id, organisation_id, state) "
	"SELECT e.mentor_id, e.organisation_id, substr(e.event_type, length('mentor_') + 1) FROM public.outbox_events e "
	" WHERE e.mentor_id = $1 AND e.channel = 'portal_sync' ORDER BY e.id DESC LIMIT 1 "
	"ON CONFLICT (mentor_id) DO UPDATE SET state = EXCLUDED.state WHERE p.state <> EXCLUDED.state",
	1,
	{UUIDOID}};

statement follow_listing = {"SELECT peer_mentor.follow_listing($1)", 1, {UUIDOID}};

statement mirror_chapter = {
	"UPDATE public.peer_mentor_status s SET chapter_id = c.chapter_id "
	"  FROM public.peer_mentors m "
	"  LEFT JOIN public.mentor_chapters c ON c.mentor_id = m.id AND c.is_primary AND c.until IS NULL "
	" WHERE m.id = $1 AND s.mentor_id = m.id AND s.chapter_id IS DISTINCT FROM c.chapter_id",
	1,
	{UUIDOID}};

constexpr author by_operator = {{actor_kind::operator_, std::nullopt}, nullptr};

// The findings of one mentor.
struct case_file {
	rows found;

	bool has(std::string_view kind) const
	{
		for (std::uint64_t i = 0; i < found.count; ++i)
			if (found[i].text(3) == kind)
				return true;
		return false;
	}
	// Is the history whole, so that a status can be told from it?
	bool is_sound() const
	{
		for (std::uint64_t i = 0; i < found.count; ++i)
			if (found[i].text(3).starts_with("history_") || found[i].text(3) == "status_several")
				return false;
		return true;
	}
};

value array_of_one(const uuid &id)
{
	return array_of(1, UUIDOID, [&](std::size_t) { return of(id); });
}

void mend_status(const uuid &id, const case_file &c)
{
	if (c.has("status_missing")) {
		remake_status.write({of(id)});
		if (SPI_processed == 0) {
			const registration first = {id, std::nullopt};
			write_first_statuses({&first, 1}, by_operator);
		}
	}
	if (c.has("status_differs"))
		copy_history.write({of(id)});
}

void mend_chapters(const uuid &id, const case_file &c)
{
	if (c.has("primary_missing"))
		promote_oldest.write({of(id)});
	if (c.has("primaries_several"))
		demote_others.write({of(id)});
	if (c.has("chapter_differs"))
		mirror_chapter.write({of(id)});
}

void mend_pauses(const uuid &id, const case_file &c)
{
	if (c.has("pauses_several"))
		cancel_strays.write({of(id)});
	if (c.has("pause_left") || c.has("pause_differs"))
		end_strays.write({of(id)});
	if (c.has("pause_differs")) {
		copy_pause.write({of(id)});
		copy_pause_reason.write({of(id)});
	}
	if (c.has("pause_missing") || c.has("pause_differs"))
		remake_pause.write({of(id)});
}

void mend_certifications(const uuid &id, const case_file &c, TimestampTz as_of)
{
	if (!c.has("certification_differs") && !c.has("certification_ignored"))
		return;
	const auto mentors = lock_mentors({&id, 1}, as_of, locking::wait);
	if (!mentors.empty())
		evaluate(mentors, read_facts(mentors), by_operator);
}

void mend_reminders(const uuid &id, const case_file &c)
{
	const rows found = unarmed.run({of(id)});
	for (std::uint64_t i = 0; i < found.count; ++i)
		arm_reminders(id, found[i].text(1), found[i].date(2), found[i].boolean(3));
	if (c.has("reminder_left"))
		remove_reminders.write({of(id)});
}

// The portal is not told: whether it was to be, when the change was made, is not known.
void mend_events(const uuid &id)
{
	const rows found = untold.run({of(id)});
	for (std::uint64_t i = 0; i < found.count; ++i) {
		const row r = found[i];
		mentor    m{};
		m.id = id;
		m.organisation = r.id(10);
		m.now = *parse_status(r.text(2));
		m.version = r.bigint(5) - 1;
		const move   told = {&m, {*parse_status(r.text(3)), *parse_reason(r.text(4)), r.date(6)}, r.id(1)};
		const auto   run = r.optional_id(9);
		const author by = {{parse_actor_kind(r.text(7)).value_or(actor_kind::system), r.optional_id(8)},
		                   run ? &*run : nullptr};
		write_status_events({&told, 1}, by);
	}
}

struct repair {
	Oid         owner;
	uuid        mentor;
	TimestampTz as_of;
};

void mend(void *arg)
{
	const repair &r = *static_cast<repair *>(arg);
	const rights  before = begin_owned(r.owner);
	make_constraints_immediate(); // so that one that fails is isolated with its mentor
	lock_parent.run({of(r.mentor)});
	lock_status.run({of(r.mentor)});
	find_and_keep.write({array_of_one(r.mentor), of_time(r.as_of)});
	const case_file c = {open_findings.run({array_of_one(r.mentor)})};
	const bool      sound = c.is_sound();
	if (sound)
		mend_status(r.mentor, c);
	mend_chapters(r.mentor, c);
	if (sound) {
		mend_pauses(r.mentor, c);
		mend_certifications(r.mentor, c, r.as_of);
	}
	mend_reminders(r.mentor, c);
	if (sound)
		mend_events(r.mentor);
	if (c.has("portal_differs")) {
		remember_told.run({of(r.mentor)});
		follow_listing.run({of(r.mentor)});
	}
	mirror_roster({&r.mentor, 1}); // what was mended may have changed it
	find_and_keep.write({array_of_one(r.mentor), of_time(r.as_of)});
	end_owned(before);
}

struct reconciliation {
	Oid            owner;
	TimestampTz    as_of;
	bool           repairs;
	ReturnSetInfo *result;
};

void report(const reconciliation &c, const rows &found, std::uint64_t from, std::uint64_t to)
{
	for (std::uint64_t i = from; i < to; ++i) {
		const row   r = found[i];
		const value mentor = r.column(1, UUIDOID), outcome = r.column(7, TEXTOID);
		const bool  is_new = c.repairs && !outcome.null;
		Datum       values[] = {r.present(3, TEXTOID),  mentor.datum,           r.present(4, TEXTOID),
		                        r.present(5, JSONBOID), r.present(6, JSONBOID), BoolGetDatum(r.boolean(8)),
		                        outcome.datum};
		bool        nulls[] = {false, mentor.null, false, false, false, false, !is_new};
		tuplestore_putvalues(c.result->setResult, c.result->setDesc, values, nulls);
	}
}

void repair_and_report(const reconciliation &c, const uuid &id, const rows &found, std::uint64_t from, std::uint64_t to)
{
	const value ids =
		array_of(to - from, INT8OID, [&](std::size_t i) { return of(found[from + i].bigint(2)); });
	repair      r = {c.owner, id, c.as_of};
	const char *failure = nullptr;
	if (ErrorData *e = attempt(mend, &r)) {
		if (concerns_everybody(e))
			ReThrowError(e);
		failure = psprintf("%s %s", unpack_sql_state(e->sqlerrcode), e->message);
	}
	note_outcomes.write({of(id), ids, failure != nullptr ? of(std::string_view(failure)) : value{}});
	const rows left = findings_since.run({of(id), ids});
	report(c, left, 0, left.count);
	left.free();
}

void work_on(const reconciliation &c, const rows &mentors)
{
	const value ids = array_of(mentors.count, UUIDOID, [&](std::size_t i) { return mentors[i].column(1, UUIDOID); });
	find_and_keep.write({ids, of_time(c.as_of)});
	const rows found = open_findings.run({ids});
	if (!c.repairs) {
		report(c, found, 0, found.count);
		return;
	}
	for (std::uint64_t from = 0, to; from < found.count; from = to) {
		const uuid id = found[from].id(1);
		for (to = from + 1; to < found.count && found[to].id(1) == id;)
			++to;
		repair_and_report(c, id, found, from, to);
	}
}

// A batch in a connection of its own, so that what it took is freed; true while there may be more.
bool next_batch(const reconciliation &c, std::optional<uuid> &after)
{
	CHECK_FOR_INTERRUPTS();
	const rights before = begin_owned(c.owner);
	const rows   mentors = next_mentors.run({of(after.value_or(uuid{})), of(per_batch), of(!after)});
	const bool   full = mentors.count == static_cast<std::uint64_t>(per_batch);
	if (!mentors.empty()) {
		after = mentors[mentors.count - 1].id(1);
		work_on(c, mentors);
	}
	end_owned(before);
	return full;
}

void look_at_references(const reconciliation &c)
{
	const rights before = begin_owned(c.owner);
	find_and_keep.write({value{}, of_time(c.as_of)});
	if (c.repairs)
		note_outcomes.write({value{}, array_of(0, INT8OID, [](std::size_t) { return value{}; }), value{}});
	const rows found = open_references.run({});
	report(c, found, 0, found.count);
	end_owned(before);
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_reconcile)
{
	const arguments args{fcinfo};
	InitMaterializedSRF(fcinfo, 0);
	SPI_connect();
	const Oid owner = require_storage();
	require_operator(owner, "reconcile the storage of peer_mentor");
	SPI_finish();
	require_argument(args, 0, "repair");
	const reconciliation c = {owner, GetCurrentTimestamp(), PG_GETARG_BOOL(0),
	                          reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo)};
	std::optional<uuid>  after;
	while (next_batch(c, after))
		;
	look_at_references(c);
	PG_RETURN_NULL();
}
