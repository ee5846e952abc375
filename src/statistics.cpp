#include "statistics.hpp"

#include "pg/statement.hpp"

extern "C" {
#include "utils/guc.h"
}

namespace peer_mentor {

namespace {

// A table that was vacuumed while it was empty is known to be empty.  Plans made then take any index for as good as another,
// those of foreign keys the whole table, and all are kept while it fills.
statement outgrown = {
	"SELECT string_agg(format('%I.%I', n.nspname, c.relname), ', ' ORDER BY n.nspname, c.relname) "
	"  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
	" WHERE (n.nspname = 'public' AND c.relname IN ('peer_mentors', 'mentor_chapters', 'peer_mentor_status', 'peer_mentor_status_history', "
	"        'peer_mentor_certifications', 'cert_expiry_reminders', 'pause_records', 'outbox_events') "
	"        OR n.nspname = 'peer_mentor_private' AND c.relname = 'portal_mentors') "
	"   AND c.relkind = 'r' AND pg_has_role(c.relowner, 'USAGE') AND c.reltuples < $1 / 2",
	1,
	{INT8OID}};

} // namespace

void refresh_statistics(std::int64_t mentors)
{
	const rows found = outgrown.run({of(mentors)});
	if (const auto tables = found[0].optional_text(1)) {
		const int level = NewGUCNestLevel();
		set_config_option("client_min_messages", "error", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
		// waiting here, with rows of mentors locked, could end in a deadlock
		SPI_execute(psprintf("ANALYZE (SKIP_LOCKED) %s", to_cstring(*tables)), false, 0);
		AtEOXact_GUC(true, level);
	}
	found.free();
}

} // namespace peer_mentor
