"""Writes the life of an organisation, day by day, as rows such as the engine leaves (world.sql), and what was true at the end of
every day, counted (expected).  The numbers come from the days lived, not from the rows.

    generate.py SEED MENTORS DAYS PERIODS FOLDER

The zone is far from UTC, so that a removal's local day is not that of UTC.
"""
import json
import random
import sys
import uuid
from collections import Counter
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

seed, mentor_count, day_count, period_count = map(int, sys.argv[1:5])
folder = sys.argv[5]
rng = random.Random(seed)
FIRST = date(2023, 1, 1)
ZONE = ZoneInfo('Pacific/Auckland')
ORG = uuid.UUID(int=rng.getrandbits(128))
CHAPTERS = ['A', 'B', 'C', 'D']
chapter_ids = {c: uuid.UUID(int=rng.getrandbits(128)) for c in CHAPTERS}
TYPES = {'base': (0, True), 'graced': (5, True), 'extra': (0, False)}


def new_id():
    return str(uuid.UUID(int=rng.getrandbits(128)))


def at(day):
    return datetime.combine(day, time(rng.randrange(24), rng.randrange(60)), ZONE)


class Certification:
    """Terms that were really held; the entries are what the history says of them, mistakes included."""

    def __init__(self, kind, day):
        self.id, self.kind, self.terms, self.entries, self.suspended = new_id(), kind, [], [], False
        self.add('issued', day, day + timedelta(days=rng.randrange(10, 150)), day)

    def note(self, event, issued, expires, day):
        self.entries.append((event, at(day), issued, expires))

    def add(self, event, issued, expires, day):
        if rng.random() < 0.15:  # a typing mistake, put right at once or soon
            wrong = expires + timedelta(days=rng.randrange(1, 300))
            self.note(event, issued, wrong, day)
            self.terms.append((issued, expires))
            self.note('corrected', issued, expires, day)
        else:
            self.note(event, issued, expires, day)
            self.terms.append((issued, expires))

    def last(self):
        return max(self.terms, key=lambda t: (t[1], t[0]))

    def due(self, day):
        return self.last()[1] + timedelta(days=TYPES[self.kind][0]) < day

    def blocks(self, day):
        return TYPES[self.kind][1] and (self.suspended or self.due(day))

    def covers(self, day):
        return TYPES[self.kind][1] and any(i <= day <= e + timedelta(days=TYPES[self.kind][0]) for i, e in self.terms)


class Mentor:
    def __init__(self, number, day):
        self.id, self.number = new_id(), number
        self.status, self.history, self.removed = None, [], None
        self.memberships = []  # [id, chapter, primary, since, until]
        self.certifications = {}
        self.born = day
        for c in rng.sample(CHAPTERS, rng.choice([0, 1, 1, 1, 2, 3])):
            self.memberships.append([new_id(), c, not self.memberships, day, None])
        self.first_chapter = None
        self.move('active', 'registered', day)

    def live(self):
        return [m for m in self.memberships if m[4] is None]

    def chapter(self):
        return next((m[1] for m in self.live() if m[2]), None)

    def move(self, to, reason, day):
        self.history.append((new_id(), self.status, to, day, reason))
        self.status = to

    def change_chapters(self, day):
        wanted = rng.sample(CHAPTERS, rng.choice([0, 1, 1, 2]))
        for m in self.live():
            if m[1] not in wanted or m[2] != (m[1] == wanted[0]):
                m[4] = max(m[3], day)
        for c in wanted:
            if c not in [m[1] for m in self.live()]:
                self.memberships.append([new_id(), c, c == wanted[0], day, None])

    def set_primary(self, m, primary, day):
        if m[3] < day:
            self.memberships.append([new_id(), m[1], m[2], m[3], day])
            m[3] = day
        m[2] = primary

    def prefer_another(self, day):
        rest = [m for m in self.live() if not m[2]]
        if rest:
            for m in self.live():
                if m[2]:
                    self.set_primary(m, False, day)
            self.set_primary(rng.choice(rest), True, day)

    def leave_primary(self, day):
        """By hand, as the team may: the oldest of the others is promoted."""
        for m in self.live():
            if m[2]:
                m[4] = max(m[3], day)
        rest = sorted(self.live(), key=lambda m: (m[3], m[0]))
        if rest:
            self.set_primary(rest[0], True, day)

    def evaluate(self, day, why_lapsed, why_back):
        blocked = any(c.blocks(day) for c in self.certifications.values())
        if blocked and self.status != 'expired_cert':
            self.move('expired_cert', why_lapsed, day)
        elif not blocked and self.status == 'expired_cert':
            self.move(rng.choice(['active', 'active', 'paused']), why_back, day)

    def live_through(self, day):
        for c in self.certifications.values():
            if not c.suspended and c.due(day) and (not c.entries or c.entries[-1][0] != 'expired'):
                c.note('expired', *c.last(), day)
        self.evaluate(day, 'certification_expired', 'certification_renewed')
        for _ in range(2):
            what = rng.random()
            if what < 0.02 and self.status == 'active':
                self.move('paused', rng.choice(['self_pause', 'coordinator_manual_pause']), day)
            elif what < 0.06 and self.status == 'paused' and not any(c.blocks(day) for c in self.certifications.values()):
                self.move('active', rng.choice(['self_reactivation', 'coordinator_reactivation', 'pause_ended']), day)
            elif what < 0.08:
                self.change_chapters(day)
            elif what < 0.09:
                rng.choice([self.leave_primary, self.prefer_another])(day)
            elif what < 0.11:
                kind = rng.choice(list(TYPES))
                if kind not in self.certifications:
                    self.certifications[kind] = Certification(kind, day - timedelta(days=rng.randrange(20)))
                    self.evaluate(day, 'certification_expired', 'certification_renewed')
            elif what < 0.15:
                for c in self.certifications.values():
                    issued, expires = c.last()
                    if not c.suspended and expires - day < timedelta(days=30):
                        c.add('renewed', day, max(expires, day) + timedelta(days=rng.randrange(20, 120)), day)
                self.evaluate(day, 'certification_expired', 'certification_renewed')
            elif what < 0.153 and self.certifications:
                c = rng.choice(list(self.certifications.values()))
                c.suspended = not c.suspended
                c.note('suspended' if c.suspended else 'reinstated', *c.last(), day)
                self.evaluate(day, 'certification_suspended' if c.suspended else 'certification_expired', 'certification_reinstated')
            elif what < 0.1535 and self.removed is None:
                self.removed = day
                return


