"""Checks payloads against docs/events/*.json.  Reads lines of event type, a tab and the payload; prints what is wrong.
  validate.py FOLDER [EVENT_TYPE...]   and these types must be among them
"""
import collections
import json
import pathlib
import sys

import jsonschema

schemas = {p.stem: json.loads(p.read_text()) for p in pathlib.Path(sys.argv[1]).glob('*.json')}
validators = {}
for name, schema in schemas.items():
    jsonschema.Draft202012Validator.check_schema(schema)
    validators[name] = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
                                                       if hasattr(jsonschema.Draft202012Validator, 'FORMAT_CHECKER') else jsonschema.FormatChecker())
seen, examples = collections.Counter(), {}
for line in sys.stdin:
    name, payload = line.rstrip('\n').split('\t', 1)
    seen[name] += 1
    payload = json.loads(payload)
    if name not in validators:
        print(f'no schema for {name}')
        continue
    for error in validators[name].iter_errors(payload):
        print(f'{name}: {error.message}')
    examples[name] = payload
for name in sys.argv[2:]:
    if not seen[name]:
        print(f'no payload of {name}')
# a schema that takes anything would prove nothing
for name, payload in examples.items():
    for key in payload:
        if validators[name].is_valid({k: v for k, v in payload.items() if k != key}):
            print(f'{name} does without {key}')
        if validators[name].is_valid({**payload, key: ['x']}):
            print(f'{name} takes anything as {key}')
    if validators[name].is_valid({**payload, 'display_name': 'x'}):
        print(f'{name} takes more than it says')
print(f'# {sum(seen.values())} payloads of {len(seen)} types', file=sys.stderr)
