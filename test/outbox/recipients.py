"""Random directories, and whom a notification must reach, written from the contract alone (section 7).
  recipients.py DSN WORLDS SEED
BREAK=rule breaks one rule of the model, to prove that the comparison notices.
"""
import collections
import os
import random
import sys
import uuid

import psycopg2

dsn, worlds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
broken = os.environ.get('BREAK')
counts = collections.Counter()
database = psycopg2.connect(dsn)
database.autocommit = True
cursor = database.cursor()


def run(sql, *values):
    cursor.execute(sql, values)
    return cursor.fetchall() if cursor.description else []


class World:
    """Directory rows as dicts, kept beside the database's."""

    def __init__(self, number):
        self.r = random.Random(seed * 100000 + number)
        self.roles, self.assignments, self.memberships = [], [], []
        r = self.r
        self.organisation, self.chapters = self.new(), [self.new() for _ in range(r.randint(1, 4))]
        self.users = [self.new() for _ in range(r.randint(2, 9))]
        self.mentors = {self.new(): {'login': None, 'removed': False, 'event': None, 'actor': None, 'reached': set()} for _ in range(r.randint(4, 10))}
        run('INSERT INTO auth.users (id) SELECT unnest(%s::uuid[])', self.users)
        run("SET ROLE keeper")
        run('INSERT INTO organisations (id, name, time_zone) VALUES (%s, %s, %s)', self.organisation, str(number), 'Europe/Oslo')
        run('INSERT INTO certification_types (organisation_id, code) VALUES (%s, %s)', self.organisation, 'course')
        for c in self.chapters:
            run('INSERT INTO chapters (id, organisation_id, name) VALUES (%s, %s, %s)', c, self.organisation, c)
        logins = r.sample(self.users, min(len(self.users), 4))
        for m, facts in self.mentors.items():
            if logins and r.random() < 0.6:
                facts['login'] = logins.pop()
            run('INSERT INTO peer_mentors (id, organisation_id, user_id) VALUES (%s, %s, %s)', m, self.organisation, facts['login'])
            run('SELECT record_certification(%s, %s, current_date)', m, 'course')
            for c in r.sample(self.chapters, r.randint(0, len(self.chapters))):
                self.join(m, c, r.random() < 0.8)
        sparse = r.random()
        for u in self.users:
            for role, chapter in [('coordinator', c) for c in self.chapters] + [('chapter_admin', c) for c in self.chapters] + [('org_admin', None)]:
                if r.random() < 0.45 * sparse * (1 if role == 'coordinator' else 0.5):
                    self.grant(u, role, chapter, r.random() < 0.7)
        for m in self.mentors:
            for u in self.users:
                if r.random() < 0.12 * sparse:
                    self.assign(u, m, r.random() < 0.7)

    def new(self):
        return str(uuid.UUID(int=self.r.getrandbits(128), version=4))

    def join(self, m, chapter, live):
        self.memberships.append({'mentor': m, 'chapter': chapter, 'live': live})
        run('INSERT INTO mentor_chapters (mentor_id, chapter_id, since, until) VALUES (%s, %s, current_date - 9, CASE WHEN NOT %s THEN current_date - 1 END)', m, chapter, live)

    def grant(self, user, role, chapter, live):
        self.roles.append({'user': user, 'role': role, 'chapter': chapter, 'live': live})
        run("""INSERT INTO role_assignments (user_id, organisation_id, chapter_id, role, ended_at)
               VALUES (%s, %s, %s, %s, CASE WHEN NOT %s THEN now() - interval '1 day' END)""", user, self.organisation, chapter, role, live)

    def assign(self, user, m, live):
        self.assignments.append({'user': user, 'mentor': m, 'live': live})
        run("INSERT INTO coordinator_assignments (coordinator_id, mentor_id, ended_at) VALUES (%s, %s, CASE WHEN NOT %s THEN now() - interval '1 day' END)", user, m, live)

    # ---- what must be

    def recipients(self, m):
        """Who is to be told now, as what; and whether anybody looks after the mentor at all."""
        facts = self.mentors[m]
        if facts['removed'] and broken != 'removed':
            return {}, True
        chapters = {x['chapter'] for x in self.memberships if x['mentor'] == m and (x['live'] or broken == 'ended_chapter')}
        live = [x for x in self.roles if x['live'] or broken == 'ended_role']
        levels = [('coordinator', {x['user'] for x in live if x['role'] == 'coordinator' and x['chapter'] in chapters}
                   | {x['user'] for x in self.assignments if x['mentor'] == m and (x['live'] or broken == 'ended_assignment')}),
                  ('chapter_admin', {x['user'] for x in live if x['role'] == 'chapter_admin' and x['chapter'] in chapters}),
                  ('org_admin', {x['user'] for x in live if x['role'] == 'org_admin'})]
        levels = [(role, people - ({facts['login']} if broken != 'self' else set())) for role, people in levels if role != broken]
        if broken == 'actor_is_enough':
            levels = [(role, people - {facts['actor']}) for role, people in levels]
        role, people = next(((role, people) for role, people in levels if people), (None, set()))
        told = {u: role for u in people if u != facts['actor'] or broken == 'actor'}
        if facts['login'] and facts['login'] != facts['actor']:
            told[facts['login']] = 'mentor'
        return told, bool(role) or bool(told)

    # ---- what happens

    def change(self):
        """Each mentor who has no event waiting is changed by somebody, or by nobody."""
        r = self.r
        for m, facts in self.mentors.items():
            if facts['event'] or facts['removed']:
                continue
            who = r.choice([None, None, 'service', facts['login']] + self.users)
            run('SET ROLE keeper' if who is None else 'SET ROLE service_role' if who == 'service' else 'SET ROLE authenticated')
            run("SELECT set_config('request.jwt.claims', json_build_object('sub', %s::text)::text, false)", who if who != 'service' else None)
            what = r.choice(["SELECT renew_certification(%s, 'course')", 'SELECT pause_mentor(%s)', 'SELECT reactivate_mentor(%s)'])
            try:
                run(what, m)
            except psycopg2.Error as e:
                if e.pgcode not in ('PT404', 'PT409', '42501'):
                    raise
                continue
            finally:
                run('SET ROLE keeper')
            facts['event'] = run('SELECT max(id) FROM outbox_events WHERE mentor_id = %s', m)[0][0]
            facts['actor'] = who if who != 'service' else None
            facts['reached'] = set()

    def shuffle(self):
        """Somebody leaves, comes, changes chapter, is removed, or deletes their login."""
        r = self.r
        for x in self.roles:
            if x['live'] and r.random() < 0.2:
                x['live'] = False
                run('UPDATE role_assignments SET ended_at = now() WHERE user_id = %s AND role = %s AND chapter_id IS NOT DISTINCT FROM %s AND ended_at IS NULL',
                    x['user'], x['role'], x['chapter'])
        for x in self.assignments:
            if x['live'] and r.random() < 0.2:
                x['live'] = False
                run('UPDATE coordinator_assignments SET ended_at = now() WHERE coordinator_id = %s AND mentor_id = %s AND ended_at IS NULL', x['user'], x['mentor'])
        for x in self.memberships:
            if x['live'] and r.random() < 0.1:
                x['live'] = False
                run('UPDATE mentor_chapters SET until = current_date WHERE mentor_id = %s AND chapter_id = %s AND until IS NULL', x['mentor'], x['chapter'])
        for m, facts in self.mentors.items():
            if not facts['removed'] and r.random() < 0.06:
                facts['removed'] = True
                run('SELECT remove_mentor(%s)', m)
        if r.random() < 0.5 and self.users:
            chapter = r.choice(self.chapters + [None])
            user, role = r.choice(self.users), r.choice(['coordinator', 'chapter_admin']) if chapter else 'org_admin'
            if not any(x['live'] and (x['user'], x['role'], x['chapter']) == (user, role, chapter) for x in self.roles):
                self.grant(user, role, chapter, True)
        if r.random() < 0.2 and len(self.users) > 1:
            gone = self.users.pop(r.randrange(len(self.users)))
            run('RESET ROLE')
            run('DELETE FROM auth.users WHERE id = %s', gone)
            run('SET ROLE keeper')
            self.roles = [x for x in self.roles if x['user'] != gone]
            self.assignments = [x for x in self.assignments if x['user'] != gone]
            for facts in self.mentors.values():
                facts['login'] = None if facts['login'] == gone else facts['login']
                facts['actor'] = None if facts['actor'] == gone else facts['actor']
                facts['reached'].discard(gone)  # their deliveries went with the login

    def claim(self):
        """Claims, compares, and delivers some of it.  What differs is returned."""
        r, differences = self.r, []
        claimed = {e[0]: e[1:] for e in run("SELECT id, mentor_id, claim_token, recipients FROM claim_events('notification', 1000)")}
        undeliverable = {e for e, in run('SELECT event_id FROM undeliverable_notifications WHERE resolved_at IS NULL')}
        for m, facts in self.mentors.items():
            event = facts['event']
            if not event:
                continue
            told, anybody = self.recipients(m)
            left = {u: role for u, role in told.items() if u not in facts['reached'] or broken == 'delivered'}
            listed = [] if event not in claimed else claimed[event][2]
            if broken == 'once':
                left = {u: 'x' for u in left}
            if sorted((x['recipient'], x['role']) for x in listed) != sorted(left.items()):
                differences.append(f'mentor {m} event {event}: {sorted(left.items())} expected, {listed} found')
            lost = not anybody and not facts['reached'] and not facts['removed']
            if (event in undeliverable) != lost:
                differences.append(f'mentor {m} event {event}: undeliverable {lost} expected')
            for role in left.values():
                counts[role] += 1
            counts['undeliverable' if lost else 'nobody to tell' if not left and not facts['reached'] else 'told'] += 1
            if event not in claimed:
                facts['event'] = None
                continue
            token = claimed[event][1]
            for x in listed:
                if r.random() < 0.5:
                    run('SELECT complete_event(%s, %s, %s)', event, token, x['recipient'])
                    facts['reached'].add(x['recipient'])
                else:
                    run("SELECT fail_event(%s, %s, 'x', recipient => %s, retry_after => '0')", event, token, x['recipient'])
            if facts['reached'] >= {x['recipient'] for x in listed}:
                facts['event'] = None
        return differences



for number in range(worlds):
    world = World(number)
    different = []
    for _ in range(4):
        world.change()
        world.shuffle()
        different += world.claim()
    if different:
        print(f'world {number} of seed {seed}')
        for line in different[:5]:
            print('  ' + line)
        break
    run("SET ROLE keeper")
    while run("SELECT count(complete_event(id, claim_token)) FROM claim_events('notification', 1000)")[0][0]:
        pass
if not broken:
    print(f'# {worlds} worlds: ' + ', '.join(f'{k} {v}' for k, v in sorted(counts.items())), file=sys.stderr)
