"""What the model holds, in the words in which begin.sql says what the database holds."""
import json
import re

from model import moment


def said(value):
    return '-' if value is None else str(value)


def certification(code, c):
    event, _, _, kind, _, _ = c.entries[-1]
    return f'{code} {c.issued} {c.expires} {c.anchor} {c.status} {len(c.entries)} {event} {kind}'


def reminders(code, c):
    return f'{code} {c.expires} {{{",".join(map(str, c.reminders.sent))}}} {moment(c.reminders.last_at)}'


def forgotten(m, line):
    """A line without the reminders of expiry dates that came back: the contract does not say what their row remembers."""
    for code, c in m.certifications.items():
        if c.reminders.came_back:
            line = re.sub(rf'(\||,) {code} {c.expires} {{[-0-9,]*}} \S+(?=, |$)', r'\1 came back', line)
    return line


def mentor_line(m):
    p = m.live if m.status == 'paused' else None
    pauses = f'pauses {len(m.pauses)}'
    if m.live:
        live = m.live
        pauses += f' live {live.status} {live.reason} {said(live.return_date)} {said(live.coordinator)} {moment(live.paused_at)}'
    ended = [p for p in m.pauses if p.ended_at]
    if ended:
        last = max(ended, key=lambda p: p.ended_at)
        pauses += f' ended {last.reason} {last.ended_by} {said(last.coordinator)} {moment(last.ended_at)}'
    held = sorted(m.certifications.items())
    return ' | '.join([
        f'{m.status} v{m.version} {said(p and p.reason)} {said(p and p.return_date)} by {said(m.activated_by)}'
        f' {"removed" if m.removed else "here"} {m.chapters[0]}',
        f'rows {m.version}', pauses,
        ', '.join(certification(code, c) for code, c in held), ', '.join(reminders(code, c) for code, c in held)])


def history_line(row):
    version, previous, new, reason, kind, user, effective, at, run, chapter = row
    return (f'v{version} {said(previous)} {new} {reason} {kind} {said(user)} {effective} {moment(at)} {"run" if run else "call"}'
            f' {said(chapter)}')


def event_line(event):
    channel, kind, run, payload = event
    return f'{channel} {kind} {"run" if run else "call"} {json.dumps(payload, sort_keys=True)}'


def chronicle(m):
    """Everything that was ever written about a mentor, one line each."""
    for row in m.history:
        yield 'history ' + history_line(row)
    for p in m.pauses:
        yield (f'pause {p.reason} {said(p.return_date)} {said(p.coordinator)} {moment(p.paused_at)} {moment(p.ended_at)}'
               f' {said(p.ended_by)} {moment(p.resumes and p.resumes.paused_at)}')
    for code, c in m.certifications.items():
        for n, (event, issued, expires, kind, run, at) in enumerate(c.entries, 1):
            yield f'{code} {n} {event} {issued} {expires} {kind} {moment(at)} {"run" if run else "call"}'
    yield f'events {m.told}'
