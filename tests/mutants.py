#!/usr/bin/env python3
"""Mutation testing: breaks formulas one at a time and checks that the unit tests fail.

    tests/mutants.py                   runs all mutants; prints a table, fails if one survives
    tests/mutants.py --only 'norm.*'   runs those whose names match a shell pattern, or one of several: 'a.*,b'
    tests/mutants.py --list            only checks that each entry still fits its file

tests/mutants/*.txt holds the entries:

    [name] file: tests that should fail, joined with ` + `: doctest patterns, or `row OP`
    - the original text, a statement that ends in ; or an expression; white space does not matter
    + its replacement; if there are two @ in the original, that of the expression between them

All mutants are compiled into one copy of the library, and an environment variable selects one, so
that a single build serves all. The copy is kept in --scratch for the next run. A mutant that survives
its own tests is run against all tests.
"""
import argparse
import concurrent.futures
import fnmatch
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import zlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
SWITCH = 'tapehead_mutant'
DEFINITION = f'''
#include <cstdlib>
const int {SWITCH} = [] {{
  const char* number = std::getenv("TAPEHEAD_MUTANT");
  return number ? std::atoi(number) : 0;
}}();
'''


class Mutant:
    def __init__(self, name, file, tests, old, new):
        self.name, self.file, self.tests, self.old, self.new = name, file, tests, old, new
        self.number = zlib.crc32(name.encode()) >> 1  # selects it; independent of other mutants

    def pattern(self):
        """Matches the old text with any line breaks; the group is the part to replace."""
        before, marked, after = self.old.split('@') if '@' in self.old else ('', self.old, '')
        return r'\s*'.join([spaced(before), f'({spaced(marked)})', spaced(after)])

    def is_statement(self):
        return self.old.endswith(';') and '@' not in self.old


def spaced(code):
    """A pattern that matches the code's tokens with any white space between them."""
    return r'\s*'.join(rf'\b{token}\b' if token[0].isalnum() or token[0] == '_' else
                       re.escape(token) for token in re.findall(r'\w+|[^\w\s]', code))


def read_mutants():
    mutants, lines = [], []
    for path in sorted((ROOT / 'tests/mutants').glob('*.txt')):
        lines += [line for line in path.read_text().splitlines() if not line.startswith('#')]
    for at in range(0, len(lines), 3):
        head = re.fullmatch(r'\[(\S+)\] (\S+): (.+)', lines[at])
        if not head or [line[:2] for line in lines[at + 1:at + 3]] != ['- ', '+ ']:
            sys.exit(f'mutants: expected [name] file: tests, then - and +, at: {lines[at]}')
        mutants.append(Mutant(*head.groups(), lines[at + 1][2:], lines[at + 2][2:]))
    if len({m.name for m in mutants}) < len(mutants):
        sys.exit('mutants: two entries have the same name')
    return mutants


def places(mutants, text):
    """The places of one file's mutants, {(start, end): [mutant, ...]}, and the errors of those that do not fit."""
    found, problems = {}, []
    for m in mutants:
        hits = [hit.span(1) for hit in re.finditer(m.pattern(), text)]
        if len(hits) != 1:
            problems.append(f'{m.name}: its text occurs {len(hits)} times in {m.file}, not once: '
                            f'{m.old}')
            continue
        clash = [span for span in found if span != hits[0]
                 and span[0] < hits[0][1] and hits[0][0] < span[1]]
        if clash:
            problems.append(f'{m.name}: its text overlaps that of {found[clash[0]][0].name}')
            continue
        found.setdefault(hits[0], []).append(m)
    return found, problems


def switched(text, found):
    """The file's text with every mutant behind its switch."""
    for (start, end), mutants in sorted(found.items(), reverse=True):
        old = text[start:end]
        if mutants[0].is_statement():
            code = ' else '.join(f'if ({SWITCH} == {m.number}) {{ {m.new} }}' for m in mutants)
            code = f'{{ {code} else {{ {old} }} }}'
        else:
            code = ''.join(f'{SWITCH} == {m.number} ? ({m.new}) : ' for m in mutants)
            code = f'({code}({old}))'
        text = text[:start] + code + text[end:]
    return f'extern const int {SWITCH};\n{text}'


def mutated_files(mutants):
    """The new text of every file that a mutant changes."""
    files, problems = {}, []
    for name in sorted({m.file for m in mutants}):
        mine = [m for m in mutants if m.file == name]
        if not (ROOT / name).exists():
            problems += [f'{m.name}: there is no file {name}' for m in mine]
            continue
        text = (ROOT / name).read_text()
        found, wrong = places(mine, text)
        files[name] = switched(text, found)
        problems += wrong
    return files, problems


