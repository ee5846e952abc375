// Events for the people and systems behind a status.
#pragma once

#include "transition.hpp"

namespace peer_mentor {

inline constexpr const char *notification_channel = "notification";
inline constexpr const char *portal_channel = "portal_sync";

// Tells workers that LISTEN of new events on this channel, when the transaction commits.
void wake_workers(const char *channel);

void write_status_events(std::span<const move> moves, const author &by);

// Of certifications that were found expired, and are stored so by now.
void write_expiry_events(std::span<const uuid> certifications, const author &by);

struct certification_event {
	std::string_view type;
	uuid             organisation;
	uuid             mentor;
	std::string_view certification_type;
	day              expires_at;
	uuid             certification;
	TimestampTz      at;
};

void write_certification_event(const certification_event &e, const author &by);

// Tells the portal what changed of these locked mentors in the public listing, and nothing that it was told
// before.  The first is for moves whose status is not written yet.
void follow_listing(std::span<const move> moves, const author &by);
void follow_listing(std::span<const mentor> mentors, const author &by);

// Tells the portal, if it ever heard of them, that these mentors are gone, and forgets that it knew.  For an
// erasure; their rows may be there still or not.
void write_removal_events(std::span<const uuid> mentors);

// peer_mentor.notify
void define_outbox_settings();

} // namespace peer_mentor
