"""The reminder ladder of one certification, as the contract has it: rungs are days before the last valid day, negative
ones after it; of those that are due the nearest is mailed, never twice for one expiry date, and a new rung never mails
the past."""
import datetime
import os

DAY = datetime.timedelta(days=1)


def broken(rule):
    """BREAK=rule breaks one rule of the model, to prove that the comparison notices."""
    return os.environ.get('BREAK') == rule


class Reminders:
    def __init__(self, expires):
        self.mailed = {}  # expiry date: rungs mailed for it, ever
        self.arm(expires)

    def arm(self, expires):
        """A new expiry date begins a new ladder; one that comes back too, but what was mailed for it is not mailed again."""
        self.came_back = expires in self.mailed  # the contract does not say what the row then remembers
        self.expires = expires
        self.sent, self.last_at = [], None
        self.begin_again()

    def begin_again(self):
        """After a suspension: what is due by now counts as late, what was sent stays sent."""
        self.known = None  # rungs the last look knew
        self.settled = set()  # mailed, passed over or dropped

    def note_ladder(self, ladder, today):
        past = {r for r in ladder if self.expires - DAY * r < today}
        if self.known is None:
            self.settled = {r for r in past if r < 0}
        else:
            self.settled &= self.known & set(ladder)
            if not broken('new_rung'):
                self.settled |= past - self.known
        self.known = set(ladder)

    def climb(self, ladder, today, now):
        """The rung to mail today, if any."""
        self.note_ladder(ladder, today)
        due = {r for r in ladder if r not in self.settled and self.expires - DAY * r <= today}
        self.settled |= due
        if not due:
            return None
        nearest = max(due) if broken('nearest') else min(due)
        mailed = self.mailed.setdefault(self.expires, set())
        if nearest >= 0 and today > self.expires:
            return None
        if self.sent and nearest >= min(self.sent) and not broken('never_twice'):
            return None
        again = nearest in mailed and not broken('never_twice')
        mailed.add(nearest)
        self.sent.append(nearest)
        self.last_at = now
        return None if again else nearest