mentors = [Mentor(n, FIRST + timedelta(days=rng.randrange(day_count * 2 // 3))) for n in range(mentor_count)]
lived = {}  # (day, mentor number): chapter, status, certified
for d in range(day_count):
    today = FIRST + timedelta(days=d)
    for m in mentors:
        if today < m.born or m.removed is not None:
            continue
        m.live_through(today)
        if m.removed is None:
            lived[today, m.number] = [m.chapter(), m.status, None]
# a late correction, or older terms that import brings, change what is known of the past
for m in mentors:
    for c in m.certifications.values():
        if rng.random() < 0.2:
            first = min(i for i, _ in c.terms)
            c.terms.append((first - timedelta(days=60), first - timedelta(days=rng.randrange(1, 20))))
            c.note('renewed', *c.terms[-1], FIRST + timedelta(days=day_count))
        elif rng.random() < 0.1:
            issued, expires = c.last()
            c.terms.remove((issued, expires))
            c.terms.append((issued + timedelta(days=1), expires + timedelta(days=1)))
            c.note('corrected', *c.last(), FIRST + timedelta(days=day_count))
for (today, number), fact in lived.items():
    m = mentors[number]
    fact[2] = any(c.covers(today) for c in m.certifications.values())
    if fact[0] is None:
        # days before the first primary chapter count for it
        firsts = [x for x in m.memberships if x[2] and x[4] != x[3]]
        if firsts and all(x[3] > today for x in firsts):
            fact[0] = sorted(firsts, key=lambda x: (x[4] or date.max, x[3]))[0][1]

out = open(folder + '/world.sql', 'w')


def copy(table, columns, rows):
    out.write(f'COPY public.{table} ({columns}) FROM stdin;\n')
    for r in rows:
        out.write('\t'.join('\\N' if v is None else str(v).lower() if isinstance(v, bool) else str(v) for v in r) + '\n')
    out.write('\\.\n')


out.write('SET session_replication_role = replica;\n')
copy('organisations', 'id, name, time_zone', [(ORG, 'Here', ZONE.key)])
copy('chapters', 'id, organisation_id, name', [(i, ORG, c) for c, i in chapter_ids.items()])
copy('certification_types', 'organisation_id, code, grace_days, required', [(ORG, t, g, r) for t, (g, r) in TYPES.items()])
copy('peer_mentors', 'id, organisation_id, display_name, deleted_at',
     [(m.id, ORG, f'm{m.number}', m.removed and at(m.removed)) for m in mentors])
copy('mentor_chapters', 'id, mentor_id, chapter_id, is_primary, since, until',
     [(x[0], m.id, chapter_ids[x[1]], x[2], x[3], x[4]) for m in mentors for x in m.memberships])
copy('peer_mentor_status', 'mentor_id, status, version', [(m.id, m.status, len(m.history)) for m in mentors])
copy('peer_mentor_status_history', 'id, mentor_id, previous_status, new_status, actor_kind, changed_at, effective_on, reason, version',
     [(h[0], m.id, h[1], h[2], 'system', at(h[3]), h[3], h[4], v + 1) for m in mentors for v, h in enumerate(m.history)])


def entry(e):
    return {'schema_version': 1, 'event': e[0], 'at': e[1].isoformat(), 'issued_at': e[2].isoformat(), 'expires_at': e[3].isoformat(),
            'actor_kind': 'system', 'job_run_id': None}


moved = {c.id: rng.randrange(len(c.entries)) if rng.random() < 0.3 else 0 for m in mentors for c in m.certifications.values()}
copy('peer_mentor_certifications', 'id, peer_mentor_id, organisation_id, certification_type, issued_at, expires_at, anchor_on, status, renewal_history',
     [(c.id, m.id, ORG, c.kind, *c.last(), c.last()[1], 'suspended' if c.suspended else 'active', json.dumps([entry(e) for e in c.entries[moved[c.id]:]]))
      for m in mentors for c in m.certifications.values()])
copy('certification_renewal_events', 'certification_id, schema_version, event, at, issued_at, expires_at, actor_kind',
     [(c.id, 1, e[0], e[1], e[2], e[3], 'system') for m in mentors for c in m.certifications.values() for e in c.entries[:moved[c.id]]])
out.write('RESET session_replication_role;\n')


def chapter_on(m, day):
    """Of a transition; on the day of a removal nothing is lived to the end."""
    return lived[day, m.number][0] if (day, m.number) in lived else '?'


# removed mentors' last transitions are left out of the model, and of the world, where the day was not lived to its end
out.write('SET session_replication_role = replica;\n')
for m in mentors:
    for h in m.history:
        if (h[3], m.number) not in lived:
            out.write(f"DELETE FROM public.peer_mentor_status_history WHERE id = '{h[0]}';\n")
out.write('RESET session_replication_role;\n')

expected = open(folder + '/expected', 'w')
periods = open(folder + '/periods.sql', 'w')
for p in range(period_count):
    start = rng.randrange(-20, day_count)
    span = rng.choice([0, 0, 1, 6, 30, 364, rng.randrange(day_count)])
    a, b = FIRST + timedelta(days=start), FIRST + timedelta(days=min(start + span, day_count - 1))
    periods.write(f"SELECT {p}, coalesce(chapter, '-'), status, mentors, mentor_days, certified_mentors, uncertified_mentors, certified_days, "
                  f"uncertified_days, transitions FROM public.status_report('{ORG}', '{a}', '{b}');\n")
    n = Counter()
    for d in range((b - a).days + 1):
        today = a + timedelta(days=d)
        for m in mentors:
            if (today, m.number) in lived:
                chapter, status, certified = lived[today, m.number]
                n[chapter, status, 'days'] += 1
                n[chapter, status, 'certified days'] += certified
                if today == b:
                    n[chapter, status, 'mentors'] += 1
                    n[chapter, status, 'certified'] += certified
    reasons = {}
    for m in mentors:
        for h in m.history:
            if a <= h[3] <= b and (h[3], m.number) in lived:
                reasons.setdefault((chapter_on(m, h[3]), h[2]), Counter())[h[4]] += 1
    shown = CHAPTERS + ([None] if any(k[0] is None for k in list(n) + list(reasons)) else [])
    for c in shown:
        for s in ['active', 'paused', 'expired_cert']:
            mine = [n[c, s, 'certified'], n[c, s, 'mentors'] - n[c, s, 'certified'], n[c, s, 'certified days'], n[c, s, 'days'] - n[c, s, 'certified days']]
            # jsonb orders its keys by length, then by bytes
            why = ', '.join(f'"{r}": {k}' for r, k in sorted(reasons.get((c, s), {}).items(), key=lambda x: (len(x[0]), x[0])))
            expected.write('|'.join(map(str, [p, c or '-', s, n[c, s, 'mentors'], n[c, s, 'days'], *(mine if s == 'active' else [''] * 4), '{' + why + '}'])) + '\n')

# the status of single mentors on single days
asked = open(folder + '/asked.sql', 'w')
answers = open(folder + '/answers', 'w')
for _ in range(300):
    m = rng.choice(mentors)
    if m.removed is None:
        day = m.born + timedelta(days=rng.randrange(-3, day_count))
        if day < FIRST + timedelta(days=day_count):
            asked.write(f"SELECT coalesce(public.mentor_status_on('{m.id}', '{day}')::text, '-');\n")
            answers.write((lived[day, m.number][1] if (day, m.number) in lived else '-') + '\n')
print(f'{mentor_count} mentors, {sum(len(m.history) for m in mentors)} history rows, {len(lived)} mentor-days, '
      f'{sum(len(c.terms) for m in mentors for c in m.certifications.values())} terms, {period_count} reports')
