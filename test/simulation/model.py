"""What a mentor's status, pauses, certifications and reminders must be, written from the contract alone: sections 3 to 7.

Everything that has to be found in the database stays in the objects, events that are new wait in Mentor.news.
"""
import calendar
import datetime
import functools
import zoneinfo

from ladder import DAY, Reminders, broken


@functools.lru_cache(maxsize=None)
def zone(name):
    return zoneinfo.ZoneInfo(name)


@functools.lru_cache(maxsize=4096)
def local_day(now, name):
    return now.astimezone(zone(name)).date()


def moment(at):
    return at.astimezone(datetime.timezone.utc).strftime('%Y-%m-%dT%H:%M:%S.%f') if at else '-'


def add(day, period, times=1):
    """Months first, ending on the last day of a short month, then days."""
    months, days = period
    index = day.year * 12 + day.month - 1 + months * times
    year, month = index // 12, index % 12 + 1
    return datetime.date(year, month, min(day.day, calendar.monthrange(year, month)[1])) + DAY * (days * times)


class Author:
    def __init__(self, kind, at, user=None, run=False):
        self.kind, self.at, self.user, self.run = kind, at, user, run


class Type:
    def __init__(self, valid_for, mode, window, grace, required):
        self.valid_for, self.mode, self.window, self.grace, self.required = valid_for, mode, window, grace, required

    def due_on(self, expires):
        """The last valid day counts, and so do the days of grace."""
        return expires + DAY * (0 if broken('grace') else self.grace) + DAY * (0 if broken('last_day') else 1)

    def next_expiry(self, held, completed):
        if self.mode == 'fixed_day':
            n = 1
            while add(held.anchor, self.valid_for, n) <= max(completed, held.expires):
                n += 1
            return add(held.anchor, self.valid_for, n)
        if self.mode == 'from_expiry' and completed <= held.expires and not broken('from_expiry'):
            return add(held.expires, self.valid_for)
        return add(completed, self.valid_for)


class Certification:
    def __init__(self, issued, expires, anchor, status):
        self.issued, self.expires, self.anchor, self.status = issued, expires, anchor, status
        self.entries = []
        self.expired_told = set()  # last valid days whose expiry was told
        self.reminders = Reminders(expires)

    def enter(self, event, by):
        self.entries.append((event, self.issued, self.expires, by.kind, by.run, by.at))

    def change_dates(self, issued, expires, anchor):
        self.issued, self.anchor = issued, anchor
        if expires != self.expires:
            self.expires = expires
            self.reminders.arm(expires)


class Pause:
    def __init__(self, status, reason, return_date, coordinator, by, resumes=None):
        self.status, self.reason, self.return_date, self.coordinator = status, reason, return_date, coordinator
        self.paused_at, self.resumes = by.at, resumes
        self.ended_by = self.ended_at = None
        self.overdue_told = set()  # return dates

    def end(self, how, by):
        self.ended_by, self.ended_at = how, by.at
        self.coordinator = by.user or self.coordinator


