#include "outbox.hpp"

#include "identity.hpp"
#include "text.hpp"

#include <algorithm>

namespace dispatch {

namespace {

// The body is the same at each attempt and in each session: a receiver may compare.
constexpr const char *claim_sql =
	"WITH claimed AS MATERIALIZED (SELECT * FROM public.claim_events($1, $2::integer, $3::interval)) "
	"SELECT c.id, c.claim_token, d.recipient, c.event_id || COALESCE(':' || d.recipient, ''), c.attempts, "
	"       floor(extract(epoch FROM c.leased_until - clock_timestamp()) * 1000)::bigint, "
	"       (jsonb_build_object('schema_version', 1, 'id', c.id, 'event_id', c.event_id, 'channel', c.channel, 'event_type', c.event_type, "
	"            'organisation_id', c.organisation_id, 'mentor_id', c.mentor_id, 'payload', c.payload, "
	"            'created_at', to_char(c.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')) "
	"        || CASE WHEN d.recipient IS NULL THEN '{}' ELSE jsonb_build_object('recipient', d.recipient, 'role', d.role) END)::text, " DATABASE_SQL
	"  FROM claimed c "
	"  LEFT JOIN LATERAL jsonb_to_recordset(c.recipients) d (recipient uuid, role text) ON true "
	" WHERE d.recipient IS NOT NULL OR c.channel <> 'notification' "
	" ORDER BY c.id, d.recipient";

constexpr const char *complete_sql = "SELECT public.complete_event($1::bigint, $2::uuid, $3::uuid)";
constexpr const char *fail_sql =
	"SELECT public.fail_event($1::bigint, $2::uuid, $3, $4::boolean, $5::uuid, $6::interval)";

bool unless_lease_lost(database &db, const char *sql, const std::vector<parameter> &parameters)
{
	try {
		db.run(sql, parameters);
	} catch (const statement_failed &e) {
		if (e.detail.find("\"lease_lost\"") == std::string::npos)
			throw;
		return false;
	}
	return true;
}

} // namespace

claimed claim(database &db, const options &o, long most)
{
	const moment before = steady::now();
	const result r = db.run(claim_sql, {o.channel, std::to_string(most), std::to_string(o.lease.count()) + " ms"});
	claimed      out;
	for (int i = 0; i < r.count(); ++i) {
		const std::string id = r.text(i, 0);
		if (out.deliveries.empty() || out.deliveries.back().id != id)
			++out.events;
		out.deliveries.push_back({id, r.text(i, 1), r.null(i, 2) ? parameter() : r.text(i, 2), r.text(i, 3),
		                          r.text(i, 6), r.text(i, 4),
		                          before + milliseconds(whole_number(r.text(i, 5)).value_or(0))});
		out.database = one_word(r.text(i, 7));
	}
	return out;
}

bool complete(database &db, const delivery &d)
{
	return unless_lease_lost(db, complete_sql, {d.id, d.token, d.recipient});
}

bool fail(database &db, const delivery &d, const std::string &error, bool permanent,
          std::optional<std::chrono::seconds> retry_after)
{
	const parameter wait = retry_after ? parameter(std::to_string(retry_after->count()) + " s") : parameter();
	return unless_lease_lost(db, fail_sql, {d.id, d.token, error, permanent ? "true" : "false", d.recipient, wait});
}

} // namespace dispatch
