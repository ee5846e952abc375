#include "storage.hpp"

#include "migrations.hpp"
#include "pg/errors.hpp"
#include "pg/statement.hpp"

extern "C" {
#include "utils/inval.h"
}

namespace peer_mentor {

namespace {

constexpr const char *hint = "Call SELECT * FROM peer_mentor.migrate();";

statement newest_migration = {"SELECT max(m.version) FROM peer_mentor_private.migrations m", 0, {}};

// The status table that was found to fit; forgotten when anything about it changes.
Oid fitting_relation = InvalidOid;

void forget_relation(Datum, Oid relation)
{
	if (relation == InvalidOid || relation == fitting_relation)
		fitting_relation = InvalidOid;
}

void watch_relations()
{
	static bool watching = false;
	if (!watching) {
		CacheRegisterRelcacheCallback(forget_relation, 0);
		watching = true;
	}
}

Oid status_relation()
{
	const Oid schema = get_namespace_oid("public", true);
	return OidIsValid(schema) ? get_relname_relid("peer_mentor_status", schema) : InvalidOid;
}

Oid owner_of(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

[[noreturn]] void raise_missing()
{
	raise(error::storage_missing, "the storage of peer_mentor is missing in this database", hint);
}

void check_version(Oid owner)
{
	if (!owns_private_schema(owner) ||
	    !OidIsValid(get_relname_relid("migrations", get_namespace_oid("peer_mentor_private", false))))
		raise_missing();
	const rights    before = act_as(owner);
	const rows      found = newest_migration.run({});
	const long long version = found[0].is_null(1) ? 0 : found[0].bigint(1);
	act_as_before(before);
	const long long expected = migration_texts[migration_count - 1].version;
	if (version != expected)
		raise(error::storage_outdated,
		      psprintf("the storage of peer_mentor is %s than the engine", version < expected ? "older" : "newer"),
		      detail(error::storage_outdated).add("storage", version).add("engine", expected),
		      version < expected
		          ? hint
		          : "Install the newer version of the extension, then call SELECT * FROM peer_mentor.migrate();");
}

} // namespace

Oid find_storage_owner()
{
	const Oid relation = status_relation();
	return OidIsValid(relation) ? owner_of(relation) : InvalidOid;
}

Oid require_storage()
{
	const Oid relation = status_relation();
	const Oid owner = OidIsValid(relation) ? owner_of(relation) : InvalidOid;
	if (!OidIsValid(owner))
		raise_missing();
	if (relation != fitting_relation) {
		watch_relations();
		check_version(owner);
		fitting_relation = relation;
	}
	return owner;
}

bool is_operator(Oid owner) { return has_privs_of_role(GetUserId(), owner); }

void require_operator(Oid owner, const char *what)
{
	if (!is_operator(owner))
		raise(error::not_allowed, psprintf("permission denied to %s", what),
		      "Only the owner of the storage of peer_mentor may do this.");
}

bool owns_private_schema(Oid role)
{
	HeapTuple tuple = SearchSysCache1(NAMESPACENAME, CStringGetDatum("peer_mentor_private"));
	if (!HeapTupleIsValid(tuple))
		return false;
	const Oid owner = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple))->nspowner;
	ReleaseSysCache(tuple);
	return owner == role;
}

void make_constraints_immediate()
{
	if (SPI_execute("SET CONSTRAINTS ALL IMMEDIATE", false, 0) < 0)
		elog(ERROR, "could not make constraints immediate");
}

rights act_as_owner(Oid owner)
{
	const rights before = act_as(owner);
	if (!has_privs_of_role(owner, before.user))
		make_constraints_immediate();
	return before;
}

rights begin_owned(Oid owner)
{
	SPI_connect();
	return act_as_owner(owner);
}

void end_owned(const rights &before)
{
	act_as_before(before);
	SPI_finish();
}

} // namespace peer_mentor
