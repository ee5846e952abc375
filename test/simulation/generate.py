"""Random organisations, and what people ask of them day by day: the same seed asks the same."""
import random

from model import DAY, Author, Mentor, Type
from organisation import Organisation

ZONES = ['Europe/Oslo', 'America/Chicago', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Australia/Lord_Howe', 'UTC']
LADDERS = [[60, 30, 7], [30, 14, 7, 1], [60, 30, 7, -3], [7, 0, -1, -14], [90], [], [45, 20, 10, 5, 3, 2, 1, 0], [-5, -10]]
TERMS = [('3 months', (3, 0)), ('1 year', (12, 0)), ('45 days', (0, 45)), ('1 month', (1, 0)), ('6 months', (6, 0)),
         ('2 months 5 days', (2, 5))]
WITH_KEY = ['pause_mentor', 'reactivate_mentor', 'record_certification', 'renew_certification']
MODES = ['from_expiry', 'from_completion', 'fixed_day']


def identity(seed, kind, number):
    """A uuid that says what it is of."""
    return f'{seed:08x}-{kind:04x}-4000-8000-{number:012x}'


class Generator:
    def __init__(self, seed, now):
        self.random = r = random.Random(seed)
        self.seed, self.calls_made, self.keyed = seed, 0, []
        self.organisation = o = Organisation(seed, r.choice(ZONES), r.choice(LADDERS), r.random() < 0.5,
                                             r.choice(['off', 'queue', 'on']))
        self.name = identity(seed, 0, 1)
        self.portal_may_stop = r.random() < 0.2
        self.chapters = o.chapters = [identity(seed, 1, i) for i in (1, 2)]
        self.terms = {}
        for code in ('course', 'police', 'first aid')[:r.choice([2, 2, 3])]:
            self.terms[code], valid_for = r.choice(TERMS)
            o.types[code] = Type(valid_for, r.choice(MODES), r.choice([None, None, 0, 10, 30]), r.choice([0, 0, 3, 14]),
                                 code == 'course' or r.random() < 0.5)
        users = [identity(seed, 2, i) for i in range(1, 7)]
        first, second, self.admin, self.org_admin, self.both, self.nobody = users
        one, two = self.chapters
        o.roles = [(first, 'coordinator', one), (first, 'chapter_admin', two), (second, 'coordinator', two),
                   (self.admin, 'chapter_admin', one), (self.both, 'chapter_admin', one), (self.org_admin, 'org_admin', None)]
        self.users = users
        for i in range(r.randint(4, 8)):
            # the first one administers a chapter and is a mentor of it
            user = self.both if i == 0 else identity(seed, 3, i) if r.random() < 0.8 else None
            chapters = r.choice([self.chapters[:1], self.chapters[1:], self.chapters, self.chapters[::-1]])
            mentor = Mentor(o, identity(seed, 4, i), user, self.chapters[:1] if i == 0 else chapters)
            mentor.diligence = r.choice([0.02, 0.1, 0.4])
            mentor.register(Author('operator', now))
            o.mentors.append(mentor)

    def setup(self):
        o = self.organisation
        return {
            'seed': self.seed, 'id': self.name, 'time_zone': o.time_zone, 'reminder_days': o.ladder,
            'auto_reactivate': o.auto_reactivate, 'portal_sync': o.portal_sync, 'chapters': self.chapters,
            'types': [{'code': code, 'valid_for': self.terms[code], 'renewal_mode': t.mode, 'renewal_window_days': t.window,
                       'grace_days': t.grace, 'required': t.required} for code, t in o.types.items()],
            'users': self.users + [m.user for m in o.mentors if m.user and m.user not in self.users],
            'roles': [{'user_id': u, 'role': role, 'chapter_id': chapter} for u, role, chapter in o.roles],
            'mentors': [{'id': m.name, 'user_id': m.user, 'chapters': m.chapters} for m in o.mentors],
        }

    # ---- what is asked at one moment: at most one thing of each mentor, as no clock stands still between two calls

    def ask(self, now):
        r = self.random
        if r.random() < 0.02:
            yield self.change_rules()
        for m in self.organisation.mentors:
            wanted = 0.035 + (m.diligence / 2 if self.is_pressing(m, now) else 0)
            if r.random() < wanted:
                yield self.about(m, now)

    def is_pressing(self, m, now):
        soon = self.organisation.today(now) + 20 * DAY
        held = m.certifications.values()
        return len(held) < 2 or m.removed or any(c.status == 'suspended' or c.expires < soon for c in held)

    def make(self, function, caller, **arguments):
        self.calls_made += 1
        return {'function': function, 'caller': caller, 'arguments': {k: v for k, v in arguments.items() if v is not None}}

    def about(self, m, now):
        r = self.random
        if self.keyed and r.random() < 0.15:
            again = next((k for k in reversed(self.keyed) if k['arguments']['mentor_id'] == m.name), None)
            if again:
                other = {'expected_version': 1} if r.random() < 0.2 and again['function'] in ('pause_mentor', 'reactivate_mentor') else {}
                return dict(again, arguments=dict(again['arguments'], **other))
        call = self.choose(m, self.organisation.today(now))
        if call['function'] in WITH_KEY and r.random() < 0.1:
            call['arguments']['idempotency_key'] = f'seed {self.seed}, call {self.calls_made}'
            self.keyed = self.keyed[-20:] + [call]
        return call

    def caller(self, m, rather=None):
        r = self.random
        if rather and r.random() < 0.6:
            return rather
        return r.choice(['service', 'operator', self.users[0], self.users[0], self.users[1], self.admin, self.org_admin, self.org_admin,
                         self.both, self.nobody, m.user or self.nobody, r.choice(self.organisation.mentors).user or 'service'])

    def choose(self, m, today):
        r, o = self.random, self.organisation
        if m.removed and r.random() < 0.8:
            return self.make('restore_mentor', self.caller(m, self.org_admin), mentor_id=m.name)
        missing = [code for code in o.types if code not in m.certifications]
        held = list(m.certifications)
        if missing and r.random() < (0.7 if len(missing) > 1 else 0.2):
            return self.record(m, r.choice(missing), today)
        suspended = [code for code in held if m.certifications[code].status == 'suspended']
        if suspended and r.random() < 0.5:
            return self.make('reinstate_certification', self.caller(m, self.org_admin), mentor_id=m.name,
                             certification_type=r.choice(suspended))
        ending = [code for code in held if m.certifications[code].expires < today + 20 * DAY]
        if ending and r.random() < 0.5:
            return self.renew(m, r.choice(ending), today)
        return r.choices([self.pause, self.reactivate, self.set_return_date, self.any_renewal, self.correct, self.suspend, self.reinstate,
                          self.remove, self.restore, self.any_record, self.move_chapters, self.update_directly],
                         [12, 9, 7, 5, 4, 3, 2, 1, 0.5, 1, 1, 2])[0](m, today)

    def version(self, m):
        return self.random.choice([None, None, None, m.version, m.version, m.version - 1])

    def pause(self, m, today):
        days = self.random.choice([None, -1, 0, 1, 2, 5, 14, 40, 100])
        return self.make('pause_mentor', self.caller(m, m.user), mentor_id=m.name, expected_version=self.version(m),
                         expected_return_date=None if days is None else today + DAY * days)

    def reactivate(self, m, today):
        return self.make('reactivate_mentor', self.caller(m, m.user), mentor_id=m.name, expected_version=self.version(m))

    def set_return_date(self, m, today):
        return self.make('set_return_date', self.caller(m, m.user), mentor_id=m.name, expected_version=self.version(m),
                         expected_return_date=today + DAY * self.random.choice([-1, 0, 0, 1, 3, 10, 60]))

    def record(self, m, code, today):
        r = self.random
        issued = today - DAY * r.choice([0, 0, 1, 10, 30, 200])
        expires = r.choice([None, None, issued - DAY, today, today - DAY, today + DAY, today - 4 * DAY, today + DAY * r.randint(0, 100)])
        return self.make('record_certification', self.caller(m, 'service'), mentor_id=m.name, certification_type=code,
                         issued_at=issued, expires_at=expires)

    def any_record(self, m, today):
        return self.record(m, self.random.choice(list(self.organisation.types) + ['dancing']), today)

    def renew(self, m, code, today):
        r, c = self.random, m.certifications.get(code)
        expected = r.choice([None, None, None, None, c.expires, c.expires - DAY]) if c else None
        return self.make('renew_certification', self.caller(m, 'service'), mentor_id=m.name, certification_type=code,
                         completed_on=r.choice([None, None, today, today - DAY, today - DAY * r.randint(0, 40), today + DAY]),
                         expires_at=r.choice([None] * 6 + [today + DAY * r.randint(-5, 90)]), expected_expires_at=expected)

    def any_renewal(self, m, today):
        return self.renew(m, self.random.choice(list(self.organisation.types) + ['dancing']), today)

    def a_type(self, m):
        return self.random.choice(list(m.certifications) or ['course']) if self.random.random() < 0.9 else 'police'

    def correct(self, m, today):
        r, code = self.random, self.a_type(m)
        c = m.certifications.get(code)
        expires = today + DAY * r.choice([-20, -3, -1, 0, 1, 7, 8, 30, 45, 60, 100])
        if c and r.random() < 0.3:  # back to a date that was there before
            expires = r.choice(sorted(c.reminders.mailed) or [expires])
        return self.make('correct_certification', self.caller(m, self.org_admin), mentor_id=m.name, certification_type=code,
                         issued_at=expires - DAY * r.choice([300, 30, 0, -1]), expires_at=expires)

    def suspend(self, m, today):
        return self.make('suspend_certification', self.caller(m, self.org_admin), mentor_id=m.name,
                         certification_type=self.a_type(m))

    def reinstate(self, m, today):
        return self.make('reinstate_certification', self.caller(m, self.org_admin), mentor_id=m.name,
                         certification_type=self.a_type(m))

    def remove(self, m, today):
        return self.make('remove_mentor', self.caller(m, self.org_admin), mentor_id=m.name)

    def restore(self, m, today):
        return self.make('restore_mentor', self.caller(m, self.org_admin), mentor_id=m.name)

    def move_chapters(self, m, today):
        one, two = self.chapters
        chapters = self.random.choice([[one], [two], [one, two], [two, one], [identity(self.seed, 1, 9)]])
        return self.make('set_mentor_chapters', self.caller(m), mentor_id=m.name, chapter_ids=chapters)

    def update_directly(self, m, today):
        r = self.random
        if r.random() < 0.5:
            return self.make('direct_update', 'operator', mentor_id=m.name, status='active')
        return self.make('direct_update', 'operator', mentor_id=m.name, status='paused',
                         expected_return_date=r.choice([None, today, today + DAY, today - DAY, today + 20 * DAY]))

    # ---- changes of an organisation's rules

    def change_rules(self):
        r, o = self.random, self.organisation
        caller = r.choice([self.org_admin, self.org_admin, self.org_admin, 'service', 'operator', self.users[0]])
        if r.random() < 0.5:
            code = r.choice(list(o.types))
            return self.make('put_certification_type', caller, organisation_id=self.name, code=code,
                             renewal_window_days=r.choice([None, 10, 30]), grace_days=r.choice([None, 0, 3, 14, 30, -1]),
                             required=r.choice([None, None, True, False]))
        change = r.choice([{'reminder_days': r.choice(LADDERS + [[7, 7]])}, {'reminder_days': r.sample(range(-20, 70), r.randint(1, 6))},
                           {'auto_reactivate': r.random() < 0.5}, {'time_zone': r.choice(ZONES + ['Nowhere'])},
                           {'portal_sync': r.choice(['queue', 'on', 'off'] if self.portal_may_stop else ['queue', 'on'])}])
        if 'portal_sync' in change and o.portal_sync == 'off' and not self.portal_may_stop:
            change = {'auto_reactivate': not o.auto_reactivate}
        return self.make('update_organisation', caller, organisation_id=self.name, **change)