def write_if_changed(path, data):
    if path.exists() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def build(files, scratch, ninja):
    """Copies the sources, changes them and builds the unit tests; returns their programs."""
    listed = subprocess.run(['git', 'ls-files', '-co', '--exclude-standard'], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split('\n')
    home = 'core/isa.cpp'
    files.setdefault(home, f'extern const int {SWITCH};\n' + (ROOT / home).read_text())
    files[home] += DEFINITION
    for name in filter(None, listed):
        source = ROOT / name
        if source.is_symlink() or not source.is_file():
            continue
        write_if_changed(scratch / name, files[name].encode() if name in files
                         else source.read_bytes())
        shutil.copymode(source, scratch / name)
    for old in scratch.rglob('*'):  # which an earlier run copied
        name = old.relative_to(scratch)
        if old.is_file() and name.parts[0] != 'build' and str(name) not in listed:
            old.unlink()
    if not (scratch / 'build/build.ninja').exists():
        subprocess.run(['meson', 'setup', 'build'], cwd=scratch, check=True)
    if subprocess.run([*shlex.split(ninja), '-C', 'build', 'unit'], cwd=scratch).returncode:
        sys.exit('mutants: the build failed; an entry does not compile')
    tests = scratch / 'build/tests'
    return [*sorted(p for p in tests.glob('unit_*') if p.is_file()), tests / 'parity/parity']


def unknown_tests(programs, mutants):
    """The patterns of the entries that match no test case."""
    cases = []
    for program in programs:
        done = subprocess.run([program, '--list-test-cases'], capture_output=True, text=True, check=True)
        cases += done.stdout.splitlines()
    patterns = {t for m in mutants for t in m.tests.split(' + ') if not t.startswith('row ')}
    return sorted(p for p in patterns if not fnmatch.filter(cases, p))


def run(programs, number, tests, timeout=900):
    """The first failed test and its message, or None if the mutant survives. Empty `tests` means all."""
    for program in programs:
        by = run_one(program, number, tests, timeout)
        if by:
            return by
    return None


def run_one(program, number, tests, timeout):
    """The first test of a program that fails."""
    env = dict(os.environ, TAPEHEAD_MUTANT=str(number), OMP_NUM_THREADS='1')
    rows = [t[4:] for t in tests if t.startswith('row ')]
    patterns = [t for t in tests if not t.startswith('row ')]
    if rows:
        env['TAPEHEAD_ONLY_OP'] = rows[0]
        patterns.append('every row of the table*')
    listed = ','.join(pattern.replace(',', r'\,') for pattern in patterns)
    command = [program, '--abort-after=1'] + ([f'--test-case={listed}'] if tests else [])
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=timeout,
                              errors='replace')
    except subprocess.TimeoutExpired:
        return 'it does not end'
    if done.returncode == 0:
        return None
    row = re.search(r'op_rows_test\.cpp:\d+: (?:FATAL )?ERROR: (\w+)[^:]*: (.*)', done.stdout)
    if row and rows:
        check = 'recorded gradient' if 'create_graph' in row[2] else row[2].split(':')[0]
        return f'row {row[1]}: {check}'
    case = re.findall(r'^TEST CASE: +(.*)', done.stdout, re.M)
    return case[-1] if case else f'exit code {done.returncode}'


def judge(programs, mutant):
    by = run(programs, mutant.number, mutant.tests.split(' + '))
    if by:
        return by
    by = run(programs, mutant.number, [])
    return by and f'{by} (not by its own tests)'


def main():
    parser = argparse.ArgumentParser(description='Sees whether the unit tests notice mutants.')
    parser.add_argument('--only', default='*', metavar='NAMES',
                        help='shell patterns of names, joined with commas')
    parser.add_argument('--list', action='store_true', help='list the entries, run nothing')
    parser.add_argument('--jobs', type=int, default=os.cpu_count(), help='mutants at a time')
    parser.add_argument('--ninja', default='ninja', metavar='COMMAND', help='what builds')
    parser.add_argument('--scratch', type=pathlib.Path, help='where the mutated copy is built',
                        default=pathlib.Path(tempfile.gettempdir()) / 'tapehead-mutants')
    options = parser.parse_args()

    everything = read_mutants()
    files, problems = mutated_files(everything)
    mutants = [m for m in everything
               if any(fnmatch.fnmatch(m.name, pattern) for pattern in options.only.split(','))]
    if options.list:
        for m in mutants:
            print(f'{m.name:32} {m.file}')
    if problems or not mutants:
        sys.exit('\n'.join(problems) or f'mutants: none is named {options.only}')
    if options.list:
        return 0

    programs = build(files, options.scratch.resolve(), options.ninja)
    unknown = unknown_tests(programs, mutants)
    if unknown:
        sys.exit('mutants: no test is named ' + ', nor '.join(unknown))
    broken = run(programs, 0, [])
    if broken:
        sys.exit(f'mutants: without any mutant the tests fail already: {broken}')
    survived = 0
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for m, by in zip(mutants, pool.map(lambda m: judge(programs, m), mutants)):
            survived += by is None
            print(f'{m.name:32} {m.file:34} {by or "SURVIVED"}', flush=True)
    print(f'mutants: {len(mutants)}, survived: {survived}')
    return 1 if survived else 0


if __name__ == '__main__':
    sys.exit(main())
