"""Writes a made-up register of licences as CSV: the columns of the published data set, and the same kinds of dirt.

generate.py [ROWS]      about so many rows (1500 by default), always the same ones
"""
import csv
import datetime
import random
import sys

COLUMNS = (
    'license_id,account_number,site_number,ward,license_code,license_description,license_number,application_type,'
    'application_created_date,payment_date,license_term_start_date,license_term_expiration_date,date_issued,'
    'license_status,license_status_change_date'
).split(',')
CODES = {
    '1006': 'Retail Food Establishment',
    '1010': 'Limited Business License',
    '1012': 'Home Occupation',
    '1023': "Children's Services Facility License",
    '1474': 'Package Goods',
    '1569': 'Motor Vehicle Repair : Engine Only (Class II)',
    '4404': 'Regulated Business License, "Class A"',
}


def later(day, months, days=0):
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    length = (datetime.date(year + month // 12, month % 12 + 1, 1) - datetime.timedelta(days=1)).day
    return datetime.date(year, month, min(day.day, length)) + datetime.timedelta(days=days)


def first_start(chance):
    if chance.random() < 0.03:
        return datetime.date(chance.randint(1995, 1999), chance.randint(1, 12), chance.randint(1, 28))
    return datetime.date(chance.randint(2000, 2019), chance.randint(1, 12), chance.choice((1, 16, 16, 28)))


def terms(chance):
    """The terms of one licence: issued once and renewed, mostly without a gap."""
    start = first_start(chance)
    for number in range(chance.choice((1, 1, 2, 3, 4, 6))):
        end = later(start, chance.choice((6, 12, 24, 24)), -1)
        yield number, start, end
        gap = chance.choice((0, 0, 0, 0, 1, 2, 14))
        start = later(end, gap, 1) if gap else end + datetime.timedelta(days=1)
        if start.year > 2021:
            return


def spoil(chance, start, end):
    """What registers really contain: missing dates, ends before starts, late and overlapping renewals."""
    kind = chance.random()
    if kind < 0.01:
        return '', end.isoformat()
    if kind < 0.013:
        return start.isoformat(), ''
    if kind < 0.018:
        return start.isoformat(), (start - datetime.timedelta(days=chance.randint(1, 400))).isoformat()
    if kind < 0.03:
        return later(start, -2).isoformat(), end.isoformat()
    if kind < 0.05:
        return later(start, 3).isoformat(), later(start, chance.randint(3, 9), 14).isoformat()
    return start.isoformat(), end.isoformat()


def rows(chance, wanted):
    made, account = [], 1000
    while len(made) < wanted:
        account += chance.randint(1, 40)
        wards = [str(chance.randint(1, 50)) for _ in range(chance.choice((1, 1, 2)))]
        for code in chance.sample(sorted(CODES), chance.choice((1, 1, 1, 2, 3))):
            for number, start, end in terms(chance):
                begins, ends = spoil(chance, start, end)
                status = chance.choices(('AAI', 'AAC', 'REV'), (92, 7, 1))[0]
                row = dict.fromkeys(COLUMNS, '')
                row.update(
                    account_number=str(account), site_number='1', license_code=code, license_description=CODES[code],
                    ward='' if chance.random() < 0.07 else chance.choice(wards),
                    application_type='RENEW' if number else 'ISSUE',
                    license_term_start_date=begins, license_term_expiration_date=ends, date_issued=start.isoformat(),
                    license_status=status, license_status_change_date='' if status == 'AAI' else end.isoformat())
                made.append(row)
                if chance.random() < 0.01:
                    made.append(dict(row))
                if chance.random() < 0.005:
                    made.append(dict(row, license_status='AAI' if status != 'AAI' else 'AAC'))
    chance.shuffle(made)
    for number, row in enumerate(made, 1):
        row['license_id'] = row['license_number'] = str(100000 + number)
    return made


def main():
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 1500
    writer = csv.DictWriter(sys.stdout, COLUMNS, lineterminator='\n')
    writer.writeheader()
    writer.writerows(rows(random.Random(20000101), wanted))


if __name__ == '__main__':
    main()
