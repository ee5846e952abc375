#include "register_rows.hpp"

#include "core/date_format.hpp"

namespace peer_mentor {

namespace {

constexpr std::size_t longest_name = 200;

// Spreadsheets leave tabs and carriage returns as well.  The index on the key has the same expression.
#define TRIMMED(column) "btrim(r." column ", E' \\t\\r\\n')"

statement waiting_rows = {
	"SELECT r.id, " TRIMMED("mentor_key") ", " TRIMMED("chapter") ", " TRIMMED("certification_type") ", " TRIMMED("issued_on") ", "
	TRIMMED("expires_on") ", lower(" TRIMMED("status") ") "
	"  FROM public.register_import r WHERE r.imported_at IS NULL AND r.batch IS NOT DISTINCT FROM $1 ORDER BY r.id FOR UPDATE",
	1,
	{TEXTOID}};

#undef TRIMMED

statement mark_rows = {
	"UPDATE public.register_import r SET error = u.error, imported_at = CASE WHEN u.error IS NULL THEN clock_timestamp() END "
	"  FROM unnest($1, $2) u (id, error) WHERE r.id = u.id",
	2,
	{INT8ARRAYOID, TEXTARRAYOID}};

statement find_chapter = {
	"SELECT c.id FROM public.chapters c WHERE c.organisation_id = $1 AND c.name = $2 ORDER BY c.id LIMIT 1",
	2,
	{UUIDOID, TEXTOID}};

statement create_chapter = {
	"INSERT INTO public.chapters (id, organisation_id, name) VALUES (gen_random_uuid(), $1, $2) RETURNING id",
	2,
	{UUIDOID, TEXTOID}};

statement create_type = {
	"INSERT INTO public.certification_types (organisation_id, code, name) VALUES ($1, $2, $2) ON CONFLICT DO NOTHING",
	2,
	{UUIDOID, TEXTOID}};

std::string_view kept(const row &r, int column)
{
	const auto text = r.optional_text(column);
	return text ? std::string_view(to_cstring(*text), text->size()) : std::string_view{};
}

const char *quoted(const char *format, std::string_view text)
{
	const int size = static_cast<int>(text.size());
	return psprintf(format, pnstrdup(text.data(), static_cast<Size>(pg_mbcliplen(text.data(), size, 80))));
}

const char *read_day(std::string_view format, std::string_view text, const char *column, day &into)
{
	if (text.empty())
		return psprintf("%s is missing", column);
	const auto parsed = date_format::parse(format, text);
	if (!parsed)
		return quoted(psprintf("%s is no date of the given format: \"%%s\"", column), text);
	into = *parsed;
	return nullptr;
}

const char *read_chapter(const import_options &options, std::string_view name, std::optional<uuid> &into)
{
	if (name.empty())
		return nullptr;
	if (name.size() > longest_name)
		return "chapter is longer than 200 bytes";
	rows found = find_chapter.run({of(options.organisation), of(name)});
	if (found.empty()) {
		if (!options.create_missing)
			return quoted("chapter does not exist: \"%s\"", name);
		found = create_chapter.write({of(options.organisation), of(name)});
	}
	into = found[0].id(1);
	found.free();
	return nullptr;
}

const char *read_type(const import_options &options, std::string_view type)
{
	if (type.empty())
		return "certification_type is missing";
	if (type.size() > longest_name)
		return "certification_type is longer than 200 bytes";
	if (find_rules(options.organisation, type))
		return nullptr;
	if (!options.create_missing)
		return quoted("certification type does not exist: \"%s\"", type);
	create_type.write({of(options.organisation), of(type)});
	return nullptr;
}

const char *read_status(std::string_view text, bool &suspended)
{
	suspended = text == "suspended";
	if (text.empty() || text == "active" || suspended)
		return nullptr;
	return quoted("status is neither active nor suspended: \"%s\"", text);
}

// Chapters and types are made only for a row that is sound otherwise.
const char *read_term(const import_options &options, const row &r, register_term &t)
{
	t.row = r.bigint(1);
	t.mentor_key = kept(r, 2);
	t.type = kept(r, 4);
	if (t.mentor_key.empty())
		return "mentor_key is missing";
	if (t.mentor_key.size() > longest_name)
		return "mentor_key is longer than 200 bytes";
	if (const char *e = read_day(options.date_format, kept(r, 5), "issued_on", t.issued_on))
		return e;
	if (const char *e = read_day(options.date_format, kept(r, 6), "expires_on", t.expires_on))
		return e;
	if (t.expires_on < t.issued_on)
		return "expires_on lies before issued_on";
	if (const char *e = read_status(kept(r, 7), t.suspended))
		return e;
	if (const char *e = read_type(options, t.type))
		return e;
	return read_chapter(options, kept(r, 3), t.chapter);
}

} // namespace

std::span<register_term> read_register(const import_options &options)
{
	const rows waiting = waiting_rows.run({of(options.batch)});
	auto       terms = allocate<register_term>(waiting.count);
	for (std::uint64_t i = 0; i < waiting.count; ++i)
		terms[i].error = read_term(options, waiting[i], terms[i]);
	waiting.free();
	return terms;
}

void mark_register(std::span<const register_term> terms)
{
	mark_rows.run({array_of(terms.size(), INT8OID, [&](std::size_t i) { return of(terms[i].row); }),
	               array_of(terms.size(), TEXTOID, [&](std::size_t i) {
					   return terms[i].error != nullptr ? of(std::string_view(terms[i].error)) : value{};
				   })});
}

} // namespace peer_mentor
