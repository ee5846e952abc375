"""An organisation of the model: who may do what, and what each call is answered and changes; sections 4, 5 and 8.

Organisation.call(call, now) predicts the answer of one call and takes over what it changes, Organisation.night(now) does
what one nightly run must do.
"""
import datetime

from model import DAY, Author, Certification, add, local_day, moment

ANYBODY = {'mentor', 'coordinator', 'chapter_admin', 'org_admin', 'service', 'operator'}
STAFF = ANYBODY - {'mentor'}
ADMINS = STAFF - {'coordinator'}
RIGHTS = {
    'pause_mentor': ANYBODY, 'reactivate_mentor': ANYBODY, 'set_return_date': ANYBODY,
    'record_certification': STAFF, 'renew_certification': STAFF,
    'suspend_certification': ADMINS, 'reinstate_certification': ADMINS, 'correct_certification': ADMINS,
    'remove_mentor': ADMINS, 'restore_mentor': ADMINS, 'set_mentor_chapters': STAFF, 'direct_update': {'operator'},
}
WITHOUT_RESULT = {'set_mentor_chapters', 'direct_update'}
KEPT_FOR = datetime.timedelta(days=30)  # results of calls that carried an idempotency key


class Refused(Exception):
    """An error of the contract; its text is the code."""


