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

Oid stored_type(Oid type)
{
	const Oid base = getBaseType(type);
	return base == VARCHAROID ? TEXTOID : base;
}

} // namespace

void row::require_same_storage(int i, Oid type) const
{
	const FormData_pg_attribute *const column = TupleDescAttr(table->tupdesc, i - 1);
	if (stored_type(column->atttypid) != stored_type(type))
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
		                errmsg("column \"%s\" of the storage of peer_mentor has type %s, not %s",
		                       NameStr(column->attname), format_type_be(column->atttypid), format_type_be(type)),
		                errhint("Give the column its type back.")));
}

void row::refuse_null(int i) const
{
	ereport(ERROR,
	        (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("column \"%s\" of the storage of peer_mentor is null",
	                                                         NameStr(TupleDescAttr(table->tupdesc, i - 1)->attname))));
}

void row::copy(TupleDesc to, int columns, Datum *values, bool *nulls) const
{
	for (int i = 0; i < columns; ++i) {
		const value v = column(i + 1, TupleDescAttr(to, i)->atttypid);
		values[i] = v.datum;
		nulls[i] = v.null;
	}
}

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
