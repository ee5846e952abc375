#include "parent.hpp"

#include "pg/errors.hpp"
#include "pg/rights.hpp"
#include "pg/statement.hpp"

namespace peer_mentor {

namespace {

struct parent_table {
	std::string_view name;
	const char      *schema;
	const char      *table;
	statement        exists;
};

constinit parent_table parents[] = {
	{"peer_mentors",
     "public",
     "peer_mentors",
     {"SELECT 1 FROM ONLY public.peer_mentors WHERE id = $1::uuid", 1, {TEXTOID}}},
	{"auth.users", "auth", "users", {"SELECT 1 FROM ONLY auth.users WHERE id = $1::uuid", 1, {TEXTOID}}},
	{"peer_mentor_certifications",
     "public",
     "peer_mentor_certifications",
     {"SELECT 1 FROM ONLY public.peer_mentor_certifications WHERE id = $1::uuid", 1, {TEXTOID}}},
	{"outbox_events",
     "public",
     "outbox_events",
     {"SELECT 1 FROM ONLY public.outbox_events WHERE id = $1::bigint", 1, {TEXTOID}}},
	{"job_runs", "public", "job_runs", {"SELECT 1 FROM ONLY public.job_runs WHERE id = $1::uuid", 1, {TEXTOID}}},
};

statement lock_login = {"SELECT 1 FROM ONLY auth.users WHERE id = $1 FOR KEY SHARE", 1, {UUIDOID}};
statement lock_login_alone = {"SELECT 1 FROM ONLY auth.users WHERE id = $1 FOR NO KEY UPDATE", 1, {UUIDOID}};

// As a foreign key does: with the rights of the table's owner, past its policies.  Only of a table: a
// view of this name would run its own functions with those rights.
Oid owner_of_table(const parent_table &p)
{
	const Oid schema = get_namespace_oid(p.schema, true);
	const Oid relation = OidIsValid(schema) ? get_relname_relid(p.table, schema) : InvalidOid;
	HeapTuple tuple = OidIsValid(relation) ? SearchSysCache1(RELOID, ObjectIdGetDatum(relation)) : nullptr;
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	auto *const form = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple));
	const Oid   owner = form->relkind == RELKIND_RELATION ? form->relowner : InvalidOid;
	ReleaseSysCache(tuple);
	return owner;
}

} // namespace

bool is_gone(std::string_view parent, const char *key)
{
	for (parent_table &p : parents) {
		if (p.name != parent)
			continue;
		const Oid owner = owner_of_table(p);
		if (!OidIsValid(owner))
			return false;
		const rights before = act_as_unfiltered(owner);
		const bool   gone = p.exists.run({of(std::string_view(key))}).empty();
		act_as_before(before);
		return gone;
	}
	invalid_argument("parent", psprintf("table \"%s\" is no parent in the storage of peer_mentor", to_cstring(parent)));
}

static bool find_login(const uuid &login, statement &lock)
{
	const Oid owner = owner_of_table(parents[1]);
	if (!OidIsValid(owner))
		return true;
	const rights before = act_as_unfiltered(owner);
	const bool   found = !lock.run({of(login)}).empty();
	act_as_before(before);
	return found;
}

bool keep_login(const uuid &login) { return find_login(login, lock_login); }

bool claim_login(const uuid &login) { return find_login(login, lock_login_alone); }

} // namespace peer_mentor
