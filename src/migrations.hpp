// The text of the migrations, built into the module from migrations/ and rollback/.
#pragma once

namespace peer_mentor {

struct migration_text {
	long long   version;
	const char *name;
	const char *up;
	const char *down;
};

extern const migration_text migration_texts[];
extern const int            migration_count;

} // namespace peer_mentor
