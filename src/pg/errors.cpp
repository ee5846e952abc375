#include "pg/errors.hpp"

namespace peer_mentor {

namespace {

void append_key(StringInfo json, const char *key)
{
	appendStringInfoString(json, ", ");
	escape_json(json, key);
	appendStringInfoString(json, ": ");
}

} // namespace

detail::detail(error e)
{
	initStringInfo(&json);
	appendStringInfoString(&json, "{\"code\": ");
	escape_json(&json, spec(e).code.data());
}

detail &detail::add(const char *key, std::string_view text)
{
	append_key(&json, key);
	escape_json(&json, to_cstring(text));
	return *this;
}

detail &detail::add(const char *key, std::int64_t number)
{
	append_key(&json, key);
	appendStringInfo(&json, INT64_FORMAT, static_cast<int64>(number));
	return *this;
}

detail &detail::add(const char *key, const uuid &id) { return add(key, std::string_view(to_cstring(id))); }

void raise(error e, const char *message, const detail &more, const char *hint)
{
	const std::string_view s = spec(e).sqlstate;
	ereport(ERROR, (errcode(MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4])), errmsg_internal("%s", message),
	                errdetail_internal("%s}", more.json.data), hint != nullptr ? errhint("%s", hint) : 0));
}

void raise(error e, const char *message, const char *hint) { raise(e, message, detail(e), hint); }

void invalid_argument(const char *name, const char *message, const char *hint)
{
	raise(error::invalid_argument, message, detail(error::invalid_argument).add("argument", std::string_view(name)),
	      hint);
}

void mentor_not_found(const uuid &mentor)
{
	raise(error::mentor_not_found, psprintf("mentor \"%s\" does not exist", to_cstring(mentor)),
	      detail(error::mentor_not_found).add("mentor_id", mentor));
}

void require_argument(const arguments &args, int i, const char *name)
{
	if (args.is_null(i))
		invalid_argument(name, psprintf("argument \"%s\" must not be null", name));
}

} // namespace peer_mentor
