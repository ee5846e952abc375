#include "pg/value.hpp"

namespace peer_mentor {

const char *to_cstring(const uuid &id) { return DatumGetCString(DirectFunctionCall1(uuid_out, PointerGetDatum(&id))); }

const char *to_cstring(std::string_view s) { return pnstrdup(s.data(), s.size()); }

const char *day_to_cstring(day d)
{
	const civil c = to_civil(d);
	return psprintf("%04d-%02u-%02u", c.year, c.month, c.dom);
}

std::optional<uuid> arguments::optional_id(int i) const
{
	if (is_null(i))
		return std::nullopt;
	return id(i);
}

std::optional<day> arguments::optional_day(int i) const
{
	if (is_null(i))
		return std::nullopt;
	return PG_GETARG_DATEADT(i);
}

std::optional<std::int64_t> arguments::optional_int64(int i) const
{
	if (is_null(i))
		return std::nullopt;
	return PG_GETARG_INT64(i);
}

std::optional<std::string_view> arguments::optional_text(int i) const
{
	if (is_null(i))
		return std::nullopt;
	return view(PG_GETARG_TEXT_PP(i));
}

} // namespace peer_mentor