class Mentor:
    def __init__(self, organisation, name, user, chapters):
        self.organisation, self.name, self.user, self.chapters = organisation, name, user, chapters
        self.status, self.version, self.removed, self.activated_by = 'active', 1, False, None
        self.certifications = {}
        self.pauses = []
        self.live = self.held = None  # the live record; the pause that a lapse interrupted
        self.history = []
        self.news, self.told = [], 0  # events since the last comparison, and all of them
        self.portal = None  # what the portal was told last

    def register(self, by):
        self.last_effective = self.organisation.today(by.at)
        self.activated_by = by.user
        self.write(None, 'registered', by)

    def write(self, before, reason, by):
        self.history.append((self.version, before, self.status, reason, by.kind, by.user, self.last_effective, by.at, by.run,
                             self.chapters[0]))

    def paused_since(self):
        return self.live if self.status == 'paused' else None

    def blockers(self, today):
        """First due day of the required certifications that lapsed, and whether one is suspended."""
        lapsed, suspended = None, False
        for code, c in self.certifications.items():
            t = self.organisation.types[code]
            if not t.required:
                continue
            if c.status == 'suspended':
                suspended = True
            elif t.due_on(c.expires) <= today:
                lapsed = min(lapsed or t.due_on(c.expires), t.due_on(c.expires))
        return lapsed, suspended

    def tell(self, by, kind, channel='notification', **payload):
        self.news.append((channel, kind, by.run, dict(payload, schema_version=1)))
        self.told += 1

    # ---- the one way a status changes

    def move(self, to, reason, effective, by, return_date=None, resumes=None):
        before = self.status
        self.status, self.version, self.activated_by = to, self.version + 1, by.user
        self.last_effective = max(effective, self.last_effective)
        self.write(before, reason, by)
        self.held = None
        if before != 'active':
            self.live.end('renewed' if before == 'expired_cert' else 'interrupted' if to == 'expired_cert' else 'reactivated', by)
            self.held = self.live if self.live.ended_by == 'interrupted' else None
            self.live = None
        if to != 'active':
            self.live = (Pause(to, resumes.reason, resumes.return_date, resumes.coordinator, by, resumes) if resumes
                         else Pause(to, reason, return_date, by.user, by))
            self.pauses.append(self.live)
        payload = dict(previous_status=before, new_status=to, reason=reason, version=self.version,
                       effective_on=self.last_effective.isoformat(), actor_kind=by.kind)
        self.tell(by, 'status_changed', **payload)
        self.follow_listing(by, self.last_effective)

    def is_listed(self, today):
        required = [c for code, c in self.certifications.items() if self.organisation.types[code].required]
        return self.status == 'active' and required and not any(self.blockers(today))

    def follow_listing(self, by, effective=None):
        """The portal hears of every change of the listing once, and of nobody it never knew."""
        today = self.organisation.today(by.at)
        state = 'removed' if self.removed else 'shown' if self.is_listed(today) else 'hidden'
        if self.organisation.portal_sync == 'off' or state == self.portal:
            return
        if state != 'shown' and (self.portal is None or self.portal == 'removed') and not broken('portal'):
            return
        self.portal = state
        self.tell(by, 'mentor_' + state, 'portal_sync', effective_on=(effective or today).isoformat())

    def evaluate(self, by, why='requirement_changed'):
        """Stored statuses, and then the mentor's, are brought in line with the dates."""
        today = self.organisation.today(by.at)
        for code, c in self.certifications.items():
            found = 'expired' if self.organisation.types[code].due_on(c.expires) <= today else 'active'
            if c.status not in ('suspended', found):
                c.status = found
                c.enter('expired' if found == 'expired' else 'restored', by)
                if found == 'expired':
                    self.tell_expired(code, c, by)
        lapsed, suspended = self.blockers(today)
        if lapsed or suspended:
            if self.status == 'expired_cert':
                return
            if lapsed:
                self.move('expired_cert', 'certification_expired', today if broken('effective_on') else lapsed, by)
            else:
                self.move('expired_cert', 'certification_suspended', today, by)
        elif self.status == 'expired_cert':
            held = self.held
            if held and not broken('resume') and (held.return_date is None or held.return_date > today):
                self.move('paused', why, today, by, resumes=held)
            else:
                self.move('active', why, today, by)
        elif self.status == 'active':
            self.follow_listing(by)

    def tell_expired(self, code, c, by):
        if c.expires not in c.expired_told:
            c.expired_told.add(c.expires)
            self.tell(by, 'certification_expired', certification_type=code, expires_at=c.expires.isoformat(), actor_kind=by.kind)

    # ---- a night

    def night(self, now):
        o, today = self.organisation, self.organisation.today(now)
        by = Author('system', now, run=True)
        self.evaluate(by)
        p = self.paused_since()
        if p and o.auto_reactivate and p.return_date and p.return_date + DAY * broken('pause_ended') <= today:
            self.move('active', 'pause_ended', today, by)
            p = None
        for code, c in self.certifications.items():
            rung = None if c.status == 'suspended' and not broken('suspended') else c.reminders.climb(o.ladder, today, now)
            if rung is not None:
                self.tell(by, 'reminder_due', certification_type=code, expires_at=c.expires.isoformat(), rung=rung,
                          days_left=(c.expires - today).days)
        if p and p.return_date and p.return_date < today and (p.return_date not in p.overdue_told or broken('overdue')):
            p.overdue_told.add(p.return_date)
            self.tell(by, 'return_overdue', expected_return_date=p.return_date.isoformat(), days_overdue=(today - p.return_date).days)
