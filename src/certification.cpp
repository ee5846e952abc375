#include "certification.hpp"

#include "reminders.hpp"
#include "roster.hpp"

namespace peer_mentor {

namespace {

// Shared, so that rules do not change under a certification that is being written: the nightly run looks
// at the holders it sees when it applies changed rules.
statement rules = {"SELECT t.valid_for, t.renewal_mode, t.renewal_window_days, t.grace_days, t.required "
                   "  FROM public.certification_types t WHERE t.organisation_id = $1 AND t.code = $2 FOR SHARE",
                   2,
                   {UUIDOID, TEXTOID}};

statement held = {
	"SELECT c.id, c.issued_at, c.expires_at, c.anchor_on, c.status "
	"  FROM public.peer_mentor_certifications c WHERE c.peer_mentor_id = $1 AND c.certification_type = $2",
	2,
	{UUIDOID, TEXTOID}};

statement insert = {
	"INSERT INTO public.peer_mentor_certifications (peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on, status, renewal_history) "
	"VALUES ($1, $2, $3, $4, $5, $10, $6, peer_mentor_private.with_renewal_entry(NULL, '[]', 'issued', $7, $4, $5, $8, $9)) "
	"ON CONFLICT (peer_mentor_id, certification_type) DO NOTHING RETURNING 1",
	10,
	{UUIDOID, UUIDOID, TEXTOID, DATEOID, DATEOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, UUIDOID, DATEOID}};

statement update = {
	"UPDATE public.peer_mentor_certifications c "
	"   SET issued_at = $2, expires_at = $3, anchor_on = $4, status = $5, "
	"       renewal_history = peer_mentor_private.with_renewal_entry(c.id, c.renewal_history, $6, $7, $2, $3, $8, $9) "
	" WHERE c.id = $1",
	9,
	{UUIDOID, DATEOID, DATEOID, DATEOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID, UUIDOID}};

} // namespace

std::optional<certification_rules> find_rules(const uuid &organisation, std::string_view type)
{
	const rows found = rules.run({of(organisation), of(type)});
	if (found.empty())
		return std::nullopt;
	const row                 r = found[0];
	const Interval           *valid_for = DatumGetIntervalP(r.present(1, INTERVALOID));
	const certification_rules known = {{valid_for->month, valid_for->day},
	                                   *parse_renewal_mode(r.text(2)),
	                                   r.optional_integer(3),
	                                   r.integer(4),
	                                   r.boolean(5)};
	found.free();
	return known;
}

std::optional<held_certification> find_certification(const uuid &mentor, std::string_view type)
{
	const rows found = held.run({of(mentor), of(type)});
	if (found.empty())
		return std::nullopt;
	const row r = found[0];
	return held_certification{r.id(1), r.date(2), r.date(3), r.date(4), *parse_cert_status(r.text(5))};
}

bool insert_certification(const certification_record &r, day anchor, const author &by)
{
	const rows inserted =
		insert.write({of(r.mentor), of(r.organisation), of(r.type), of_day(r.issued_at), of_day(r.expires_at),
	                  of(label(r.stored)), of_time(r.at), of(label(by.who.kind)), of(by.job_run), of_day(anchor)});
	if (inserted.empty())
		return false;
	arm_reminders(r.mentor, r.type, r.expires_at, r.stored != cert_status::suspended);
	mirror_next_expiry({&r.mentor, 1});
	return true;
}

void update_certification(const held_certification &c, const certification_record &r, day anchor,
                          std::string_view event, const author &by)
{
	update.write({of(c.id), of_day(r.issued_at), of_day(r.expires_at), of_day(anchor), of(label(r.stored)), of(event),
	              of_time(r.at), of(label(by.who.kind)), of(by.job_run)});
	const bool live = r.stored != cert_status::suspended;
	if (r.expires_at != c.expires_at || live != (c.stored != cert_status::suspended))
		arm_reminders(r.mentor, r.type, r.expires_at, live);
	mirror_next_expiry({&r.mentor, 1});
}

} // namespace peer_mentor
