"""Days of many random organisations in one database, compared every day with the model.

simulate.py FIRST LAST DAYS CLOCK JOB JOBS    the groups of the seeds FIRST to LAST that are this job's; psql is found by
                                              PSQL, the server by PGHOST and the like; prints TAP lines without a plan
Seeds share their nights in groups of 25, so that a seed alone makes the same calls at the same moments as among others.
"""
import datetime
import os
import random
import sys
import zoneinfo

from database import Clock, Database, to_sql
from generate import ZONES, Generator
from model import moment
from words import chronicle, event_line, forgotten, history_line, mentor_line

GROUP = 25
DAY = datetime.timedelta(days=1)
SECOND = datetime.timedelta(seconds=1)
FOLDER = os.path.dirname(os.path.abspath(__file__))
UTC = datetime.timezone.utc
BEGIN = datetime.datetime(2027, 1, 10, 2, 15, tzinfo=UTC)
BREAK = os.environ.get('BREAK')


def midnights(since, until):
    """Moments about the local midnights of all zones, and about their changes to and from summer time."""
    for name in ZONES:
        zone = zoneinfo.ZoneInfo(name)
        day = since.astimezone(zone).date()
        for local in (datetime.datetime.combine(day + DAY * n, datetime.time(hour), zone) for n in (0, 1) for hour in (0, 2, 3)):
            if local.hour == 0 or local.utcoffset() != (local - DAY / 8).utcoffset():
                at = local.astimezone(UTC)
                yield from (m for m in (at - SECOND / 2, at, at + SECOND) if since < m < until)


class Nights:
    """When a group's nights are, which are missed, which are repeated, and when people call in between."""

    def __init__(self, group):
        self.random = random.Random(f'nights of group {group}')
        self.now, self.missed = BEGIN, 0

    def some_moment(self, since, until, near):
        special = list(midnights(since, until)) if self.random.random() < near else []
        if special:
            return self.random.choice(special)
        return since + SECOND * self.random.randrange(1, max(2, int((until - since).total_seconds())))

    def next(self, number):
        """The moments of the calls, the moment of the night, how often it runs."""
        r, since = self.random, self.now
        due = BEGIN + DAY * number
        night = due if r.random() < 0.6 else self.some_moment(max(since, due - DAY / 2), due + DAY * 0.4, 0.8)
        calls = sorted({self.some_moment(since, night, 0.3) for _ in range(2)})
        self.now = night
        if self.missed:
            self.missed -= 1
            return calls, night, 0
        if r.random() < 0.03:
            self.missed = r.choice([0, 0, 1, 2, 3, 6, 12, 19])
            return calls, night, 0
        return calls, night, r.choice([1] * 7 + [2])


class Seed:
    """One organisation, and whether database and model still agree about it."""

    def __init__(self, seed, now):
        self.seed, self.generator = seed, Generator(seed, now)
        self.organisation = self.generator.organisation
        self.told = {m.name: 0 for m in self.organisation.mentors}  # history rows compared so far
        self.differences, self.asked, self.counts = [], [], {}

    def count(self, what):
        self.counts[what] = self.counts.get(what, 0) + 1

    def differ(self, what, mentor, expected, found):
        self.differences.append((what, mentor, expected, found))

    def compare(self, found):
        for m in self.organisation.mentors:
            expected, there = mentor_line(m), found['mentor'].get(m.name, 'nothing')
            if expected != there and forgotten(m, expected) != forgotten(m, there):
                self.differ('mentor', m.name, expected, there)
            rows = m.history[self.told[m.name]:]
            self.told[m.name] = len(m.history)
            for row in rows:
                self.count('reason ' + row[3])
            self.compare_lists('history', m.name, [history_line(row) for row in rows], found['history'].get(m.name, []))
            events = [event_line(e) for e in m.news]
            for event in m.news:
                self.count('event ' + event[1])
            m.news = []
            self.compare_lists('events', m.name, events, found['event'].get(m.name, []))

    def compare_lists(self, what, mentor, expected, found):
        if sorted(expected) != sorted(found):
            missing, extra = list(expected), []
            for line in found:
                if line in missing:
                    missing.remove(line)
                else:
                    extra.append(line)
            self.differ(what, mentor, missing, extra)


