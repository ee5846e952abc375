"""8 workers, a writer, and one who kills: see test/scripts/outbox.sh.
  storm.py DSN SECONDS SEED
"""
import hashlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid

import psycopg2

dsn, seconds, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
WORKERS, MENTORS = 8, 100
r = random.Random(seed)
started = killed = 0
failures = []


def start(i):
    global started
    started += 1
    channel = 'portal_sync' if i % 4 == 3 else 'notification'
    return subprocess.Popen([sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), 'worker.py'), dsn, channel, f'w{started}', str(seed + started)],
                            stderr=subprocess.PIPE, text=True)


def mentor(m):
    return str(uuid.UUID(hashlib.md5(f'm{m}'.encode()).hexdigest()))


def write(until):
    """Mentors come and go, some by their coordinator; now and then one commit of many."""
    own, connection, changes = random.Random(seed), psycopg2.connect(dsn), 0
    connection.autocommit = True
    cursor = connection.cursor()
    while time.time() < until:
        n = own.choice([1, 1, 1, 1, 30])
        cursor.execute("""SELECT count(CASE s.status WHEN 'active' THEN public.pause_mentor(s.mentor_id) ELSE public.reactivate_mentor(s.mentor_id) END)
                            FROM (SELECT s.* FROM public.peer_mentor_status s WHERE s.mentor_id = ANY (%s::uuid[])) s""",
                       ([mentor(m) for m in own.sample(range(1, MENTORS + 1), n)],))
        changes += n
        time.sleep(own.random() * 0.02)
    print(f'# {changes} changes written in {seconds} s', flush=True)


def look(worker, number):
    if worker.poll() is not None and worker.returncode != -signal.SIGKILL:
        failures.append(f'worker {number} ended by itself: {worker.returncode} {worker.stderr.read()[-300:]}')
        return True
    return False


began = time.time()
workers = [start(i) for i in range(WORKERS)]
writer = threading.Thread(target=write, args=(began + seconds,))
writer.start()
while time.time() < began + seconds:
    time.sleep(r.random() * 0.5)
    i = r.randrange(WORKERS)
    if not look(workers[i], i):
        os.kill(workers[i].pid, signal.SIGKILL)
        workers[i].wait()
        killed += 1
    workers[i] = start(i)
writer.join()
connection = psycopg2.connect(dsn)
connection.autocommit = True
cursor = connection.cursor()
least, since = None, time.time()
while time.time() - since < 30:  # as long as they get on
    cursor.execute('SELECT count(*) FROM public.outbox_events WHERE delivered_at IS NULL')
    waiting, = cursor.fetchone()
    if waiting == 0:
        break
    if least is None or waiting < least:
        least, since = waiting, time.time()
    time.sleep(0.1)
print(f'# {killed} of {started} workers killed; all delivered {time.time() - began - seconds:.1f} s after the last change')
for i, worker in enumerate(workers):
    look(worker, i)
    worker.kill()
for f in failures:
    print(f)
