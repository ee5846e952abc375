#include "uuid.hpp"

namespace peer_mentor {

namespace {

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

} // namespace

uuid named_uuid(const uuid &name_space, std::string_view name)
{
	unsigned char            digest[SHA1_DIGEST_LENGTH];
	pg_cryptohash_ctx *const hash = pg_cryptohash_create(PG_SHA1);
	if (pg_cryptohash_init(hash) < 0 || pg_cryptohash_update(hash, name_space.bytes, UUID_LEN) < 0 ||
	    pg_cryptohash_update(hash, reinterpret_cast<const unsigned char *>(name.data()), name.size()) < 0 ||
	    pg_cryptohash_final(hash, digest, sizeof digest) < 0)
		elog(ERROR, "could not compute a SHA-1 hash: %s", pg_cryptohash_error(hash));
	pg_cryptohash_free(hash);

	uuid id;
	memcpy(id.bytes, digest, UUID_LEN);
	id.bytes[6] = static_cast<unsigned char>((id.bytes[6] & 0x0f) | 0x50);
	id.bytes[8] = static_cast<unsigned char>((id.bytes[8] & 0x3f) | 0x80);
	return id;
}

std::optional<uuid> parse_uuid(std::string_view text)
{
	if (text.size() != 36)
		return std::nullopt;
	uuid        id{};
	std::size_t n = 0;
	for (std::size_t i = 0; i < text.size();) {
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (text[i] != '-')
				return std::nullopt;
			++i;
			continue;
		}
		const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
		if (high < 0 || low < 0)
			return std::nullopt;
		id.bytes[n++] = static_cast<unsigned char>(high * 16 + low);
		i += 2;
	}
	return id;
}

} // namespace peer_mentor