class Group:
    def __init__(self, group, seeds, days, clock, template):
        self.nights, self.days, self.clock = Nights(group), days, clock
        self.name = f'group_{group}'
        clock.set(BEGIN)
        self.database = Database(self.name, template, FOLDER)
        self.seeds = [Seed(seed, BEGIN) for seed in seeds]
        self.database.found([s.generator.setup() for s in self.seeds])
        self.nights_run = 0

    def live(self):
        return [s for s in self.seeds if not s.differences]

    def call(self, now):
        self.clock.set(now)
        calls = []
        for s in self.live():
            for call in s.generator.ask(now):
                calls.append((s, call, s.organisation.call(call, now)))
        if not calls:
            return
        for (s, call, expected), found in zip(calls, self.database.play([call for _, call, _ in calls])):
            s.count('answer ' + expected.split()[0])
            s.asked.append((now, call, found))
            if expected != found and not s.differences:
                s.differ(f'{call["caller"]} at {moment(now)}: {to_sql(call)}', call['arguments'].get('mentor_id'), expected, found)

    def day(self, number):
        moments, night, runs = self.nights.next(number)
        for now in moments:
            self.call(now)
        self.clock.set(night)
        r = self.nights.random
        for run in range(runs):
            self.database.run(r.choice([None, None, None, night.isoformat()]), r.choice([1000, 1000, 7, 1]))
            if run == 0:
                for s in self.live():
                    s.organisation.night(night)
        self.nights_run += runs
        if number % 60 == 0:
            self.database.ask('VACUUM ANALYZE;')
        self.compare(night, runs)

    def compare(self, night, runs):
        found = self.database.look(night.isoformat() if runs else None)
        for s in self.live():
            s.compare(found)
        owners = {m.name: s for s in self.live() for m in s.organisation.mentors}
        for promise in found['promise']:
            s = owners.get(promise[1])
            if s:
                s.differ(f'promise {promise[0]}', promise[1], 'kept', promise[2])
        for kind, mentor, line in found['trouble']:
            for s in [owners[mentor]] if mentor in owners else self.live() if mentor == '-' else []:
                s.differ(kind, mentor, 'none', line)

    def compare_chronicles(self):
        """Nothing that was compared on its day was changed or lost since."""
        found = self.database.chronicle()
        for s in self.live():
            for m in s.organisation.mentors:
                s.compare_lists('chronicle', m.name, list(chronicle(m)), found.get(m.name, []))
            s.day = self.days

    def simulate(self):
        for number in range(1, self.days + 1):
            before = {s.seed for s in self.live()}
            self.day(number)
            for s in self.seeds:
                if s.differences and s.seed in before:
                    s.day = number
            if not self.live() or (BREAK and len(self.live()) < len(self.seeds)):
                break
        self.compare_chronicles()
        self.database.drop()

    def report_broken(self):
        different = [s for s in self.seeds if s.differences]
        where = f'seed {different[0].seed}, day {different[0].day}: {different[0].differences[0][0]}' if different else 'nowhere'
        print(f'{"ok" if different else "not ok"} - the comparison notices a model without {BREAK} ({where})', flush=True)

    def report(self):
        different = [s for s in self.seeds if s.differences]
        print(f'{"not ok" if different else "ok"} - seeds {self.seeds[0].seed} to {self.seeds[-1].seed}: {self.days} days, {self.nights_run} runs,'
              f' {sum(len(s.asked) for s in self.seeds)} calls', flush=True)
        for s in different[:3]:
            o = s.organisation
            print(f'# seed {s.seed} differs on day {s.day} ({(BEGIN + DAY * s.day).date()}); {o.time_zone}, ladder {o.ladder},'
                  f' auto_reactivate {o.auto_reactivate}, portal_sync {o.portal_sync}')
            for what, mentor, expected, found in s.differences[:4]:
                print(f'#   {what}, mentor {mentor}', f'#     expected {expected}', f'#     found    {found}', sep='\n')
            # what led to it: the last calls about the first of these mentors, or about their organisation
            mentor = s.differences[0][1]
            told = [a for a in s.asked if a[1]['arguments'].get('mentor_id', mentor) == mentor]
            for now, call, answer in told[-15:]:
                print(f'#   {moment(now)} {call["caller"]}: {to_sql(call)} -> {answer}')
        for s in different[3:]:
            print(f'# seed {s.seed} differs on day {s.day}: {s.differences[0][0]}')
        sys.stdout.flush()


def main():
    first, last, days = map(int, sys.argv[1:4])
    clock, job, jobs = Clock(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6])
    groups = {}
    for seed in range(first, last + 1):
        groups.setdefault((seed - 1) // GROUP, []).append(seed)
    counts = {}
    for number, (group, seeds) in enumerate(groups.items()):
        if number % jobs != job:
            continue
        g = Group(group, seeds, days, clock, 'template')
        g.simulate()
        if BREAK:
            g.report_broken()
            return
        g.report()
        for s in g.seeds:
            for what, n in s.counts.items():
                counts[what] = counts.get(what, 0) + n
    for what, n in sorted(counts.items()):
        print('count', what, n)


if __name__ == '__main__':
    main()
