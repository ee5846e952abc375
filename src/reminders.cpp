#include "reminders.hpp"

#include "core/reminder.hpp"
#include "outbox.hpp"

namespace peer_mentor {

namespace {

// Earlier than any day there is: at the next run.
#define AT_ONCE "date '0001-01-01'"

statement arm = {
	"INSERT INTO public.cert_expiry_reminders AS r (mentor_id, certification_type, expiry_date, next_on) "
	"VALUES ($1, $2, $3, CASE WHEN $4 THEN " AT_ONCE " END) "
	"ON CONFLICT (mentor_id, certification_type) DO UPDATE "
	"   SET expiry_date = EXCLUDED.expiry_date, rungs_pending = NULL, next_on = EXCLUDED.next_on, "
	"       reminders_sent = CASE WHEN r.expiry_date = EXCLUDED.expiry_date THEN r.reminders_sent ELSE '{}' END, "
	"       last_reminder_at = CASE WHEN r.expiry_date = EXCLUDED.expiry_date THEN r.last_reminder_at END",
	4,
	{UUIDOID, TEXTOID, DATEOID, BOOLOID}};

statement look_again = {
	"UPDATE public.cert_expiry_reminders r SET next_on = " AT_ONCE "  FROM public.peer_mentor_certifications c "
	" WHERE r.mentor_id = $1 AND c.peer_mentor_id = r.mentor_id AND c.certification_type = r.certification_type AND c.status <> 'suspended'",
	1,
	{UUIDOID}};

#undef AT_ONCE

statement read_climbs = {
	"SELECT u.i, r.id, r.certification_type, r.expiry_date, o.reminder_days, r.rungs_pending, r.reminders_sent, r.next_on, "
	"       c.status = 'suspended' "
	"  FROM unnest($1) WITH ORDINALITY u (id, i) "
	"  JOIN public.cert_expiry_reminders r ON r.mentor_id = u.id "
	"  JOIN public.peer_mentor_certifications c ON c.peer_mentor_id = r.mentor_id AND c.certification_type = r.certification_type "
	"  JOIN public.organisations o ON o.id = c.organisation_id",
	1,
	{UUIDARRAYOID}};

statement write_climbs = {
	"UPDATE public.cert_expiry_reminders r "
	"   SET rungs_pending = u.pending::integer[], next_on = u.next_on, "
	"       reminders_sent = CASE WHEN u.sent IS NULL THEN r.reminders_sent ELSE r.reminders_sent || u.sent END, "
	"       last_reminder_at = CASE WHEN u.sent IS NULL THEN r.last_reminder_at ELSE clock_timestamp() END "
	"  FROM unnest($1, $2, $3, $4) u (id, pending, next_on, sent) "
	" WHERE r.id = u.id",
	4,
	{UUIDARRAYOID, TEXTARRAYOID, DATEARRAYOID, INT4ARRAYOID}};

statement append_events = {
	"INSERT INTO public.outbox_events (channel, event_type, organisation_id, mentor_id, dedupe_key, payload) "
	"SELECT 'notification', 'reminder_due', u.organisation_id, u.mentor_id, "
	"       concat_ws(':', 'reminder_due', u.mentor_id, u.type, to_char(u.expires_at, 'YYYY-MM-DD'), u.rung), "
	"       jsonb_build_object('schema_version', 1, 'mentor_id', u.mentor_id, 'organisation_id', u.organisation_id, "
	"           'certification_type', u.type, 'expires_at', u.expires_at, 'rung', u.rung, 'days_left', u.days_left, 'job_run_id', $7) "
	"  FROM unnest($1, $2, $3, $4, $5, $6) u (mentor_id, organisation_id, type, expires_at, rung, days_left) "
	"ON CONFLICT (channel, dedupe_key) DO NOTHING",
	7,
	{UUIDARRAYOID, UUIDARRAYOID, TEXTARRAYOID, DATEARRAYOID, INT4ARRAYOID, INT4ARRAYOID, UUIDOID}};

struct looked_at {
	const mentor               *of;
	uuid                        id;
	std::string_view            type;
	day                         expires_at;
	std::optional<ladder>       pending;
	std::optional<day>          next_on;
	std::optional<std::int32_t> sent;
};

ladder to_ladder(Datum array)
{
	ladder l;
	Datum *datums;
	bool  *nulls;
	int    n;
	deconstruct_array(DatumGetArrayTypeP(array), INT4OID, sizeof(int32), true, TYPALIGN_INT, &datums, &nulls, &n);
	for (int i = 0; i < n; ++i)
		if (!nulls[i])
			l.add(DatumGetInt32(datums[i]));
	return l;
}

value to_literal(const std::optional<ladder> &l)
{
	if (!l)
		return {};
	StringInfoData text;
	initStringInfo(&text);
	for (std::size_t i = 0; i < l->count; ++i)
		appendStringInfo(&text, "%c%d", i == 0 ? '{' : ',', l->rungs[i]);
	appendStringInfoString(&text, l->count == 0 ? "{}" : "}");
	return of(std::string_view(text.data, static_cast<std::size_t>(text.len)));
}

bool is_same(const ladder &a, const ladder &b)
{
	for (std::size_t i = 0; i < a.count; ++i)
		if (!b.has(a.rungs[i]))
			return false;
	return a.count == b.count;
}

// Nothing where this look changes nothing.
std::optional<looked_at> look_at(const row &r, const mentor &m)
{
	looked_at  l = {&m, r.id(2), r.text(3), r.date(4), {}, {}, {}};
	const auto next_on = r.optional_date(8);
	climb      c;
	if (!r.is_null(6))
		c.pending = to_ladder(r.present(6, INT4ARRAYOID));
	if (r.boolean(9))
		return next_on || c.pending ? std::optional(l) : std::nullopt;
	c.lowest_sent = to_ladder(r.present(7, INT4ARRAYOID)).lowest();
	const climb_result result = look(to_ladder(r.present(5, INT4ARRAYOID)), c, l.expires_at, m.today);
	l.pending = result.pending;
	l.next_on = result.next_on;
	l.sent = result.send;
	if (!l.sent && l.next_on == next_on && c.pending && is_same(*c.pending, *l.pending))
		return std::nullopt;
	return l;
}

void write_looks(std::span<const looked_at> looks)
{
	const auto column = [&](Oid type, auto field) {
		return array_of(looks.size(), type, [&](std::size_t i) { return field(looks[i]); });
	};
	write_climbs.write({column(UUIDOID, [](const looked_at &l) { return of(l.id); }),
	                    column(TEXTOID, [](const looked_at &l) { return to_literal(l.pending); }),
	                    column(DATEOID, [](const looked_at &l) { return of_day(l.next_on); }),
	                    column(INT4OID, [](const looked_at &l) { return l.sent ? of(*l.sent) : value{}; })});
}

// Fewer than looked due where an expiry date came back for which some were sent before.
std::int64_t write_events(std::span<const looked_at> sent, const uuid &job_run)
{
	const auto column = [&](Oid type, auto field) {
		return array_of(sent.size(), type, [&](std::size_t i) { return field(sent[i]); });
	};
	append_events.write({column(UUIDOID, [](const looked_at &l) { return of(l.of->id); }),
	                     column(UUIDOID, [](const looked_at &l) { return of(l.of->organisation); }),
	                     column(TEXTOID, [](const looked_at &l) { return of(l.type); }),
	                     column(DATEOID, [](const looked_at &l) { return of_day(l.expires_at); }),
	                     column(INT4OID, [](const looked_at &l) { return of(*l.sent); }),
	                     column(INT4OID, [](const looked_at &l) { return of(l.expires_at - l.of->today); }),
	                     of(job_run)});
	const auto written = static_cast<std::int64_t>(SPI_processed);
	if (written > 0)
		wake_workers(notification_channel);
	return written;
}

} // namespace

void arm_reminders(const uuid &mentor, std::string_view type, day expires_at, bool live)
{
	arm.write({of(mentor), of(type), of_day(expires_at), of(live)});
}

void look_at_reminders_again(const uuid &mentor) { look_again.write({of(mentor)}); }

std::int64_t send_reminders(std::span<const mentor> mentors, const uuid &job_run)
{
	const rows found =
		read_climbs.run({array_of(mentors.size(), UUIDOID, [&](std::size_t i) { return of(mentors[i].id); })});
	auto        looks = allocate<looked_at>(found.count);
	auto        sent = allocate<looked_at>(found.count);
	std::size_t n = 0, n_sent = 0;
	for (std::uint64_t i = 0; i < found.count; ++i)
		if (const auto l = look_at(found[i], mentors[static_cast<std::size_t>(found[i].bigint(1)) - 1])) {
			looks[n++] = *l;
			if (l->sent)
				sent[n_sent++] = *l;
		}
	if (n > 0)
		write_looks(looks.first(n));
	return n_sent > 0 ? write_events(sent.first(n_sent), job_run) : 0;
}

} // namespace peer_mentor
