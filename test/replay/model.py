"""What a register must make of its holders, month by month, computed from the file alone.

model.py REGISTER.csv FOLDER writes into FOLDER
    steps.csv               step, as_of: the moment of each month's nightly run
    ORGANISATION/STEP.csv   the rows that arrive in that month, in the order of the file
    counts.csv              step, organisation, rows, rejected, first terms
    statuses.csv            step, organisation, mentor_key, status, cause, since: where a status is new or has changed
"""
import calendar
import csv
import datetime
import os
import sys
import zoneinfo

# the second one holds every other account of the first, on another side of midnight
ORGANISATIONS = {
    'oslo': (zoneinfo.ZoneInfo('Europe/Oslo'), lambda account: True),
    'chicago': (zoneinfo.ZoneInfo('America/Chicago'), lambda account: int(account) % 2 == 0),
}
SUSPENDED = {'AAC', 'REV'}
STEPS = [f'{year}-{month:02}' for year in range(2000, 2023) for month in range(1, 13)]


def as_of(step):
    """The last evening of the month: in Oslo 23:30 in winter, but half past midnight of the next day in summer."""
    year, month = map(int, step.split('-'))
    last = calendar.monthrange(year, month)[1]
    return datetime.datetime(year, month, last, 22, 30, tzinfo=datetime.timezone.utc)


def to_day(text):
    return datetime.date.fromisoformat(text) if text else None


def arrives_in(row):
    day = row['license_term_start_date'] or row['license_term_expiration_date']
    return min(max(day[:7], STEPS[0]), STEPS[-1])


def is_sound(row):
    start, end = to_day(row['license_term_start_date']), to_day(row['license_term_expiration_date'])
    return bool(row['account_number'] and row['license_code'] and start and end and start <= end)


def standing(licences, today):
    """Status of a holder, and why and since when it is expired_cert."""
    if any(term[3] for term in licences.values()):
        return 'expired_cert', 'suspended', ''
    lapsed = [term[0] for term in licences.values() if term[0] < today]
    if lapsed:
        return 'expired_cert', 'lapsed', min(lapsed) + datetime.timedelta(days=1)
    return 'active', '', ''


def replay(arrivals, zone, accepts, folder, counts, statuses):
    name = os.path.basename(folder)
    holders, last = {}, {}
    number = 0
    for step in STEPS:
        rows = [row for row in arrivals.get(step, ()) if accepts(row['account_number'])]
        rejected = first = 0
        for row in rows:
            number += 1
            if not is_sound(row):
                rejected += 1
                continue
            licences = holders.setdefault(row['account_number'], {})
            term = (to_day(row['license_term_expiration_date']), to_day(row['license_term_start_date']), number,
                    row['license_status'] in SUSPENDED)
            code = row['license_code']
            first += code not in licences
            licences[code] = max(licences.get(code, term), term)
        if rows:
            with open(os.path.join(folder, step + '.csv'), 'w', newline='', encoding='utf-8') as file:
                writer = csv.DictWriter(file, rows[0].keys(), lineterminator='\n')
                writer.writeheader()
                writer.writerows(rows)
            counts.writerow((step, name, len(rows), rejected, first))
        today = as_of(step).astimezone(zone).date()
        for holder, licences in holders.items():
            now = standing(licences, today)
            if last.get(holder, ('',))[0] != now[0]:
                statuses.writerow((step, name, holder, *now))
            last[holder] = now


def main():
    source, target = sys.argv[1:3]
    arrivals = {}
    with open(source, newline='', encoding='utf-8') as file:
        for row in csv.DictReader(file):
            arrivals.setdefault(arrives_in(row), []).append(row)
    with open(os.path.join(target, 'steps.csv'), 'w', encoding='utf-8') as file:
        file.writelines(f'{step},{as_of(step).isoformat()}\n' for step in STEPS)
    with open(os.path.join(target, 'counts.csv'), 'w', newline='', encoding='utf-8') as file_of_counts, \
            open(os.path.join(target, 'statuses.csv'), 'w', newline='', encoding='utf-8') as file_of_statuses:
        counts, statuses = csv.writer(file_of_counts), csv.writer(file_of_statuses)
        for name, (zone, accepts) in ORGANISATIONS.items():
            folder = os.path.join(target, name)
            os.makedirs(folder)
            replay(arrivals, zone, accepts, folder, counts, statuses)


if __name__ == '__main__':
    main()
