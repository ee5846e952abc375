#!/usr/bin/env python3
"""What the receiver saw.
    seen.py FOLDER EXPRESSION           Python over `seen`, the list of requests, and `taken`, those that counted
    seen.py FOLDER --against EVENTS     compares with a table event_id, id, mentor_id, recipient or nothing (CSV) of all
                                        deliveries the database knows: nothing lost, nothing twice, order per mentor
"""
import csv
import json
import sys
from collections import defaultdict

try:
    with open(sys.argv[1] + "/seen.jsonl", encoding="utf-8") as f:
        seen = [json.loads(line) for line in f]
except FileNotFoundError:
    seen = []
taken = [line for line in seen if line["first"]]


def overtaken(number):
    last = defaultdict(int)
    bad = 0
    for line in taken:
        whose = (line["mentor"], line["recipient"])
        if line["key"] not in number:
            continue
        bad += number[line["key"]] < last[whose]
        last[whose] = max(last[whose], number[line["key"]])
    return bad


def against(path):
    number = {}
    with open(path, encoding="utf-8", newline="") as f:
        for event_id, n, _, recipient in csv.reader(f):
            number[event_id + (":" + recipient if recipient else "")] = int(n)
    keys = [line["key"] for line in taken]
    bodies = defaultdict(set)
    for line in seen:
        bodies[line["key"]].add(line["body"])
    print("deliveries", len(number), "lost", len(set(number) - set(keys)), "unknown", len(set(keys) - set(number)),
          "twice", len(keys) - len(set(keys)), "overtaken", overtaken(number),
          "unsigned", sum(not line["signed"] for line in seen), "changed", sum(len(b) > 1 for b in bodies.values()))
    again = len(seen) - len(number)
    print(f"# {len(seen)} requests for {len(number)} deliveries, {again} again, {len({s['mentor'] for s in seen})} mentors, "
          f"{max((s['at_once'] for s in seen), default=0)} at once at most", file=sys.stderr)


if sys.argv[2] == "--against":
    against(sys.argv[3])
else:
    print(eval(sys.argv[2]))  # pylint: disable=eval-used