class Organisation:
    def __init__(self, seed, time_zone, ladder, auto_reactivate, portal_sync):
        self.seed, self.time_zone, self.ladder = seed, time_zone, ladder
        self.auto_reactivate, self.portal_sync = auto_reactivate, portal_sync
        self.types, self.chapters, self.mentors, self.roles, self.kept = {}, [], [], [], {}

    def today(self, now):
        return local_day(now, self.time_zone)

    def night(self, now):
        self.kept = {k: v for k, v in self.kept.items() if v[2] >= now - KEPT_FOR}
        for m in self.mentors:
            if not m.removed:
                m.night(now)

    # ---- who is what to whom

    def author(self, caller, m, allowed, now):
        if caller in ('service', 'operator'):
            return Author(caller, now)
        if m.user == caller:  # on their own row as mentor only, whatever roles they hold
            found = ['mentor']
        else:
            found = [role for user, role, chapter in self.roles if user == caller and (chapter is None or chapter in m.chapters)]
        if not found:
            raise Refused('mentor_not_found')
        for role in ('mentor', 'coordinator', 'chapter_admin', 'org_admin'):  # the least that suffices
            if role in found and role in allowed:
                return Author(role, now, caller)
        raise Refused('not_allowed')

    # ---- calls

    def call(self, call, now):
        """The answer: 'ok' with what a transition returns, or the code of the error."""
        try:
            if call['function'] in RIGHTS:
                return self.call_on_mentor(call, now)
            self.call_on_organisation(call, now)
            return 'ok'
        except Refused as refused:
            return str(refused)

    def call_on_organisation(self, call, now):
        a = call['arguments']
        if call['caller'] not in ('service', 'operator') and (call['caller'], 'org_admin', None) not in self.roles:
            raise Refused('not_allowed')
        if call['function'] == 'update_organisation':
            if a.get('time_zone') == 'Nowhere' or (a.get('reminder_days') and len(set(a['reminder_days'])) < len(a['reminder_days'])):
                raise Refused('invalid_argument')
            self.time_zone = a.get('time_zone', self.time_zone)
            self.ladder = a.get('reminder_days', self.ladder)
            self.auto_reactivate = a.get('auto_reactivate', self.auto_reactivate)
            before, self.portal_sync = self.portal_sync, a.get('portal_sync', self.portal_sync)
            if before == 'off' and self.portal_sync != 'off':
                for m in self.mentors:
                    m.follow_listing(Author('system', now))
        else:
            if a.get('grace_days', 0) < 0:
                raise Refused('invalid_argument')
            t = self.types[a['code']]
            t.window = a.get('renewal_window_days')
            t.grace, t.required = a.get('grace_days', t.grace), a.get('required', t.required)

    def call_on_mentor(self, call, now):
        function, a = call['function'], dict(call['arguments'])
        m = next((m for m in self.mentors if m.name == a['mentor_id']), None)
        if m is None or (m.removed and function != 'restore_mentor'):
            raise Refused('mentor_not_found')
        by = self.author(call['caller'], m, RIGHTS[function], now)
        key = a.pop('idempotency_key', None)
        if key:
            kept = self.kept.get((call['caller'], key))
            if kept and kept[0] != (function, a):
                raise Refused('idempotency_mismatch')
            if kept:
                return kept[1]
        if a.get('expected_version', m.version) != m.version:
            raise Refused('version_conflict')
        before = m.status, m.version
        getattr(self, function)(m, a, by, self.today(now))
        if function in WITHOUT_RESULT:
            return 'ok'
        answer = f'ok {before[0]} {m.status} {m.version} {moment(now)} {"moved" if m.version > before[1] else "unmoved"}'
        if key:
            self.kept[call['caller'], key] = (function, a), answer, now
        return answer

    # ---- pauses

    @staticmethod
    def require_not_past(return_date, today):
        if return_date and return_date < today:
            raise Refused('invalid_argument')

    def pause_mentor(self, m, a, by, today):
        self.require_not_past(a.get('expected_return_date'), today)
        blocked = any(m.blockers(today))
        if blocked and m.status != 'expired_cert':  # a call that finds a lapse writes it
            m.evaluate(by)
        elif m.status != 'active':
            raise Refused('certification_required' if blocked else 'invalid_transition')
        else:
            m.move('paused', 'self_pause' if by.kind == 'mentor' else 'coordinator_manual_pause', today, by,
                   a.get('expected_return_date'))

    def reactivate_mentor(self, m, a, by, today):
        blocked = any(m.blockers(today))
        pause = m.held if m.status == 'expired_cert' else m.live
        if m.status == 'active':
            raise Refused('invalid_transition')
        if m.status == 'expired_cert' and not blocked:
            return m.evaluate(by)
        if blocked and (m.status == 'paused' or pause is None):
            raise Refused('certification_required')
        if by.kind == 'mentor' and pause.reason != 'self_pause':
            raise Refused('not_allowed')
        if m.status == 'paused':
            m.move('active', 'self_reactivation' if by.kind == 'mentor' else 'coordinator_reactivation', today, by)
        else:  # the held pause is given up
            pause.ended_by, pause.coordinator, m.held = 'cancelled', by.user or pause.coordinator, None

    def set_return_date(self, m, a, by, today):
        self.require_not_past(a['expected_return_date'], today)
        if m.status != 'paused':
            raise Refused('invalid_transition')
        m.live.return_date, m.live.coordinator = a['expected_return_date'], by.user or m.live.coordinator

    def direct_update(self, m, a, by, today):
        """An UPDATE of peer_mentor_status by the owner."""
        to, return_date = a['status'], a.get('expected_return_date', m.live and m.live.return_date)
        if return_date != (m.live and m.live.return_date):
            self.require_not_past(return_date, today)
        if (m.status, to) == ('paused', 'paused') and return_date != m.live.return_date:
            m.live.return_date = return_date
        elif (m.status, to) == ('active', 'paused'):
            m.move('paused', 'direct_update', today, by, return_date)
        elif (m.status, to) != ('paused', 'active'):
            raise Refused('invalid_transition')
        elif any(m.blockers(today)):
            raise Refused('certification_required')
        else:
            m.move('active', 'direct_update', today, by)

    # ---- certifications

    def held_certification(self, m, a):
        if a['certification_type'] not in self.types:
            raise Refused('invalid_argument')
        if a['certification_type'] not in m.certifications:
            raise Refused('certification_not_found')
        return m.certifications[a['certification_type']], self.types[a['certification_type']]

    @staticmethod
    def freed_by(why, t, c, today):
        """Why a mentor is free once this was written over the certification: what never stood in the way frees nobody."""
        in_the_way = t.required and (c.status != 'active' or t.due_on(c.expires) <= today)
        return why if in_the_way else 'requirement_changed'

    def record_certification(self, m, a, by, today):
        t = self.types.get(a['certification_type'])
        if t is None:
            raise Refused('invalid_argument')
        expires = a.get('expires_at') or add(a['issued_at'], t.valid_for)
        if expires < a['issued_at']:
            raise Refused('invalid_argument')
        if a['certification_type'] in m.certifications:
            raise Refused('already_exists')
        c = Certification(a['issued_at'], expires, a.get('expires_at') or a['issued_at'], 'expired' if t.due_on(expires) <= today else 'active')
        c.enter('issued', by)
        m.certifications[a['certification_type']] = c
        m.evaluate(by)  # another certification is never what stood in the way

    def renew_certification(self, m, a, by, today):
        c, t = self.held_certification(m, a)
        if c.status == 'suspended':
            raise Refused('certification_suspended')
        if a.get('expected_expires_at', c.expires) != c.expires:
            raise Refused('version_conflict')
        completed = a.get('completed_on') or today
        if t.window is not None and completed < c.expires - DAY * t.window:
            raise Refused('renewal_too_early')
        expires = a.get('expires_at') or t.next_expiry(c, completed)
        if expires < max(completed, c.expires):
            raise Refused('invalid_argument')
        why = self.freed_by('certification_renewed', t, c, today)
        c.change_dates(completed, expires, expires if a.get('expires_at') else c.anchor)
        c.status = 'expired' if t.due_on(expires) <= today else 'active'
        c.enter('renewed', by)
        m.tell(by, 'certification_renewed', certification_type=a['certification_type'], expires_at=expires.isoformat(), actor_kind=by.kind)
        m.evaluate(by, why)

    def correct_certification(self, m, a, by, today):
        c, t = self.held_certification(m, a)
        if a['expires_at'] < a['issued_at']:
            raise Refused('invalid_argument')
        why = self.freed_by('certification_renewed', t, c, today)
        c.change_dates(a['issued_at'], a['expires_at'], a['expires_at'])
        if c.status != 'suspended':
            c.status = 'expired' if t.due_on(c.expires) <= today else 'active'
        c.enter('corrected', by)
        m.evaluate(by, why)

    def suspend_certification(self, m, a, by, today):
        c, t = self.held_certification(m, a)
        if c.status == 'suspended':
            raise Refused('certification_suspended')
        why = self.freed_by('certification_reinstated', t, c, today)
        c.status = 'suspended'
        c.enter('suspended', by)
        m.evaluate(by, why)

    def reinstate_certification(self, m, a, by, today):
        c, t = self.held_certification(m, a)
        if c.status != 'suspended':
            raise Refused('invalid_transition')
        why = self.freed_by('certification_reinstated', t, c, today)
        c.status = 'expired' if t.due_on(c.expires) <= today else 'active'
        c.enter('reinstated', by)
        c.reminders.begin_again()
        m.evaluate(by, why)

    # ---- removal

    def remove_mentor(self, m, a, by, today):
        m.removed = True
        m.follow_listing(by)

    def restore_mentor(self, m, a, by, today):
        if m.removed:
            m.removed = False
            m.follow_listing(by)
            m.evaluate(by)

    def set_mentor_chapters(self, m, a, by, today):
        for chapter in m.chapters + a['chapter_ids']:
            if by.user and not any(user == by.user and here in (None, chapter) for user, _, here in self.roles):
                raise Refused('not_allowed')
        if not set(a['chapter_ids']) <= set(self.chapters):
            raise Refused('invalid_argument')
        m.chapters = a['chapter_ids']
