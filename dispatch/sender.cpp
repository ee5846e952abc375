#include "sender.hpp"

#include "signature.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <strings.h>

namespace dispatch {

namespace {

// Nobody reads what the receiver answers beyond the head; it is taken in only so that the connection can be used again.
constexpr std::size_t longest_head = 32 * 1024;
constexpr std::size_t longest_body = 64 * 1024;

[[noreturn]] void curl_failed(const std::string &what) { throw std::runtime_error("libcurl: " + what); }

void require(CURLcode code)
{
	if (code != CURLE_OK)
		curl_failed(curl_easy_strerror(code));
}

void require(CURLMcode code)
{
	if (code != CURLM_OK)
		curl_failed(curl_multi_strerror(code));
}

struct header_list {
	std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> list{nullptr, curl_slist_free_all};

	void add(const std::string &line)
	{
		curl_slist *longer = curl_slist_append(list.get(), line.c_str());
		if (!longer)
			throw std::bad_alloc();
		list.release();
		list.reset(longer);
	}
};

std::string value_of(std::string_view line, std::string_view name)
{
	const bool is_it = line.size() > name.size() && line[name.size()] == ':' &&
	                   strncasecmp(line.data(), name.data(), name.size()) == 0;
	return is_it ? std::string(trim(line.substr(name.size() + 1))) : "";
}

} // namespace

struct sender::transfer {
	delivery                                            of;
	header_list                                         headers;
	std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy{curl_easy_init(), curl_easy_cleanup};
	std::array<char, CURL_ERROR_SIZE>                   trouble{};
	std::size_t                                         head_size = 0;
	std::size_t                                         body_size = 0;
	bool                                                whole_head = false;
	std::string                                         retry_after_header;
	std::string                                         date_header;

	static std::size_t on_header(char *data, std::size_t, std::size_t size, void *to)
	{
		transfer              &t = *static_cast<transfer *>(to);
		const std::string_view line(data, size);
		t.head_size += size;
		if (t.head_size > longest_head)
			return 0;
		if (line.starts_with("HTTP/")) { // also after a 1xx
			t.whole_head = false;
			t.retry_after_header.clear();
			t.date_header.clear();
		}
		if (const auto value = value_of(line, "retry-after"); !value.empty())
			t.retry_after_header = value;
		if (const auto value = value_of(line, "date"); !value.empty())
			t.date_header = value;
		t.whole_head = t.whole_head || trim(line).empty();
		return size;
	}

	static std::size_t on_body(char *, std::size_t, std::size_t size, void *to)
	{
		transfer &t = *static_cast<transfer *>(to);
		t.body_size += size;
		return t.body_size > longest_body ? 0 : size;
	}

	template <typename Value>
	void set(CURLoption option, Value value)
	{
		require(curl_easy_setopt(easy.get(), option, value));
	}

	void    prepare(const options &o);
	outcome judged(CURLcode code, const options &o);
};

void sender::transfer::prepare(const options &o)
{
	headers.add("Content-Type: application/json");
	headers.add("Idempotency-Key: " + of.key);
	headers.add("Peer-Mentor-Signature: " + signature(o.secrets, std::time(nullptr), of.body));
	headers.add("Peer-Mentor-Attempt: " + of.attempt);
	headers.add("Expect:");
	set(CURLOPT_URL, o.url.c_str());
	set(CURLOPT_POST, 1L);
	set(CURLOPT_POSTFIELDS, of.body.c_str());
	set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(of.body.size()));
	set(CURLOPT_HTTPHEADER, headers.list.get());
	set(CURLOPT_USERAGENT, "peer_mentor_dispatch/" PEER_MENTOR_VERSION);
#if LIBCURL_VERSION_NUM >= 0x075500
	set(CURLOPT_PROTOCOLS_STR, "http,https");
#else
	set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
	set(CURLOPT_FOLLOWLOCATION, 0L);
	set(CURLOPT_SSL_VERIFYPEER, 1L);
	set(CURLOPT_SSL_VERIFYHOST, 2L);
	set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
	if (!o.ca_file.empty())
		set(CURLOPT_CAINFO, o.ca_file.c_str());
	set(CURLOPT_TIMEOUT_MS, static_cast<long>(o.timeout.count()));
	set(CURLOPT_CONNECTTIMEOUT_MS,
	    static_cast<long>(std::min<milliseconds>(o.timeout, std::chrono::seconds(10)).count()));
	set(CURLOPT_NOSIGNAL, 1L);
	set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L); // a proxy's answer is not the receiver's
	set(CURLOPT_HEADERFUNCTION, &on_header);
	set(CURLOPT_HEADERDATA, this);
	set(CURLOPT_WRITEFUNCTION, &on_body);
	set(CURLOPT_WRITEDATA, this);
	set(CURLOPT_ERRORBUFFER, trouble.data());
	set(CURLOPT_PRIVATE, this);
}

