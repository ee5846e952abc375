"""Weakens the checks of callers in the engine, one at a time.

cpp_mutants.py SOURCE DEST: for each mutant a folder DEST/NNN with the files name, file (relative to src) and content.
"""

import pathlib
import re
import sys

WEAKER = {'administrators': 'staff', 'certifiers': 'staff | only(actor_kind::mentor)', 'staff': 'staff | only(actor_kind::mentor)',
          'everybody': 'staff'}

# file, what is found, what stands there instead; every occurrence is a mutant
RULES = [
    ('call.cpp', r'AND \w\.(?:ended_at|until) IS NULL ?', ''),
    ('call.cpp', r"AND r\.role = '\w+'", ''),
    ('call.cpp', r'(?:r\.user_id|a\.coordinator_id) = \$2', 'true'),
    ('call.cpp', r'\w\.mentor_id = m\.id', 'true'),
    ('call.cpp', r'r\.organisation_id = (?:m\.organisation_id|\$1)', 'true'),
    ('call.cpp', r'm\.deleted_at IS (?:NOT )?NULL', 'true'),
    ('call.cpp', r'm\.user_id IS NOT DISTINCT FROM \$2', 'false'),
    ('call.cpp', r'has_privs_of_role\(c\.role, c\.owner\)', 'false'),
    ('call.cpp', r'has_role\("authenticated"\)', 'true'),
    ('call.cpp', r'c\.user && \(c\.reads.*\);', 'c.user.has_value();'),
    ('call.cpp', r'if \(!to\.any\(\)\)', 'if (false)'),
    ('core/relation.hpp', r'if \(r\.self\)', 'if (false)'),
    ('core/relation.hpp', r'return may\(actor_kind::mentor\)', 'return true'),
    # every set of actors has both kinds of admin, so theirs decide nothing
    ('core/relation.hpp', r' && may\(actor_kind::coordinator\)', ''),
    ('core/relation.hpp', r'\bself \|\| | \|\| (?:chapter_admin|org_admin)\b', ''),
    ('core/relation.hpp', r'(?<=\|\| )coordinator \|\| ', ''),
    ('directory.cpp', r'(?m)^\t(?:\treturn )?require_actor(?:_of_\w+)?\(.*\);$', ';'),
    ('directory.cpp', r' \|\| !may_see\(.*\)\)$', ')'),
    ('directory.cpp', r' WHERE chapters\.organisation_id = EXCLUDED\.organisation_id', ''),
    ('directory.cpp', r'c\.organisation_id = \$1 AND ', ''),
    ('pause.cpp', r'm\.held\.why != reason::self_pause', 'false'),
    ('worker.cpp', r'if \(c\.is_app_user\(\)\)', 'if (false)'),
    ('erase.cpp', r'if \(c\.kind != actor_kind::operator_\)', 'if (false)'),
    ('roster.cpp', r'if \(!has_any_role\.run\(\{of\(caller\)\}\)\[0\]\.boolean\(1\)\)', 'if (false)'),
    ('reports.cpp', r'if \(r\.is_null\(1\)\)', 'if (false)'),
    ('reports.cpp', r'r\.boolean\(1\) \?', 'true ?'),
    ('reports.cpp', r'r\.(?:user_id|organisation_id) = \$[12](?= AND r\.)', 'true'),
    ('reports.cpp', r'AND r\.ended_at IS NULL ', ''),
]
RULES += [(f, r'(?m)^\t+require_operator\(.*\);$', ';') for f in (
    'access.cpp', 'call.cpp', 'migrate.cpp', 'nightly.cpp', 'preview.cpp', 'repair.cpp', 'schedule.cpp')]
RULES += [(f, r'(?<=, )' + who + r'(?=\)[};])', weaker) for f in (
    'directory.cpp', 'certification_calls.cpp', 'registration.cpp', 'pause.cpp', 'request.cpp') for who, weaker in WEAKER.items()]


def main():
    source, destination = pathlib.Path(sys.argv[1]) / 'src', pathlib.Path(sys.argv[2])
    number = 0
    for file, pattern, substitute in RULES:
        text = (source / file).read_text()
        for found in re.finditer(pattern, text, re.MULTILINE):
            # nobody is themselves to a chapter
            if 'mentor' in substitute and 'of_chapters' in text[text.rindex('\n', 0, found.start()):found.start()]:
                continue
            number += 1
            mutant = text[:found.start()] + substitute + text[found.end():]
            # these would tell at once; it is the tests that are tested
            mutant = re.sub(r'(?m)^static_assert\(acts_as.*\n', '', mutant)
            folder = destination / ('%03d' % number)
            folder.mkdir(parents=True)
            line = text.count('\n', 0, found.start()) + 1
            (folder / 'name').write_text('%s:%d: "%s" instead of "%s"\n' % (file, line, substitute, ' '.join(found[0].split())))
            (folder / 'file').write_text(file + '\n')
            (folder / 'content').write_text(mutant)


main()
