"""Random calls by random users, compared with the model of the rules.

random_callers.py DATABASE CALLS SEED    prints TAP; psql is found by PSQL, the server by PGHOST and the like
"""

import json
import os
import random
import subprocess
import sys
import uuid

from model import Mentor, World, ON_MENTOR

BATCH = 250
LOOK_AFTER = 1000

SETUP = r"""
SET client_min_messages = warning;
CREATE SCHEMA random_calls;
CREATE FUNCTION random_calls.identify(caller text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF caller = 'service' THEN
        PERFORM mock.request('service_role');
    ELSIF caller = 'anon' THEN
        PERFORM mock.request('anon');
    ELSE
        PERFORM mock.request('authenticated', caller::uuid);
    END IF;
END
$$;
-- each call in a subtransaction of its own; the answer and what the mentor's history ends with
CREATE FUNCTION random_calls.make(calls jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
    c      jsonb;
    state  text;
    detail text;
    told   text;
BEGIN
    FOR c IN SELECT * FROM jsonb_array_elements(calls) LOOP
        state := NULL;
        detail := NULL;
        told := NULL;
        BEGIN
            PERFORM random_calls.identify(c ->> 'caller');
            EXECUTE c ->> 'sql';
            PERFORM set_config('role', 'none', true), set_config('request.jwt.claims', '', true);
        EXCEPTION WHEN OTHERS THEN
            GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, detail = PG_EXCEPTION_DETAIL, told = MESSAGE_TEXT;
        END;
        RETURN NEXT jsonb_build_object(
            'answer', coalesce(CASE WHEN detail LIKE '{%' THEN detail::jsonb ->> 'code' ELSE state END, 'ok'),
            'sqlstate', state, 'told', told,
            'status', (SELECT s.status FROM public.peer_mentor_status s WHERE s.mentor_id = (c ->> 'mentor')::uuid),
            'last', (SELECT to_jsonb(h) FROM public.peer_mentor_status_history h
                      WHERE h.mentor_id = (c ->> 'mentor')::uuid ORDER BY h.version DESC LIMIT 1));
    END LOOP;
END
$$;
-- what row security shows to each user
CREATE FUNCTION random_calls.look(users jsonb) RETURNS SETOF jsonb LANGUAGE plpgsql AS $$
DECLARE
    u    text;
    seen jsonb;
BEGIN
    FOR u IN SELECT * FROM jsonb_array_elements_text(users) LOOP
        PERFORM random_calls.identify(u);
        seen := jsonb_build_object(
            'mentors', (SELECT coalesce(jsonb_agg(id ORDER BY id), '[]') FROM public.peer_mentors),
            'statuses', (SELECT coalesce(jsonb_agg(mentor_id ORDER BY mentor_id), '[]') FROM public.peer_mentor_status),
            'histories', (SELECT count(*) FROM public.peer_mentor_status_history),
            'organisations', (SELECT coalesce(jsonb_agg(id ORDER BY id), '[]') FROM public.organisations));
        PERFORM set_config('role', 'none', true);
        RETURN NEXT seen;
    END LOOP;
END
$$;
"""


class Psql:
    def __init__(self, database):
        self.process = subprocess.Popen(
            [os.environ['PSQL'], '-X', '-q', '-At', '-v', 'ON_ERROR_STOP=1', '-d', database],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def rows(self, sql):
        self.process.stdin.write(sql + ';\n\\echo END\n')
        self.process.stdin.flush()
        found = []
        for line in self.process.stdout:
            if line == 'END\n':
                return found
            found.append(line.rstrip('\n'))
        sys.exit('Bail out! psql ended')

    def json_rows(self, function, argument):
        return [json.loads(r) for r in self.rows(
            'SELECT * FROM random_calls.%s(%s)' % (function, literal(json.dumps(argument))))]


def literal(value):
    if value is None:
        return 'NULL'
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, list):
        return 'ARRAY[%s]::uuid[]' % ', '.join(literal(v) for v in value)
    return "'" + str(value).replace("'", "''") + "'"


