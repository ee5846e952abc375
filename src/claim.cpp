// claim_events: the next events of a channel, each leased to one worker, with whom they are for.
#include "outbox.hpp"
#include "pg/boundary.hpp"
#include "recipients.hpp"
#include "worker.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

#include <algorithm>

namespace peer_mentor {

namespace {

constexpr std::int32_t largest_batch = 1000;
constexpr int          most_rounds = 100;
constexpr int          columns = 12;

// The first one waiting of each mentor, whether it can be had or not, holds back those behind it.
#define IS_CLAIMABLE                                                                               \
	" AND e.delivered_at IS NULL AND e.dead_at IS NULL AND e.available_at <= $2 "                  \
	" AND (e.leased_until IS NULL OR e.leased_until <= $2) "                                       \
	" AND NOT EXISTS (SELECT FROM public.outbox_events p "                                         \
	"                  WHERE p.mentor_id = e.mentor_id AND p.id < e.id AND p.channel = e.channel " \
	"                    AND p.delivered_at IS NULL AND p.dead_at IS NULL) "

// One whose lease ran out as often as it may be tried is given up instead.
#define LEASE                                                                                                                 \
	"UPDATE public.outbox_events e "                                                                                          \
	"   SET attempts = LEAST(e.attempts + 1, $5), dead_at = CASE WHEN e.attempts >= $5 THEN $2 END, "                         \
	"       claim_token = CASE WHEN e.attempts < $5 THEN $3 END, leased_until = CASE WHEN e.attempts < $5 THEN $2 + $4 END, " \
	"       last_error = CASE WHEN e.leased_until IS NOT NULL THEN 'the lease ran out' ELSE e.last_error END "                \
	"  FROM head WHERE e.id = head.id RETURNING e.id, e.dead_at IS NULL"

statement claim_notifications = {
	"WITH head AS MATERIALIZED ("
	"     SELECT e.id FROM public.outbox_events e WHERE e.channel = 'notification' " IS_CLAIMABLE
	"      ORDER BY e.available_at, e.id LIMIT $1 FOR NO KEY UPDATE OF e SKIP LOCKED) " LEASE,
	5,
	{INT4OID, TIMESTAMPTZOID, UUIDOID, INTERVALOID, INT4OID}};

// One organisation after the other, none of them always the last.
statement claim_portal_events = {
	"WITH head AS MATERIALIZED ("
	"     SELECT x.id FROM (SELECT o.id FROM public.organisations o WHERE o.portal_sync = 'on' ORDER BY random()) o "
	"      CROSS JOIN LATERAL ("
	"            SELECT e.id FROM public.outbox_events e WHERE e.channel = 'portal_sync' AND e.organisation_id = o.id " IS_CLAIMABLE
	"             ORDER BY e.available_at, e.id LIMIT $1 FOR NO KEY UPDATE OF e SKIP LOCKED) x "
	"      LIMIT $1) " LEASE,
	5,
	{INT4OID, TIMESTAMPTZOID, UUIDOID, INTERVALOID, INT4OID}};

#undef LEASE
#undef IS_CLAIMABLE

// Where nobody is left to be told the event is finished; $3 are those that nobody could be found for.
statement finish_without_delivery = {
	"UPDATE public.outbox_events e "
	"   SET delivered_at = CASE WHEN d.dead THEN NULL ELSE $2 END, dead_at = CASE WHEN d.dead THEN $2 END, claim_token = NULL, leased_until = NULL, "
	"       last_error = CASE WHEN e.id = ANY ($3) THEN 'undeliverable' WHEN d.n = 0 THEN 'nobody_to_tell' ELSE e.last_error END "
	"  FROM unnest($1) u (id) "
	" CROSS JOIN LATERAL (SELECT count(*) AS n, count(*) FILTER (WHERE v.delivered_at IS NULL AND v.dead_at IS NULL) AS waiting, "
	"                            COALESCE(bool_or(v.dead_at IS NOT NULL), false) AS dead "
	"                       FROM public.outbox_deliveries v WHERE v.event_id = u.id) d "
	" WHERE e.id = u.id AND d.waiting = 0",
	3,
	{INT8ARRAYOID, TIMESTAMPTZOID, INT8ARRAYOID}};

statement read_claimed = {
	"SELECT e.id, e.event_id, e.channel, e.event_type, e.organisation_id, e.mentor_id, e.payload, e.created_at, e.attempts, e.claim_token, e.leased_until, "
	"       COALESCE((SELECT jsonb_agg(jsonb_build_object('recipient', d.recipient, 'role', d.role) ORDER BY d.recipient) "
	"                   FROM public.outbox_deliveries d WHERE d.event_id = e.id AND d.delivered_at IS NULL AND d.dead_at IS NULL), '[]') "
	"  FROM unnest($1) u (id) JOIN public.outbox_events e ON e.id = u.id "
	" WHERE e.claim_token = $2 AND e.delivered_at IS NULL AND e.dead_at IS NULL ORDER BY e.id",
	2,
	{INT8ARRAYOID, UUIDOID}};

statement fresh_token = {"SELECT gen_random_uuid()", 0, {}};

struct claim {
	const char      *channel;
	uuid             token;
	value            lease;
	TupleDesc        descriptor;
	Tuplestorestate *result;
};

value ids_of(std::span<const std::int64_t> ids)
{
	return array_of(ids.size(), INT8OID, [&](std::size_t i) { return of(ids[i]); });
}

bool is_of_people(const claim &c) { return c.channel == notification_channel; }

struct leased_batch {
	std::span<std::int64_t> ids;
	bool                    any; // or were all of them given up?
};

leased_batch lease_next(const claim &c, std::int32_t most, TimestampTz now)
{
	statement  &lease = is_of_people(c) ? claim_notifications : claim_portal_events;
	const rows  leased = lease.write({of(most), of_time(now), of(c.token), c.lease, of(most_attempts)});
	auto        ids = allocate<std::int64_t>(leased.count);
	std::size_t n = 0;
	for (std::uint64_t i = 0; i < leased.count; ++i)
		if (leased[i].boolean(2))
			ids[n++] = leased[i].bigint(1);
	ids = ids.first(n);
	std::sort(ids.begin(), ids.end());
	return {ids, !leased.empty()};
}

std::int32_t hand_out(const claim &c, std::span<const std::int64_t> ids)
{
	const rows found = read_claimed.run({ids_of(ids), of(c.token)});
	for (std::uint64_t i = 0; i < found.count; ++i) {
		Datum values[columns];
		bool  nulls[columns];
		found[i].copy(c.descriptor, columns, values, nulls);
		tuplestore_putvalues(c.result, c.descriptor, values, nulls);
	}
	return static_cast<std::int32_t>(found.count);
}

// Events for nobody are finished on the way, so it may take several rounds.
void claim_batch(const claim &c, std::int32_t batch_size)
{
	const TimestampTz now = GetCurrentTimestamp(); // the same for all, so that the shortest lease outlasts the call
	for (int round = 0; batch_size > 0 && round < most_rounds; ++round) {
		const auto [ids, any] = lease_next(c, batch_size, now);
		if (!any)
			return note_waiting_worker(c.channel);
		if (is_of_people(c)) {
			const auto nobody = resolve_recipients(ids);
			finish_without_delivery.write({ids_of(ids), of_time(now), ids_of(nobody)});
			note_undeliverable(ids, nobody);
		}
		batch_size -= hand_out(c, ids);
	}
}

} // namespace

} // namespace peer_mentor

using namespace peer_mentor;

PEER_MENTOR_FUNCTION(peer_mentor_claim_events)
{
	const arguments args{fcinfo};
	InitMaterializedSRF(fcinfo, 0);
	const call c = begin_worker_call();
	const auto channel = channel_argument(args, 0);
	require_argument(args, 1, "batch_size");
	const std::int32_t batch_size = PG_GETARG_INT32(1);
	if (batch_size < 1 || batch_size > largest_batch)
		invalid_argument("batch_size", psprintf("batch size %d is not between 1 and %d", batch_size, largest_batch));
	require_argument(args, 2, "lease");
	require_length(args, 2, "lease", {1, 0, 0}, {0, 1, 0});
	auto *const result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
	claim_batch(
		{channel, fresh_token.run({})[0].id(1), of_datum(PG_GETARG_DATUM(2)), result->setDesc, result->setResult},
		batch_size);
	end_call(c);
	PG_RETURN_NULL();
}
