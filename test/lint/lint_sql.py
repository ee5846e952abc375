"""The rules of pgspot over our SQL, by PostgreSQL's own parser.
  lint_sql.py extension FILE...   built scripts: nothing may be found by an unqualified name, nothing foreign replaced
  lint_sql.py migration FILE...   migrations: functions pinned, names qualified wherever the path is not; operators are
                                  left alone, for pg_catalog comes first there and the owner runs them with own rights
  lint_sql.py sources FILE...     string literals of C++: UPDATE and DELETE have a WHERE, for safeupdate
Prints FILE:LINE: CODE what, one a line; the exit status is 1 if there was any."""
import json
import re
import sys

from pglast import ast, enums, parse_plpgsql, parse_sql
from pglast.parser import ParseError
from pglast.visitors import Visitor

OURS = 'peer_mentor'


def names(parts):
	return [p.sval for p in parts or ()]


def options(stmt):
	return {o.defname: o.arg for o in stmt.options or () if o.defname != 'set'}


def path_of(setting):
	"""The schemas of SET search_path, or None for anything else."""
	if setting.name != 'search_path' or setting.kind != enums.VariableSetKind.VAR_SET_VALUE:
		return None
	return [getattr(a.val, 'sval', '') for a in setting.args]


class Lint:
	def __init__(self, file, text, extension):
		self.file, self.text, self.extension = file, text, extension
		self.made = {OURS} if extension and re.search(r'--.+--', file) else set()  # an update meets the schema
		self.found = []

	def report(self, at, code, what):
		self.found.append(f'{self.file}:{self.text.count(chr(10), 0, at) + 1}: {code} {what}')

	def is_secure(self, path):
		rest = [s for s in path[:-1] if s != 'pg_catalog'] if path else []
		return bool(path) and path[-1] == 'pg_temp' and path[0] == 'pg_catalog' and all(s in self.made for s in rest)

	def run(self):
		for raw in parse_sql(self.text):
			at = raw.stmt_location + len(self.text[raw.stmt_location:]) - len(self.text[raw.stmt_location:].lstrip())
			self.text_of = self.text[raw.stmt_location:raw.stmt_location + raw.stmt_len] if raw.stmt_len else self.text[raw.stmt_location:]
			self.statement(raw.stmt, at)
		return self.found

	def statement(self, stmt, at):
		if isinstance(stmt, ast.CreateSchemaStmt):
			self.made.add(stmt.schemaname)
		if self.extension:
			self.foreign(stmt, at)
		if isinstance(stmt, ast.CreateFunctionStmt):
			self.function(stmt, at)
		elif isinstance(stmt, ast.DoStmt):
			body = {d.defname: d.arg.sval for d in stmt.args}['as']
			self.plpgsql(f'CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $lint${body}$lint$', at, False)
		if isinstance(stmt, ast.VariableSetStmt):
			self.quoting(stmt, at)
		Names(self, at, False).look(stmt)

	def foreign(self, stmt, at):
		"""What could replace, or silently take over, an object that somebody planted."""
		made_here = lambda name: len(name) > 1 and name[0] in self.made
		if isinstance(stmt, ast.CreateFunctionStmt) and stmt.replace and not made_here(names(stmt.funcname)):
			self.report(at, 'PS002', f"CREATE OR REPLACE FUNCTION {'.'.join(names(stmt.funcname))}")
		elif isinstance(stmt, ast.CreateTransformStmt) and stmt.replace:
			self.report(at, 'PS006', 'CREATE OR REPLACE TRANSFORM')
		elif isinstance(stmt, ast.DefineStmt) and (stmt.replace or stmt.if_not_exists):
			self.report(at, 'PS007', 'CREATE OR REPLACE or IF NOT EXISTS')
		elif isinstance(stmt, ast.CreateTableAsStmt) and stmt.if_not_exists:
			self.report(at, 'PS007', 'CREATE TABLE IF NOT EXISTS AS')
		elif isinstance(stmt, ast.CreateSchemaStmt) and stmt.if_not_exists:
			self.report(at, 'PS010', 'CREATE SCHEMA IF NOT EXISTS')
		elif isinstance(stmt, ast.CreateSeqStmt) and stmt.if_not_exists:
			self.report(at, 'PS011', 'CREATE SEQUENCE IF NOT EXISTS')
		elif isinstance(stmt, ast.CreateStmt) and stmt.if_not_exists:
			self.report(at, 'PS012', 'CREATE TABLE IF NOT EXISTS')
		elif isinstance(stmt, ast.CreateForeignServerStmt) and stmt.if_not_exists:
			self.report(at, 'PS013', 'CREATE SERVER IF NOT EXISTS')
		elif isinstance(stmt, ast.IndexStmt) and stmt.if_not_exists:
			self.report(at, 'PS014', 'CREATE INDEX IF NOT EXISTS')
		elif isinstance(stmt, ast.ViewStmt) and stmt.replace:
			self.report(at, 'PS015', 'CREATE OR REPLACE VIEW')

	def quoting(self, setting, at):
		if any(',' in s for s in path_of(setting) or ()):
			self.report(at, 'PS018', 'the schemas of search_path are quoted as one')

	def function(self, stmt, at):
		given = options(stmt)
		language = given['language'].sval
		settings = [o.arg for o in stmt.options if o.defname == 'set']
		path = next((p for p in map(path_of, settings) if p is not None), None)
		definer = 'security' in given and bool(given['security'].boolval)
		name = '.'.join(names(stmt.funcname))
		for s in settings:
			self.quoting(s, at)
		secure = path is not None and self.is_secure(path)
		if len(names(stmt.funcname)) < 2:
			self.report(at, 'PS017', f'function {name} in no schema')
		if definer and path is None:
			self.report(at, 'PS003', f'{name} is SECURITY DEFINER without search_path')
		elif definer and not secure:
			self.report(at, 'PS004', f'{name} is SECURITY DEFINER with search_path {path}')
		elif not secure and language != 'c':
			self.report(at, 'PS005', f'{name} has no secure search_path')
		if language == 'c':
			return
		if 'as' not in given:
			Names(self, at, secure).look(stmt.sql_body)
		elif language == 'sql':
			for raw in parse_sql(given['as'][0].sval):
				Names(self, at, secure).look(raw.stmt)
		else:
			self.plpgsql(self.text_of, at, secure)

	def plpgsql(self, definition, at, secure):
		for kind, value in pairs(parse_plpgsql(definition)):
			if kind == 'PLpgSQL_stmt_case' and 't_expr' in value and not secure and self.extension:
				self.report(at, 'PS009', 'simple CASE statement')
			if kind != 'PLpgSQL_expr':
				continue
			for raw in parse_fragment(value['query']):
				Names(self, at, secure).look(raw.stmt)


