// Values on their way to and from SQL: arguments of statements, columns of results, arrays.
#pragma once

#include "core/calendar.hpp"
#include "pg/server.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace peer_mentor {

struct uuid {
	unsigned char bytes[UUID_LEN];

	friend bool operator==(const uuid &a, const uuid &b) { return memcmp(a.bytes, b.bytes, UUID_LEN) == 0; }
	friend bool operator<(const uuid &a, const uuid &b) { return memcmp(a.bytes, b.bytes, UUID_LEN) < 0; }
};

static_assert(sizeof(uuid) == sizeof(pg_uuid_t));

// An argument of a statement, or an element of an array.
struct value {
	Datum datum = 0;
	bool  null = true;

	value() = default;
	constexpr value(Datum d, bool n) : datum(d), null(n) {}
};

inline value of_datum(Datum d) { return {d, false}; }
inline value of(const uuid *id) { return {PointerGetDatum(id), id == nullptr}; }
inline value of(const uuid &id) { return {PointerGetDatum(&id), false}; }
inline value of(std::int32_t n) { return {Int32GetDatum(n), false}; }
inline value of(std::int64_t n) { return {Int64GetDatum(n), false}; }
inline value of(bool b) { return {BoolGetDatum(b), false}; }
inline value of(std::string_view s)
{
	return {PointerGetDatum(cstring_to_text_with_len(s.data(), static_cast<int>(s.size()))), false};
}
inline value of_day(day d) { return {DateADTGetDatum(d), false}; }
inline value of_time(TimestampTz t) { return {TimestampTzGetDatum(t), false}; }

template <typename T, typename F>
value of_optional(const std::optional<T> &v, F convert)
{
	return v ? convert(*v) : value{};
}

inline value of(const std::optional<uuid> &id) { return of(id ? &*id : nullptr); }
inline value of(const std::optional<std::string_view> &s) { return s ? of(*s) : value{}; }
inline value of_day(const std::optional<day> &d) { return d ? of_day(*d) : value{}; }

inline std::string_view view(const text *t) { return {VARDATA_ANY(t), static_cast<std::size_t>(VARSIZE_ANY_EXHDR(t))}; }

inline std::string_view view_of_datum(Datum d) { return view(DatumGetTextPP(d)); }

inline uuid to_uuid(Datum d) { return *reinterpret_cast<const uuid *>(DatumGetUUIDP(d)); }

// For messages; the memory is the server's.
const char *to_cstring(const uuid &id);
const char *to_cstring(std::string_view s);
const char *day_to_cstring(day d);

// Arguments of an SQL function.
struct arguments {
	FunctionCallInfo fcinfo;

	bool                            is_null(int i) const { return PG_ARGISNULL(i); }
	uuid                            id(int i) const { return to_uuid(PG_GETARG_DATUM(i)); }
	std::optional<uuid>             optional_id(int i) const;
	std::optional<day>              optional_day(int i) const;
	std::optional<std::int64_t>     optional_int64(int i) const;
	std::optional<std::string_view> optional_text(int i) const;
};

// An allocated array of trivially destructible elements; the memory context frees it.
template <typename T>
std::span<T> allocate(std::size_t n)
{
	return {static_cast<T *>(palloc0(sizeof(T) * (n == 0 ? 1 : n))), n};
}

// One-dimensional array for unnest(); element(i) gives the i-th value.
template <typename F>
value array_of(std::size_t n, Oid type, F element)
{
	int16 length;
	bool  by_value;
	char  align;
	get_typlenbyvalalign(type, &length, &by_value, &align);
	auto datums = allocate<Datum>(n);
	auto nulls = allocate<bool>(n);
	for (std::size_t i = 0; i < n; ++i) {
		const value v = element(i);
		datums[i] = v.datum;
		nulls[i] = v.null;
	}
	int dims[1] = {static_cast<int>(n)};
	int bounds[1] = {1};
	return of_datum(PointerGetDatum(
		n == 0 ? construct_empty_array(type)
			   : construct_md_array(datums.data(), nulls.data(), 1, dims, bounds, type, length, by_value, align)));
}

} // namespace peer_mentor
