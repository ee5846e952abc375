// A fixed SQL statement with its plan kept for the life of the session, and its result.
#pragma once

#include "pg/value.hpp"

#include <initializer_list>

namespace peer_mentor {

// The tables are their owner's, who may change the type of a column at any time: a value is never taken for one of a
// type that it does not have.
struct row {
	SPITupleTable *table;
	std::uint64_t  index;

	value column(int i, Oid type) const // counted from 1
	{
		if (TupleDescAttr(table->tupdesc, i - 1)->atttypid != type)
			require_same_storage(i, type);
		return untyped(i);
	}
	Datum present(int i, Oid type) const
	{
		const value v = column(i, type);
		if (v.null)
			refuse_null(i);
		return v.datum;
	}
	bool             is_null(int i) const { return untyped(i).null; }
	uuid             id(int i) const { return to_uuid(present(i, UUIDOID)); }
	std::string_view text(int i) const { return view_of_datum(present(i, TEXTOID)); }
	std::int32_t     integer(int i) const { return DatumGetInt32(column(i, INT4OID).datum); }
	std::int64_t     bigint(int i) const { return DatumGetInt64(column(i, INT8OID).datum); }
	Oid              oid(int i) const { return DatumGetObjectId(column(i, OIDOID).datum); }
	bool             boolean(int i) const { return DatumGetBool(column(i, BOOLOID).datum); }
	day              date(int i) const { return DatumGetDateADT(column(i, DATEOID).datum); }
	TimestampTz      time(int i) const { return DatumGetTimestampTz(column(i, TIMESTAMPTZOID).datum); }

	// The first columns, as values of another row's.
	void copy(TupleDesc to, int columns, Datum *values, bool *nulls) const;

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

private:
	value untyped(int i) const
	{
		bool        null;
		const Datum d = SPI_getbinval(table->vals[index], table->tupdesc, i, &null);
		return {d, null};
	}
	// A varchar or a domain is stored as what it is of.
	void              require_same_storage(int i, Oid type) const;
	[[noreturn]] void refuse_null(int i) const;
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