def pairs(tree):
	if isinstance(tree, dict):
		for k, v in tree.items():
			yield k, v
			yield from pairs(v)
	elif isinstance(tree, list):
		for v in tree:
			yield from pairs(v)


def parse_fragment(query):
	for text in (query, 'SELECT ' + query, 'SELECT ' + query.split(':=', 1)[-1], 'SELECT ' + query.split('=', 1)[-1]):
		try:
			return parse_sql(text)
		except ParseError:
			continue
	raise SystemExit(f'cannot parse: {query}')


class Names(Visitor):
	"""Unqualified names where the path is not secure, and writes without WHERE anywhere."""

	def __init__(self, lint, at, secure):
		self.lint, self.at, self.secure, self.ctes = lint, at, secure, set()

	def look(self, node):
		if node is not None:
			Collect(self.ctes)(node)
			self(node)

	def check(self, code, what):
		if not self.secure:
			self.lint.report(self.at, code, what)

	def visit_A_Expr(self, ancestors, node):
		kind = enums.A_Expr_Kind
		if node.kind in (kind.AEXPR_OP, kind.AEXPR_OP_ANY, kind.AEXPR_OP_ALL) and self.lint.extension and len(node.name) == 1:
			self.check('PS001', f'operator {node.name[0].sval}')
		elif node.kind not in (kind.AEXPR_OP, kind.AEXPR_OP_ANY, kind.AEXPR_OP_ALL) and self.lint.extension:
			self.check('PS001', f'{node.kind.name} has a hidden operator')

	def visit_SubLink(self, ancestors, node):
		if self.lint.extension and node.subLinkType in (enums.SubLinkType.ANY_SUBLINK, enums.SubLinkType.ALL_SUBLINK) and len(node.operName or ()) < 2:
			self.check('PS001', 'IN or ANY has a hidden operator')

	def visit_JoinExpr(self, ancestors, node):
		if self.lint.extension and (node.usingClause or node.isNatural):
			self.check('PS001', 'USING has a hidden operator')

	def visit_CaseExpr(self, ancestors, node):
		if node.arg is not None and self.lint.extension:
			self.check('PS009', 'simple CASE')

	def visit_FuncCall(self, ancestors, node):
		if len(node.funcname) == 1:
			self.check('PS016', f'function {node.funcname[0].sval}')

	def visit_RangeVar(self, ancestors, node):
		if node.schemaname is None and node.relname not in self.ctes:
			self.check('PS017', f'relation {node.relname}')

	def visit_TypeName(self, ancestors, node):
		found = names(node.names)
		# pg_catalog comes first wherever these are looked up; only a name of our own could be somebody else's
		if len(found) == 1 and found[0] not in CATALOG_TYPES:
			self.check('PS017', f'type {found[0]}')

	def visit_UpdateStmt(self, ancestors, node):
		if node.whereClause is None:
			self.lint.report(self.at, 'WHERE', f'UPDATE {node.relation.relname} without WHERE')

	def visit_DeleteStmt(self, ancestors, node):
		if node.whereClause is None:
			self.lint.report(self.at, 'WHERE', f'DELETE FROM {node.relation.relname} without WHERE')


