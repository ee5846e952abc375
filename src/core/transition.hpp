// The state machine: every edge there is, as data.  Whatever is not listed is refused.
#pragma once

#include "core/status.hpp"

#include <span>

namespace peer_mentor {

// A set of actor kinds.
using actors = std::uint8_t;

constexpr actors only(actor_kind k) { return static_cast<actors>(1u << static_cast<unsigned>(k)); }

inline constexpr actors staff = only(actor_kind::coordinator) | only(actor_kind::chapter_admin) |
                                only(actor_kind::org_admin) | only(actor_kind::service) | only(actor_kind::operator_);
inline constexpr actors administrators = staff & ~only(actor_kind::coordinator);
inline constexpr actors automatic = only(actor_kind::system);
inline constexpr actors anybody = staff | only(actor_kind::mentor) | only(actor_kind::system);

struct edge {
	std::optional<status> from; // none: the first record of a mentor
	status                to;
	peer_mentor::reason   reason;
	actors                who;
	std::string_view      who_text;
};

inline constexpr std::array edges{
	edge{std::nullopt, status::active, reason::registered, staff | automatic,
         "coordinator of all the named chapters, chapter admin, org admin, service, trigger"},
	edge{status::active, status::paused, reason::self_pause, only(actor_kind::mentor), "the mentor"},
	edge{status::active, status::paused, reason::coordinator_manual_pause, staff,
         "coordinator, chapter admin, org admin, service"},
	edge{status::paused, status::active, reason::self_reactivation, only(actor_kind::mentor),
         "the mentor, only a pause they set themselves"},
	edge{status::paused, status::active, reason::coordinator_reactivation, staff,
         "coordinator, chapter admin, org admin, service"},
	edge{status::paused, status::active, reason::pause_ended, only(actor_kind::system),
         "nightly run, where the organisation set auto_reactivate and the return date came"},
	edge{status::active, status::expired_cert, reason::certification_expired, anybody,
         "nightly run, or any call that finds it lapsed"},
	edge{status::paused, status::expired_cert, reason::certification_expired, anybody,
         "nightly run, or any call that finds it lapsed"},
	edge{status::active, status::expired_cert, reason::certification_suspended, anybody,
         "suspension of a required certification"},
	edge{status::paused, status::expired_cert, reason::certification_suspended, anybody,
         "suspension of a required certification"},
	edge{status::expired_cert, status::active, reason::certification_renewed, staff | automatic,
         "the call that removed the last blocker"},
	edge{status::expired_cert, status::paused, reason::certification_renewed, staff | automatic,
         "the call that removed the last blocker"},
	edge{status::expired_cert, status::active, reason::certification_reinstated, administrators | automatic,
         "the call that removed the last blocker"},
	edge{status::expired_cert, status::paused, reason::certification_reinstated, administrators | automatic,
         "the call that removed the last blocker"},
	edge{status::expired_cert, status::active, reason::requirement_changed, anybody,
         "nightly run when the rules of a certification type changed"},
	edge{status::expired_cert, status::paused, reason::requirement_changed, anybody,
         "nightly run when the rules of a certification type changed"},
	edge{status::active, status::paused, reason::direct_update, only(actor_kind::operator_),
         "a direct UPDATE by the owner"},
	edge{status::paused, status::active, reason::direct_update, only(actor_kind::operator_),
         "a direct UPDATE by the owner"},
};

constexpr bool is_edge(std::optional<status> from, status to, reason why, actor_kind who)
{
	for (const edge &e : edges)
		if (e.from == from && e.to == to && e.reason == why)
			return (e.who & only(who)) != 0;
	return false;
}

// Is there any reason at all for which a mentor may go from one state to the other?
constexpr bool may_become(status from, status to)
{
	for (const edge &e : edges)
		if (e.from == from && e.to == to)
			return true;
	return false;
}

// The reason under which this actor pauses or reactivates by request.
constexpr reason pause_reason_of(actor_kind who)
{
	return who == actor_kind::mentor ? reason::self_pause : reason::coordinator_manual_pause;
}

constexpr reason reactivation_reason_of(actor_kind who)
{
	return who == actor_kind::mentor ? reason::self_reactivation : reason::coordinator_reactivation;
}

namespace check {

constexpr bool no_edge_twice()
{
	for (std::size_t i = 0; i < edges.size(); ++i)
		for (std::size_t j = i + 1; j < edges.size(); ++j)
			if (edges[i].from == edges[j].from && edges[i].to == edges[j].to && edges[i].reason == edges[j].reason)
				return false;
	return true;
}

constexpr bool no_loop()
{
	for (const edge &e : edges)
		if (e.from == e.to)
			return false;
	return true;
}

constexpr bool every_reason_used()
{
	for (std::size_t r = 0; r < reason_labels.size(); ++r) {
		bool used = false;
		for (const edge &e : edges)
			used = used || e.reason == static_cast<reason>(r);
		if (!used)
			return false;
	}
	return true;
}

} // namespace check

static_assert(check::no_edge_twice());
static_assert(check::no_loop());
static_assert(check::every_reason_used());
static_assert(!is_edge(status::expired_cert, status::active, reason::self_reactivation, actor_kind::mentor));
static_assert(!is_edge(status::active, status::paused, reason::direct_update, actor_kind::service));

} // namespace peer_mentor
