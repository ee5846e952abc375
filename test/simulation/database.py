"""One psql session on a server whose clock is the file CLOCK, and how the calls and rows of a simulation are said there."""
import json
import os
import subprocess

TRANSITIONS = {'pause_mentor', 'reactivate_mentor', 'set_return_date', 'record_certification', 'renew_certification',
               'suspend_certification', 'reinstate_certification', 'correct_certification', 'remove_mentor', 'restore_mentor'}


def literal(value):
    if isinstance(value, list):
        return "'{" + ','.join(map(str, value)) + "}'"
    return "'" + str(value) + "'"


def to_sql(call):
    if call['function'] == 'direct_update':
        given = dict(call['arguments'])
        mentor = given.pop('mentor_id')
        changes = ', '.join(f'{column} = {literal(value)}' for column, value in given.items())
        return f'UPDATE public.peer_mentor_status SET {changes} WHERE mentor_id = {literal(mentor)}'
    arguments = ', '.join(f'{name} => {literal(value)}' for name, value in call['arguments'].items())
    return f'SELECT * FROM public.{call["function"]}({arguments})'


class Clock:
    """The server's clock stands still until it is set."""

    def __init__(self, path):
        self.path = path

    def set(self, now):
        with open(self.path + '.new', 'w', encoding='ascii') as file:
            file.write(now.strftime('%Y-%m-%d %H:%M:%S.%f') + '\n')
        os.chmod(self.path + '.new', 0o644)
        os.rename(self.path + '.new', self.path)


class Database:
    def __init__(self, name, template, folder):
        self.name, self.programs = name, os.path.dirname(os.environ['PSQL'])
        subprocess.run([os.path.join(self.programs, 'createdb'), '-T', template, name], check=True)
        self.folder, self.last_event, self.since = folder, 0, '-infinity'
        self.psql = subprocess.Popen([os.environ['PSQL'], '-XqAt', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-d', name],
                                     text=True, bufsize=1 << 16, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        # what the engine warns of is no difference
        self.ask('SET client_min_messages = error; SET TimeZone = UTC;')

    def ask(self, *commands):
        """The rows of all that the commands return."""
        self.psql.stdin.write('\n'.join(commands) + "\nSELECT '.';\n")
        self.psql.stdin.flush()
        rows = []
        for line in self.psql.stdout:
            if line == '.\n':
                return rows
            rows.append(line[:-1].split('\t'))
        raise SystemExit('psql ended')

    def drop(self):
        self.psql.stdin.close()
        self.psql.wait()
        subprocess.run([os.path.join(self.programs, 'dropdb'), self.name], check=True)

    def found(self, setups):
        self.ask(*(f'CALL simulation.found($found${json.dumps(setup)}$found$);' for setup in setups), 'ANALYZE;')

    def play(self, calls):
        said = [{'caller': c['caller'], 'sql': to_sql(c), 'transition': c['function'] in TRANSITIONS} for c in calls]
        return json.loads(self.ask(f'CALL simulation.play($play${json.dumps(said)}$play$, NULL);')[0][0])

    def run(self, as_of, batch_size):
        arguments = f"as_of => {literal(as_of) if as_of else 'NULL'}, batch_size => {batch_size}"
        self.ask(f'SET ROLE keeper; CALL peer_mentor.run_nightly({arguments}); RESET ROLE;')

    def chronicle(self):
        found = {}
        for mentor, line in self.ask('SELECT * FROM simulation.chronicle();'):
            found.setdefault(mentor, []).append(line)
        return found

    def look(self, ran_at):
        """What is there now: lines of mentors, what history and outbox gained, broken promises, troubles."""
        rows = self.ask(
            "SELECT 'mentor', * FROM simulation.mentors();",
            f"SELECT 'history', * FROM simulation.histories('{self.since}');",
            f"SELECT 'event', * FROM simulation.events({self.last_event});",
            "SELECT 'latest', coalesce(max(changed_at), '-infinity') FROM public.peer_mentor_status_history;",
            "SELECT 'trouble', kind, coalesce(mentor_id::text, '-'), line FROM simulation.troubles;",
            f"\\set as_of '{ran_at or ''}'", f"\\i {self.folder}/../checks/promises.sql")
        found = {'mentor': {}, 'history': {}, 'event': {}, 'trouble': [], 'promise': []}
        for row in rows:
            kind = row[0]
            if kind == 'mentor':
                found['mentor'][row[1]] = row[2]
            elif kind == 'history':
                found['history'].setdefault(row[1], []).append(row[2])
            elif kind == 'event':
                self.last_event = max(self.last_event, int(row[2]))
                words, payload = row[3].split(' {', 1)
                payload = json.dumps(json.loads('{' + payload), sort_keys=True)
                found['event'].setdefault(row[1], []).append(f'{words} {payload}')
            elif kind == 'latest':
                self.since = row[1]
            elif kind == 'trouble':
                found['trouble'].append(tuple(row[1:]))
            else:
                found['promise'].append(tuple(row))
        return found
