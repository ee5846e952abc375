#include "pg/statement.hpp"

#include "pg/write_scope.hpp"

extern "C" {
#include "utils/plancache.h"
}

namespace peer_mentor {

namespace {

bool is_planned(const CachedPlanSource *source)
{
	return source->is_valid && source->gplan != nullptr && source->gplan->is_valid;
}

// Every statement reaches its rows by an index, whatever its arguments are.  Left alone the planner would
// read a table that was small, or never analysed, as a whole, and keep that plan while the table grows.
void plan_by_index(SPIPlanPtr plan)
{
	const int level = NewGUCNestLevel();
	for (const char *name : {"enable_seqscan", "enable_hashjoin", "enable_mergejoin", "enable_material", "jit"})
		set_config_option(name, "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	ReleaseCachedPlan(SPI_plan_get_cached_plan(plan), CurrentResourceOwner);
	AtEOXact_GUC(true, level);
}

} // namespace

rows statement::run(std::initializer_list<value> values)
{
	if (plan == nullptr) {
		SPIPlanPtr fresh = SPI_prepare_cursor(sql, nargs, types, CURSOR_OPT_GENERIC_PLAN);
		if (fresh == nullptr)
			elog(ERROR, "SPI_prepare failed for \"%s\": %s", sql, SPI_result_code_string(SPI_result));
		SPI_keepplan(fresh);
		plan = fresh; // only after nothing can fail
	}
	if (!is_planned(static_cast<const CachedPlanSource *>(linitial(SPI_plan_get_plan_sources(plan)))))
		plan_by_index(plan);
	Assert(static_cast<int>(values.size()) == nargs);

	Datum datums[lengthof(types)];
	char  nulls[lengthof(types)];
	int   n = 0;
	for (const value &v : values) {
		datums[n] = v.datum;
		nulls[n] = v.null ? 'n' : ' ';
		++n;
	}
	const int rc = SPI_execute_plan(plan, datums, nulls, false, 0);
	if (rc < 0)
		elog(ERROR, "unexpected result %s of \"%s\"", SPI_result_code_string(rc), sql);
	return {SPI_tuptable, SPI_processed};
}

rows statement::write(std::initializer_list<value> values)
{
	begin_write();
	const rows result = run(values);
	end_write();
	return result;
}

} // namespace peer_mentor
