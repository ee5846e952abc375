// Certifications as they are written: by the calls of people and by the import.
#pragma once

#include "transition.hpp"

namespace peer_mentor {

struct certification_rules {
	period             valid_for;
	renewal_mode       mode;
	std::optional<int> window_days;
	int                grace_days;
	bool               required;
};

std::optional<certification_rules> find_rules(const uuid &organisation, std::string_view type);

struct held_certification {
	uuid        id;
	day         issued_at;
	day         expires_at;
	day         anchor;
	cert_status stored;
};

std::optional<held_certification> find_certification(const uuid &mentor, std::string_view type);

struct certification_record {
	uuid             mentor;
	uuid             organisation;
	std::string_view type;
	day              issued_at;
	day              expires_at;
	cert_status      stored;
	TimestampTz      at;
};

// False where the mentor holds one of this type already.
bool insert_certification(const certification_record &r, day anchor, const author &by);

// Writes dates and status and one more entry of its history.
void update_certification(const held_certification &held, const certification_record &r, day anchor,
                          std::string_view event, const author &by);

} // namespace peer_mentor
