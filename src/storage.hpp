// Where storage is, whose it is, and whether it fits this engine.
#pragma once

#include "pg/rights.hpp"

namespace peer_mentor {

// Owner of public.peer_mentor_status, whose rights the engine takes; none where there is no storage.
Oid find_storage_owner();

// The same, or the error that tells to call migrate().  The caller is connected to SPI.
Oid require_storage();

// Does the present user have the rights of this owner?
bool is_operator(Oid owner);
void require_operator(Oid owner, const char *what);

// The owner's rights for statements on storage.  Called by a superuser, triggers of the owner that are
// deferred would run at COMMIT as the superuser, so they are made immediate.  The caller is connected to SPI.
rights act_as_owner(Oid owner);

// A deferred trigger fires at COMMIT, outside every subtransaction and after the rights are given back.
void make_constraints_immediate();

// Is the private schema there, and this role's own?  Whoever owned it could plant functions and tables in it.
bool owns_private_schema(Oid role);

// The owner's rights within an SPI connection of their own, which frees what its statements return and
// what is allocated meanwhile.
rights begin_owned(Oid owner);
void   end_owned(const rights &before);

} // namespace peer_mentor
