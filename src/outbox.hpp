// Events for the people and systems behind a status.
#pragma once

#include "transition.hpp"

namespace peer_mentor {

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

} // namespace peer_mentor
