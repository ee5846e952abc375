"""Who may do what, written from the contract alone: sections 3, 4, 5 and 8.  Knows nothing of the database.

rights(call) says allowed, not_allowed or mentor_not_found; outcome(call) says of pause and reactivate what they come to;
happened(call) takes over what a call that succeeded has changed.
"""

ANYBODY = {'mentor', 'coordinator', 'chapter_admin', 'org_admin', 'service'}
STAFF = ANYBODY - {'mentor'}
ADMINS = STAFF - {'coordinator'}

# functions about one mentor
ON_MENTOR = {
    'pause_mentor': ANYBODY, 'reactivate_mentor': ANYBODY, 'set_return_date': ANYBODY, 'set_listed': ANYBODY,
    'explain_transition': ANYBODY, 'mentor_timeline': ANYBODY, 'mentor_status_on': ANYBODY,
    'record_certification': STAFF, 'renew_certification': STAFF, 'set_mentor_chapters': STAFF,
    'suspend_certification': ADMINS, 'reinstate_certification': ADMINS, 'correct_certification': ADMINS,
    'remove_mentor': ADMINS, 'restore_mentor': ADMINS, 'link_login': ADMINS,
    'assign_coordinator': ADMINS, 'end_assignment': ADMINS,
}

# of several roles the least that suffices is the one that acts
LEAST_FIRST = ('coordinator', 'chapter_admin', 'org_admin')


class Mentor:
    def __init__(self, organisation, user=None, chapters=()):
        self.organisation = organisation
        self.user = user
        self.chapters = list(chapters)  # live ones, the primary first
        self.removed = False
        self.status = 'active'
        self.pause = None  # the reason of the pause that is on, or that a suspension interrupted
        self.suspended = set()  # required certifications
        self.changes = 1