class Collect(Visitor):
	def __init__(self, into):
		self.into = into

	def visit_CommonTableExpr(self, ancestors, node):
		self.into.add(node.ctename)


CATALOG_TYPES = set('''bool boolean bytea date internal json jsonb name oid oidvector numeric record regclass regnamespace regprocedure regrole regtype text
	timestamp timestamptz trigger uuid void xid'''.split())


def sources(file, text):
	"""Adjacent literals make one statement, as the compiler joins them; macros between them are left out."""
	found = []
	literal = r'"((?:[^"\\\n]|\\.)*)"'
	for m in re.finditer(rf'{literal}(?:[\s\\]*(?:[A-Z_]+[\s\\]+)?{literal})*', text):
		sql = ''.join(re.findall(literal, m.group(0))).replace('\\"', '"').replace('\\n', ' ')
		if not re.match(r'\s*(UPDATE|DELETE|WITH|INSERT|SELECT)\b', sql):
			continue
		lint = Lint(file, text, False)
		try:
			for raw in parse_sql(sql):
				Names(lint, m.start(), True).look(raw.stmt)
		except ParseError:
			for part in re.findall(r'\b(?:UPDATE|DELETE FROM) (?:ONLY )?[a-z_]+\.[a-z_]+.*', sql):
				if ' WHERE ' not in part:
					lint.report(m.start(), 'WHERE', part[:60])
		found += lint.found
		sources.seen += len(re.findall(r'\bUPDATE (?:public|peer_mentor_private)\.|\bDELETE FROM ', sql))
	return found


sources.seen = 0


def main(mode, files):
	found = []
	for file in files:
		text = open(file, encoding='utf-8').read()
		if mode == 'sources':
			found += sources(file, text)
			continue
		text = re.sub(r'(?m)^\\.*$', '', text).replace('@extowner@', 'extowner').replace("'MODULE_PATHNAME'", "'lib'")
		found += Lint(file, text, mode == 'extension').run()
	for line in found:
		print(line)
	if mode == 'sources':
		print(f'# {sources.seen} writes looked at', file=sys.stderr)
	return 1 if found else 0


if __name__ == '__main__':
	sys.exit(main(sys.argv[1], sys.argv[2:]))