outcome sender::transfer::judged(CURLcode code, const options &o)
{
	long status = 0;
	curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
	outcome out{std::move(of), judge(whole_head, status), {}, {}};
	if (out.what == verdict::delivered)
		return out;
	if (whole_head && status >= 200) {
		out.error = "HTTP " + std::to_string(status);
		out.retry_after = retry_after(retry_after_header, date_header, std::time(nullptr),
		                              [](const char *date) { return curl_getdate(date, nullptr); });
	} else if (code == CURLE_OPERATION_TIMEDOUT) {
		out.error = "no answer within " + in_seconds(o.timeout) + " s";
	} else {
		out.error = curl_easy_strerror(code);
		if (trouble[0] && code != CURLE_WEIRD_SERVER_REPLY && code != CURLE_UNSUPPORTED_PROTOCOL)
			out.error += ": " + printable(trouble.data(), 200);
	}
	return out;
}

sender::sender(const options &o) : settings(o), multi(curl_multi_init(), curl_multi_cleanup)
{
	if (!multi)
		curl_failed("cannot start");
	require(curl_multi_setopt(multi.get(), CURLMOPT_MAXCONNECTS, o.concurrency));
}

sender::~sender()
{
	for (const auto &t : transfers)
		curl_multi_remove_handle(multi.get(), t->easy.get());
}

void sender::post(delivery d)
{
	auto t = std::make_unique<transfer>();
	if (!t->easy)
		throw std::bad_alloc();
	t->of = std::move(d);
	t->prepare(settings);
	require(curl_multi_add_handle(multi.get(), t->easy.get()));
	transfers.push_back(std::move(t));
}

void sender::carry_on()
{
	int running = 0, left = 0;
	require(curl_multi_perform(multi.get(), &running));
	while (const CURLMsg *m = curl_multi_info_read(multi.get(), &left)) {
		if (m->msg != CURLMSG_DONE)
			continue;
		const CURLcode code = m->data.result;
		CURL *const    easy = m->easy_handle;
		const auto     t =
			std::find_if(transfers.begin(), transfers.end(), [&](const auto &x) { return x->easy.get() == easy; });
		outcomes.push_back((*t)->judged(code, settings));
		curl_multi_remove_handle(multi.get(), easy);
		transfers.erase(t);
	}
}

void sender::wait(const std::vector<watched> &sockets, milliseconds most)
{
	std::vector<curl_waitfd> also;
	for (const watched &w : sockets)
		if (w.socket >= 0)
			also.push_back({w.socket, static_cast<short>(w.writable ? CURL_WAIT_POLLOUT : CURL_WAIT_POLLIN), 0});
	carry_on();
	const bool something = !outcomes.empty();
	const int  time = something ? 0 : static_cast<int>(std::clamp<long>(most.count(), 0, 60'000));
	require(curl_multi_poll(multi.get(), also.data(), static_cast<unsigned>(also.size()), time, nullptr));
	carry_on();
}

std::optional<outcome> sender::next_outcome()
{
	if (outcomes.empty())
		return std::nullopt;
	outcome first = std::move(outcomes.front());
	outcomes.pop_front();
	return first;
}

} // namespace dispatch