class Play:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.world = World()
        self.counts = {}

    def id(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    # ---- a directory with everybody in it

    def populate(self):
        r, w = self.random, self.world
        organisations = [self.id() for _ in range(3)]
        w.organisations = set(organisations)
        w.chapters = {self.id(): o for o in organisations for _ in range(r.randint(2, 5))}
        self.users = [self.id() for _ in range(60)]
        w.users = set(self.users)
        logins = r.sample(self.users, 25)
        for i in range(45):
            o = r.choice(organisations)
            here = [c for c in w.chapters if w.chapters[c] == o]
            w.mentors[self.id()] = Mentor(o, logins[i] if i < len(logins) else None,
                                          r.sample(here, min(len(here), r.choice([0, 1, 1, 1, 2, 3]))))
        self.ended_roles, self.ended_assignments = set(), set()
        for user in r.sample(self.users, 45):
            for _ in range(r.choice([1, 1, 2, 3])):
                o = r.choice(organisations)
                role = r.choice(['coordinator', 'coordinator', 'coordinator', 'chapter_admin', 'org_admin'])
                chapter = None if role == 'org_admin' else r.choice([c for c in w.chapters if w.chapters[c] == o])
                (self.ended_roles if r.random() < 0.25 else w.roles).add((user, o, role, chapter))
        for _ in range(40):
            user, mentor = r.choice(self.users), r.choice(list(w.mentors))
            home = {x[1] for x in w.roles if x[0] == user}
            if not home or w.mentors[mentor].organisation in home:
                (self.ended_assignments if r.random() < 0.3 else w.assignments).add((user, mentor))
        for m in r.sample(list(w.mentors.values()), 5):
            m.removed = True
        self.organisations = organisations
        # nobody's
        self.strangers = {k: self.id() for k in ('user', 'mentor', 'chapter', 'organisation')}
        self.spare = [self.id() for _ in range(40)]

    def directory_sql(self):
        w = self.world
        out = ['BEGIN']
        add = out.append
        add('INSERT INTO auth.users (id) SELECT unnest(%s)' % literal(self.users))
        for o in self.organisations:
            add("INSERT INTO organisations (id, name) VALUES (%s, 'o')" % literal(o))
            add("INSERT INTO certification_types (organisation_id, code, required) VALUES (%s, 'course', true), (%s, 'extra', false)"
                % (literal(o), literal(o)))
        for c, o in w.chapters.items():
            add("INSERT INTO chapters (id, organisation_id, name) VALUES (%s, %s, 'c')" % (literal(c), literal(o)))
        for i, m in w.mentors.items():
            add('INSERT INTO peer_mentors (id, organisation_id, user_id) VALUES (%s)'
                % ', '.join(map(literal, (i, m.organisation, m.user))))
            for n, c in enumerate(m.chapters):
                add('INSERT INTO mentor_chapters (mentor_id, chapter_id, is_primary) VALUES (%s)'
                    % ', '.join(map(literal, (i, c, n == 0))))
            left = [c for c in w.chapters if w.chapters[c] == m.organisation and c not in m.chapters]
            if left:
                add('INSERT INTO mentor_chapters (mentor_id, chapter_id, since, until) VALUES (%s, %s, current_date - 9, current_date)'
                    % (literal(i), literal(left[0])))
        for ended, roles in (('NULL', w.roles), ('now()', self.ended_roles - w.roles)):
            for role in sorted(roles, key=str):
                add('INSERT INTO role_assignments (user_id, organisation_id, role, chapter_id, ended_at) VALUES (%s, %s)'
                    % (', '.join(map(literal, role)), ended))
        for ended, assignments in (('NULL', w.assignments), ('now()', self.ended_assignments)):
            for a in sorted(assignments):
                add('INSERT INTO coordinator_assignments (coordinator_id, mentor_id, ended_at) VALUES (%s, %s)'
                    % (', '.join(map(literal, a)), ended))
        for i, m in w.mentors.items():
            add("SELECT 1 FROM record_certification(%s, 'course', current_date)" % literal(i))
            if m.removed:
                add('UPDATE peer_mentors SET deleted_at = now() WHERE id = %s' % literal(i))
        add('COMMIT')
        return ';\n'.join(out)

    # ---- a random call

    def some(self, kind, candidates):
        candidates = list(candidates)
        return self.strangers[kind] if not candidates or self.random.random() < 0.03 else self.random.choice(candidates)

    def mentor(self):
        return self.some('mentor', self.world.mentors)

    def chapters_of(self, organisation, count):
        r = self.random
        here = [c for c, o in self.world.chapters.items() if o == organisation]
        chosen = r.sample(here, min(len(here), count))
        if r.random() < 0.05:
            chosen.append(self.some('chapter', self.world.chapters))
        return list(dict.fromkeys(chosen))

    # Mostly somebody who is something to the mentor or the organisation, or most calls would be refused.
    def caller(self, mentor, organisation):
        r, w = self.random, self.world
        dice = r.random()
        if dice < 0.01:
            return 'anon'
        if dice < 0.02:
            return self.strangers['user']
        if dice < 0.07:
            return 'service'
        if dice < 0.6:
            if mentor in w.mentors:
                near = [u for u in self.users if w.relations(u, mentor)]
            else:
                near = [x[0] for x in sorted(w.roles, key=str) if x[1] == organisation]
            if near:
                return r.choice(near)
        return r.choice(self.users)

    def call(self):
        r, w = self.random, self.world
        function = r.choice(self.functions)
        mentor = organisation = None
        a = {}
        if function in ON_MENTOR:
            mentor = self.mentor()
            a['mentor_id'] = mentor
            if mentor in w.mentors:
                organisation = w.mentors[mentor].organisation
        else:
            organisation = self.some('organisation', self.organisations)
        if function == 'restore_mentor' and r.random() < 0.8:
            a['mentor_id'] = mentor = self.some('mentor', [i for i, m in w.mentors.items() if m.removed])
        if function == 'set_return_date':
            a['expected_return_date'] = 'current_date + 30'
        elif function == 'set_listed':
            a['listed'] = r.random() < 0.5
        elif function == 'explain_transition':
            a['new_status'] = r.choice(['active', 'paused', 'expired_cert'])
        elif function == 'mentor_status_on':
            a['day'] = 'current_date'
        elif function in ('record_certification', 'correct_certification'):
            a.update(certification_type=r.choice(['course', 'extra']), issued_at='current_date')
            if function == 'correct_certification':
                a['expires_at'] = 'current_date + %d' % r.randint(30, 900)
        elif function in ('renew_certification', 'suspend_certification', 'reinstate_certification'):
            a['certification_type'] = r.choice(['course', 'course', 'extra'])
        elif function == 'set_mentor_chapters':
            a['chapter_ids'] = self.chapters_of(organisation, r.choice([0, 1, 1, 2, 3]))
        elif function == 'link_login':
            a['user_id'] = None if r.random() < 0.4 else self.some('user', self.users)
        elif function in ('assign_coordinator', 'end_assignment'):
            assigned = [c for c, m in sorted(w.assignments) if m == mentor]
            a['coordinator_id'] = (r.choice(assigned) if assigned and function == 'end_assignment'
                                   else self.some('user', self.users))
        elif function == 'register_mentor':
            a.update(mentor_id=r.choice(self.spare), organisation_id=organisation,
                     chapter_ids=self.chapters_of(organisation, r.choice([0, 1, 1, 2])),
                     user_id=None if r.random() < 0.6 else self.some('user', self.users))
        elif function in ('grant_role', 'end_role'):
            live = [x for x in sorted(w.roles, key=str) if x[1] == organisation]
            if function == 'end_role' and live and r.random() < 0.7:
                a['user_id'], a['organisation_id'], a['role'], a['chapter_id'] = r.choice(live)
            else:
                role = r.choice(['coordinator', 'coordinator', 'chapter_admin', 'org_admin'])
                chapter = None
                if role != 'org_admin':
                    chapter = (self.chapters_of(organisation, 1) or [self.strangers['chapter']])[-1]
                a.update(user_id=self.some('user', self.users), organisation_id=organisation, role=role, chapter_id=chapter)
        elif function == 'update_organisation':
            a.update(organisation_id=organisation, name='renamed')
        elif function in ('status_report', 'freeze_report'):
            a.update(organisation_id=organisation, from_day='current_date - 30', to_day='current_date')
        elif function == 'put_chapter':
            a.update(organisation_id=organisation, name='renamed', chapter_id=self.some('chapter', w.chapters))
        elif function == 'put_certification_type':
            a.update(organisation_id=organisation, code='extra', name='renamed')
        call = {'caller': self.caller(mentor, organisation), 'function': function, 'arguments': a}
        call['mentor'] = a.get('mentor_id')
        call['sql'] = 'SELECT * FROM public.%s(%s)' % (function, ', '.join(
            '%s => %s' % (k, v if isinstance(v, str) and v.startswith('current_date') else literal(v)) for k, v in a.items()))
        return call

    # ---- what differs

    def compare(self, call, found):
        expected = self.world.rights(call)
        answer = found['answer']
        if call['caller'] == 'anon':  # has no EXECUTE at all
            return None if answer == '42501' else ('42501', answer)
        wanted = None
        if expected == 'allowed' and call['function'] in ('pause_mentor', 'reactivate_mentor'):
            wanted = self.world.outcome(call)
            expected = wanted[0]
        self.counts[expected] = self.counts.get(expected, 0) + 1
        if wanted is None and expected == 'allowed':
            # what the arguments are worth is not a matter of rights
            if answer in ('not_allowed', 'mentor_not_found') or (
                    answer not in ('ok', 'invalid_argument') and found['sqlstate'] != 'PT409' and answer != 'certification_not_found'):
                return expected, answer
        elif answer != expected:
            return expected, answer
        if answer != 'ok':
            return None
        mentor = call['mentor']
        if wanted and wanted[2]:
            last = found['last']
            got = (last['new_status'], last['actor_kind'], last['reason'], last['changed_by'])
            want = (wanted[1], wanted[2], wanted[3], None if call['caller'] == 'service' else call['caller'])
            if got != want:
                return want, got
        self.world.happened(call)
        if mentor in self.world.mentors:
            m = self.world.mentors[mentor]
            got = (found['status'], found['last']['version'])
            if got != (m.status, m.changes):
                return (m.status, m.changes), got
        return None

    def expected_view(self, user):
        w = self.world
        seen = sorted(i for i in w.mentors if w.sees(user, i))
        return {'mentors': seen, 'statuses': seen, 'histories': sum(w.mentors[i].changes for i in seen),
                'organisations': sorted(o for o in w.organisations if w.belongs_to(user, o))}


def main():
    database, calls, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    play = Play(seed)
    play.populate()
    psql = Psql(database)
    psql.rows(SETUP)
    psql.rows('SET ROLE postgres; SET search_path = public; ' + play.directory_sql() + '; RESET ROLE; RESET search_path')
    # the workers' functions are the service's alone, as the table of rights says; a frozen report is a row under a policy
    play.functions = psql.rows("SELECT p.proname FROM pg_proc p WHERE p.pronamespace = 'public'::regnamespace"
                               " AND p.proname NOT IN ('resolve_undeliverable', 'frozen_report') AND p.proname NOT LIKE '%\\_event%' ORDER BY 1")
    unknown = [f for f in play.functions if f not in ON_MENTOR and f not in (
        'register_mentor', 'grant_role', 'end_role', 'update_organisation', 'put_chapter', 'put_certification_type',
        'coordinator_roster', 'status_report', 'freeze_report')]
    print('# seed %d; SEED=n overrides' % seed)
    tests = 1
    print('%s 1 - the model knows every public function' % ('ok' if not unknown else 'not ok'))
    if unknown:
        sys.exit('Bail out! ' + ' '.join(unknown))
    # a pause is where most of the rules meet
    play.functions += ['pause_mentor', 'reactivate_mentor'] * 3
    differences = views = made = 0
    while made < calls and differences < 5:
        batch = [play.call() for _ in range(min(BATCH, calls - made))]
        found = psql.json_rows('make', [{k: c[k] for k in ('caller', 'sql', 'mentor')} for c in batch])
        for call, answer in zip(batch, found):
            made += 1
            difference = play.compare(call, answer)
            if difference:
                differences += 1
                print('# call %d by %s: %s\n#   expected %s, found %s: %s'
                      % (made, call['caller'], call['sql'], *difference, answer))
                break  # from here on the two worlds differ
        else:
            if made % LOOK_AFTER == 0 or made == calls:
                for user, seen in zip(play.users, psql.json_rows('look', play.users)):
                    views += 1
                    expected = play.expected_view(user)
                    if seen != expected:
                        differences += 1
                        print('# after %d calls %s sees %s, not %s' % (made, user, seen, expected))
            continue
        break
    tests += 1
    print('%s 2 - %d random calls: no difference to the model (%s)' % (
        'ok' if differences == 0 and made == calls else 'not ok', made,
        ', '.join('%s %d' % x for x in sorted(play.counts.items()))))
    tests += 1
    print('%s 3 - row security shows what the model does, in %d looks' % ('ok' if differences == 0 and views else 'not ok', views))
    print('1..%d' % tests)
    sys.exit(0 if differences == 0 else 1)


main()
