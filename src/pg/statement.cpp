#include "pg/statement.hpp"

#include "pg/write_scope.hpp"

namespace peer_mentor {

rows statement::run(std::initializer_list<value> values)
{
	if (plan == nullptr) {
		SPIPlanPtr fresh = SPI_prepare_cursor(sql, nargs, types, CURSOR_OPT_GENERIC_PLAN);
		if (fresh == nullptr)
			elog(ERROR, "SPI_prepare failed for \"%s\": %s", sql, SPI_result_code_string(SPI_result));
		SPI_keepplan(fresh);
		plan = fresh; // only after nothing can fail
	}
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
