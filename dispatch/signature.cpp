#include "signature.hpp"

#include "text.hpp"

#include <array>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdexcept>

namespace dispatch {

namespace {

const unsigned char *bytes(std::string_view s) { return reinterpret_cast<const unsigned char *>(s.data()); }

using digest = std::array<unsigned char, 32>;

digest hmac_sha256(std::string_view key, std::string_view text)
{
	digest       out{};
	unsigned int length = out.size();
	if (!HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), bytes(text), text.size(), out.data(), &length))
		throw std::runtime_error("libcrypto cannot make an HMAC-SHA256");
	return out;
}

} // namespace

std::string signature(const std::vector<std::string> &secrets, std::time_t now, std::string_view body)
{
	const std::string time = std::to_string(now);
	std::string       signed_text = time + '.';
	signed_text += body;
	std::string out = "t=" + time;
	for (const std::string &secret : secrets)
		out += ",v1=" + hex(hmac_sha256(secret, signed_text));
	return out;
}

std::string sha256(std::string_view text)
{
	digest       out{};
	unsigned int length = out.size();
	if (EVP_Digest(text.data(), text.size(), out.data(), &length, EVP_sha256(), nullptr) != 1)
		throw std::runtime_error("libcrypto cannot make a SHA-256");
	return hex(out);
}

} // namespace dispatch
