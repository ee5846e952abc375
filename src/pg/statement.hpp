// A fixed SQL statement with its plan kept for the life of the session, and its result.
#pragma once

#include "pg/value.hpp"

#include <initializer_list>

namespace peer_mentor {

struct row {
	SPITupleTable *table;
	std::uint64_t  index;

	value column(int i) const // counted from 1
	{
		bool        null;
		const Datum d = SPI_getbinval(table->vals[index], table->tupdesc, i, &null);
		return {d, null};
	}
	bool             is_null(int i) const { return column(i).null; }
	uuid             id(int i) const { return to_uuid(column(i).datum); }
	std::string_view text(int i) const { return view_of_datum(column(i).datum); }
	std::int32_t     integer(int i) const { return DatumGetInt32(column(i).datum); }
	std::int64_t     bigint(int i) const { return DatumGetInt64(column(i).datum); }
	bool             boolean(int i) const { return DatumGetBool(column(i).datum); }
	day              date(int i) const { return DatumGetDateADT(column(i).datum); }
	TimestampTz      time(int i) const { return DatumGetTimestampTz(column(i).datum); }

	std::optional<uuid> optional_id(int i) const { return is_null(i) ? std::nullopt : std::optional(id(i)); }
	std::optional<day>  optional_date(int i) const { return is_null(i) ? std::nullopt : std::optional(date(i)); }
	std::optional<std::int32_t> optional_integer(int i) const
	{
		return is_null(i) ? std::nullopt : std::optional(integer(i));
	}
	std::optional<std::string_view> optional_text(int i) const
	{
		return is_null(i) ? std::nullopt : std::optional(text(i));
	}
};

struct rows {
	SPITupleTable *table;
	std::uint64_t  count;

	row  operator[](std::uint64_t i) const { return {table, i}; }
	bool empty() const { return count == 0; }
	void free() const
	{
		if (table != nullptr)
			SPI_freetuptable(table);
	}
};

struct statement {
	const char *sql;
	int         nargs;
	Oid         types[16];
	SPIPlanPtr  plan = nullptr;

	// Runs the statement; the caller is connected to SPI.  The plan is never freed, as a trigger may be
	// running it.
	rows run(std::initializer_list<value> values);

	// The same for a statement that the guards of storage shall let pass.
	rows write(std::initializer_list<value> values);
};

} // namespace peer_mentor
