// Mentors under lock: what they are and what speaks against them, read after the lock was taken.
#pragma once

#include "core/standing.hpp"
#include "call.hpp"

namespace peer_mentor {

// A stored certification status that its dates no longer bear out.
struct overtaken {
	uuid        certification;
	std::size_t mentor; // index into the mentors that were read together
	cert_status now;
};

struct held_record {
	held_pause          pause;
	uuid                id;
	reason              why;
	std::optional<uuid> coordinator;
};

struct mentor {
	uuid                  id;
	uuid                  organisation;
	std::optional<uuid>   user;
	status                now;
	std::int64_t          version;
	std::optional<reason> pause_reason;
	std::optional<day>    return_date;
	std::optional<uuid>   chapter;
	day                   today;
	bool                  portal;
	bool                  auto_reactivate;
	TimestampTz           locked_at;
	day                   last_effective;
	blockers              against;
	held_record           held;
};

enum class locking { wait, skip };

// Locks these mentors' status rows, in the documented order and by id, and reads what they are.  Ids
// that do not exist, are deleted, or (when skipping) are locked by others are left out.
std::span<mentor> lock_mentors(std::span<const uuid> ids, TimestampTz as_of, locking how);

// Reads certifications and the newest history row of locked mentors.
std::span<overtaken> read_facts(std::span<mentor> mentors);

// Reads the interrupted pause of mentors who are expired_cert.
void read_held_pauses(std::span<mentor> mentors);

// One mentor, or mentor_not_found.  Today is the organisation's day when the lock was got.
mentor lock_mentor(const uuid &id);

// The same without a lock, for those who only ask.
mentor find_mentor(const uuid &id);

} // namespace peer_mentor
