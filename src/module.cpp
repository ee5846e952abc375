#include "outbox.hpp"
#include "pg/server.hpp"
#include "pg/write_scope.hpp"
#include "purge.hpp"
#include "reconcile.hpp"

extern "C" {
#ifdef PG_MODULE_MAGIC_EXT
PG_MODULE_MAGIC_EXT(.name = "peer_mentor", .version = PEER_MENTOR_VERSION);
#else
PG_MODULE_MAGIC;
#endif

PGDLLEXPORT void _PG_init(void);

void _PG_init(void)
{
	peer_mentor::register_write_scope_callbacks();
	peer_mentor::define_retention_settings();
	peer_mentor::define_reconciliation_setting();
	peer_mentor::define_outbox_settings();
}
}
