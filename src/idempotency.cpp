#include "idempotency.hpp"

namespace peer_mentor {

namespace {

statement find_request = {
	"SELECT r.function = $3 AND r.arguments_hash = encode(sha256(convert_to($4, 'UTF8')), 'hex'), "
	"       (r.result ->> 'mentor_id')::uuid, r.result ->> 'previous_status', r.result ->> 'new_status', "
	"       (r.result ->> 'version')::bigint, (r.result ->> 'changed_at')::timestamptz, (r.result ->> 'history_id')::uuid "
	"  FROM public.idempotent_requests r WHERE r.caller = $1 AND r.key = $2",
	4,
	{TEXTOID, TEXTOID, TEXTOID, TEXTOID}};

statement insert_request = {
	"INSERT INTO public.idempotent_requests (caller, caller_id, key, function, arguments_hash, result) "
	"VALUES ($1, $11, $2, $3, encode(sha256(convert_to($4, 'UTF8')), 'hex'), jsonb_build_object('mentor_id', $5, 'previous_status', $6, "
	"        'new_status', $7, 'version', $8, 'changed_at', $9, 'history_id', $10)) ON CONFLICT DO NOTHING RETURNING 1",
	11,
	{TEXTOID, TEXTOID, TEXTOID, TEXTOID, UUIDOID, TEXTOID, TEXTOID, INT8OID, TIMESTAMPTZOID, UUIDOID, UUIDOID}};

value name_of(const call &c)
{
	return of(std::string_view(c.user ? to_cstring(*c.user) : GetUserNameFromId(c.role, false)));
}

// Independent of the session's DateStyle.
const char *text_of(Oid type, Datum datum)
{
	if (type == DATEOID)
		return day_to_cstring(DatumGetDateADT(datum));
	Oid  output;
	bool varlena;
	getTypeOutputInfo(type, &output, &varlena);
	return OidOutputFunctionCall(output, datum);
}

[[noreturn]] void raise_mismatch(std::string_view key)
{
	raise(error::idempotency_mismatch, psprintf("idempotency key \"%s\" was used for another request", to_cstring(key)),
	      detail(error::idempotency_mismatch).add("idempotency_key", key), "Use a new key for a new request.");
}

} // namespace

request::request(const char *name, const arguments &args, int key_argument)
	: function(name), key(args.optional_text(key_argument))
{
	if (key && (key->empty() || pg_mbstrlen_with_len(key->data(), static_cast<int>(key->size())) > 200))
		invalid_argument("idempotency_key", "idempotency key must have 1 to 200 characters");
	initStringInfo(&asked);
	if (!key)
		return;
	Oid *types;
	int  ntypes;
	get_func_signature(args.fcinfo->flinfo->fn_oid, &types, &ntypes);
	for (int i = 0; i < key_argument; ++i) {
		if (args.is_null(i))
			appendStringInfoString(&asked, "null");
		else
			escape_json(&asked, text_of(types[i], args.fcinfo->args[i].value));
		appendStringInfoChar(&asked, ',');
	}
}

std::optional<outcome> find_first_result(const call &c, const request &r)
{
	if (!r.key)
		return std::nullopt;
	const rows found = find_request.run(
		{name_of(c), of(*r.key), of(std::string_view(r.function)), of(std::string_view(r.asked.data))});
	if (found.empty())
		return std::nullopt;
	const row first = found[0];
	if (!first.boolean(1))
		raise_mismatch(*r.key);
	const auto previous = first.optional_text(3);
	return outcome{first.id(2),
	               previous ? parse_status(*previous) : std::nullopt,
	               *parse_status(first.text(4)),
	               first.bigint(5),
	               first.time(6),
	               first.optional_id(7)};
}

void keep_first_result(const call &c, const request &r, const outcome &o)
{
	if (!r.key)
		return;
	const rows kept = insert_request.write({name_of(c), of(*r.key), of(std::string_view(r.function)),
	                                        of(std::string_view(r.asked.data)), of(o.mentor),
	                                        o.previous ? of(label(*o.previous)) : value{}, of(label(o.now)),
	                                        of(o.version), of_time(o.changed_at), of(o.history), of(c.user)});
	if (kept.empty())
		raise_mismatch(*r.key);
}

} // namespace peer_mentor