class World:
    def __init__(self):
        self.organisations = set()
        self.chapters = {}  # chapter: organisation
        self.users = set()
        self.mentors = {}
        self.roles = set()  # (user, organisation, role, chapter or None), live ones
        self.assignments = set()  # (coordinator, mentor), live ones

    # ---- who is what to whom

    def has(self, user, organisation, role, chapter=None):
        return (user, organisation, role, chapter) in self.roles

    def relations(self, user, mentor):
        m = self.mentors[mentor]
        found = set()
        if m.user == user:
            found.add('mentor')
        for c in m.chapters:
            for role in ('coordinator', 'chapter_admin'):
                if self.has(user, m.organisation, role, c):
                    found.add(role)
        if (user, mentor) in self.assignments:
            found.add('coordinator')
        if self.has(user, m.organisation, 'org_admin'):
            found.add('org_admin')
        return found

    def sees(self, user, mentor):
        return not self.mentors[mentor].removed and bool(self.relations(user, mentor))

    def belongs_to(self, user, organisation):
        return (any(r[0] == user and r[1] == organisation for r in self.roles)
                or any(m.organisation == organisation and not m.removed
                       and (m.user == user or (user, i) in self.assignments) for i, m in self.mentors.items()))

    def acts_as(self, caller, mentor, allowed):
        if caller == 'service':
            return 'service'
        found = self.relations(caller, mentor)
        if 'mentor' in found:  # on their own row as mentor only
            return 'mentor' if 'mentor' in allowed else None
        return next((r for r in LEAST_FIRST if r in found and r in allowed), None)

    def in_every_chapter(self, caller, organisation, chapters, roles):
        if caller == 'service' or self.has(caller, organisation, 'org_admin'):
            return True
        return bool(chapters) and all(any(self.has(caller, organisation, r, c) for r in roles) for c in chapters)

    # ---- what a call is answered

    def rights(self, call):
        caller, function, a = call['caller'], call['function'], call['arguments']
        if caller == 'anon' or (caller != 'service' and caller not in self.users):
            return 'not_allowed'
        if function in ON_MENTOR:
            return self.rights_on_mentor(caller, function, a)
        if function == 'coordinator_roster':  # whoever looks after somebody, or would
            looks_after = any(r[0] == caller for r in self.roles) or any(c == caller for c, m in self.assignments)
            return 'allowed' if looks_after else 'not_allowed'
        organisation = a['organisation_id']
        if function == 'register_mentor':
            allowed = a['user_id'] != caller and self.in_every_chapter(
                caller, organisation, a['chapter_ids'], ('coordinator', 'chapter_admin'))
        elif function in ('grant_role', 'end_role') and a['role'] == 'coordinator':
            allowed = self.in_every_chapter(caller, organisation, [a['chapter_id']], ('chapter_admin',))
        elif function == 'status_report':
            allowed = caller == 'service' or any(r[:2] == (caller, organisation) and r[2] in ('chapter_admin', 'org_admin')
                                                 for r in self.roles)
        else:
            allowed = caller == 'service' or self.has(caller, organisation, 'org_admin')
        return 'allowed' if allowed else 'not_allowed'

    def rights_on_mentor(self, caller, function, a):
        m = self.mentors.get(a['mentor_id'])
        if m is None or (m.removed and function != 'restore_mentor'):
            return 'mentor_not_found'
        if caller != 'service' and not self.relations(caller, a['mentor_id']):
            return 'mentor_not_found'
        if self.acts_as(caller, a['mentor_id'], ON_MENTOR[function]) is None:
            return 'not_allowed'
        if function == 'link_login' and a['user_id'] == caller:
            return 'not_allowed'
        if function == 'set_mentor_chapters' and not self.in_every_chapter(
                caller, m.organisation, set(m.chapters) | set(a['chapter_ids']), ('coordinator', 'chapter_admin')):
            return 'not_allowed'
        return 'allowed'

    # (code, status, actor_kind, reason) of an allowed pause or reactivation; code ok: nothing is refused, actor_kind
    # None: nothing is recorded
    def outcome(self, call):
        m = self.mentors[call['arguments']['mentor_id']]
        kind = self.acts_as(call['caller'], call['arguments']['mentor_id'], ANYBODY)
        another_s = kind == 'mentor' and m.pause != 'self_pause'
        if call['function'] == 'pause_mentor':
            if m.status == 'active':
                return 'ok', 'paused', kind, 'self_pause' if kind == 'mentor' else 'coordinator_manual_pause'
            return ('certification_required' if m.status == 'expired_cert' else 'invalid_transition'), None, None, None
        if m.status == 'active':
            return 'invalid_transition', None, None, None
        if m.status == 'expired_cert' and m.pause is None:
            return 'certification_required', None, None, None
        if another_s:
            return 'not_allowed', None, None, None
        if m.status == 'expired_cert':  # the held pause is given up
            return 'ok', 'expired_cert', None, None
        return 'ok', 'active', kind, 'self_reactivation' if kind == 'mentor' else 'coordinator_reactivation'

    # ---- what a call that succeeded has changed

    def happened(self, call):
        handler = getattr(self, 'after_' + call['function'], None)
        if handler:
            handler(call, call['arguments'])

    def after_pause_mentor(self, call, a):
        m = self.mentors[a['mentor_id']]
        m.pause = self.outcome(call)[3]
        m.status = 'paused'
        m.changes += 1

    def after_reactivate_mentor(self, call, a):
        m = self.mentors[a['mentor_id']]
        m.pause = None
        if m.status == 'paused':
            m.status = 'active'
            m.changes += 1

    def after_suspend_certification(self, call, a):
        m = self.mentors[a['mentor_id']]
        if a['certification_type'] != 'course':
            return
        m.suspended.add('course')
        if m.status != 'expired_cert':
            m.status = 'expired_cert'
            m.changes += 1

    def after_reinstate_certification(self, call, a):
        m = self.mentors[a['mentor_id']]
        if a['certification_type'] != 'course':
            return
        m.suspended.discard('course')
        m.status = 'paused' if m.pause else 'active'
        m.changes += 1

    def after_register_mentor(self, call, a):
        self.mentors[a['mentor_id']] = Mentor(a['organisation_id'], a['user_id'], a['chapter_ids'])

    def after_set_mentor_chapters(self, call, a):
        self.mentors[a['mentor_id']].chapters = list(a['chapter_ids'])

    def after_link_login(self, call, a):
        self.mentors[a['mentor_id']].user = a['user_id']

    def after_remove_mentor(self, call, a):
        self.mentors[a['mentor_id']].removed = True

    def after_restore_mentor(self, call, a):
        self.mentors[a['mentor_id']].removed = False

    def after_assign_coordinator(self, call, a):
        self.assignments.add((a['coordinator_id'], a['mentor_id']))

    def after_end_assignment(self, call, a):
        self.assignments.remove((a['coordinator_id'], a['mentor_id']))

    def after_grant_role(self, call, a):
        self.roles.add((a['user_id'], a['organisation_id'], a['role'], a['chapter_id']))

    def after_end_role(self, call, a):
        self.roles.remove((a['user_id'], a['organisation_id'], a['role'], a['chapter_id']))
        if not any(r[:2] == (a['user_id'], a['organisation_id']) for r in self.roles):
            self.assignments = {(c, m) for c, m in self.assignments
                                if c != a['user_id'] or self.mentors[m].organisation != a['organisation_id']}

    def after_put_chapter(self, call, a):
        if a['chapter_id']:
            self.chapters[a['chapter_id']] = a['organisation_id']
