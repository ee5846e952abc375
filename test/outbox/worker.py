"""One delivery worker of the storm: claims, hands each event to the consumer, completes it; slow at times, wrong at
times, and killed at any moment.

The consumer keeps what it is given, once for each key, and counts what came again.
  worker.py DSN CHANNEL NAME SEED
"""
import random
import sys
import time

import psycopg2

dsn, channel, name, seed = sys.argv[1:5]
r = random.Random(seed)
database, consumer = psycopg2.connect(dsn), psycopg2.connect(dsn)
database.autocommit = consumer.autocommit = True
database_cursor, consumer_cursor = database.cursor(), consumer.cursor()
database_cursor.execute("SET ROLE service_role")


def ask(sql, *values):
    database_cursor.execute(sql, values)
    return database_cursor.fetchall()


def hand_over(event, recipient):
    if r.random() < 0.004:
        time.sleep(r.random() * 4)  # longer than the lease
    consumer_cursor.execute('SELECT consumer.receive(%s, %s, %s, %s, %s, %s, %s)',
                            (f'{event["event_id"]}:{recipient}', event['id'], event['event_id'], channel, event['event_type'], event['mentor_id'], name))


def deliver(event):
    whole = [event['id'], event['claim_token']]
    if channel == 'portal_sync' or r.random() < 0.5:
        for recipient in event['recipients'] or ([{'recipient': 'portal'}] if channel == 'portal_sync' else []):
            hand_over(event, recipient['recipient'])
        if r.random() < 0.05:
            ask("SELECT public.fail_event(%s, %s::uuid, 'HTTP 503', retry_after => '100 milliseconds')", *whole)
        else:
            ask('SELECT public.complete_event(%s, %s::uuid)', *whole)
        return
    for recipient in event['recipients']:
        if r.random() < 0.05:
            ask("SELECT public.fail_event(%s, %s::uuid, 'HTTP 429', recipient => %s::uuid, retry_after => '100 milliseconds')", *whole, recipient['recipient'])
        else:
            hand_over(event, recipient['recipient'])
            ask('SELECT public.complete_event(%s, %s::uuid, %s::uuid)', *whole, recipient['recipient'])


while True:
    batch = ask("SELECT to_jsonb(e) FROM public.claim_events(%s, %s, '2 seconds') e ORDER BY e.id", channel, r.choice([1, 5, 20]))
    for event, in batch:
        try:
            deliver(event)
        except psycopg2.Error as e:
            if e.pgcode != 'PT409' or 'lease_lost' not in (e.diag.message_detail or ''):
                raise
            consumer_cursor.execute('UPDATE consumer.counts SET leases_lost = leases_lost + 1')
    if not batch:
        time.sleep(0.05)
