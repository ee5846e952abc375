// What speaks against a pause or a reactivation that somebody asks for.
#pragma once

#include "core/standing.hpp"
#include "core/transition.hpp"

namespace peer_mentor {

struct objections {
	bool no_edge = false;        // not in the state machine from here, or the same state
	bool certification = false;  // a required one has lapsed or is suspended
	bool anothers_pause = false; // a mentor ends only a pause they set themselves

	constexpr bool any() const { return no_edge || certification || anothers_pause; }
};

// Objections to a request of this actor; by request nobody becomes expired_cert.
constexpr objections object(status now, status to, actor_kind who, const blockers &against,
                            std::optional<reason> pause_reason)
{
	objections   o;
	const reason why = to == status::paused ? pause_reason_of(who) : reactivation_reason_of(who);
	// Whose last blocker is gone already leaves expired_cert by any call that looks.
	const bool recovers = now == status::expired_cert && to == status::active && !against.any();
	o.no_edge = to == status::expired_cert || (!recovers && !is_edge(now, to, why, who));
	o.certification = to != status::expired_cert && now != to && against.any();
	o.anothers_pause = to == status::active && now == status::paused && who == actor_kind::mentor &&
	                   pause_reason != reason::self_pause;
	return o;
}

static_assert(!object(status::active, status::paused, actor_kind::mentor, {}, {}).any());
static_assert(object(status::paused, status::paused, actor_kind::mentor, {}, {}).no_edge);
static_assert(
	object(status::paused, status::active, actor_kind::mentor, {}, reason::coordinator_manual_pause).anothers_pause);
static_assert(!object(status::paused, status::active, actor_kind::coordinator, {}, reason::self_pause).any());
static_assert(object(status::paused, status::active, actor_kind::coordinator, {true, false, 1}, reason::self_pause)
                  .certification);

} // namespace peer_mentor
