#!/usr/bin/env python3
"""The reference of the public headers: its comments, examples and pages.

    reference.py check SOURCE            all public declarations are described; ops, layers, models, optimizers, and what
                                         data/ and train/ offer, have examples
    reference.py examples SOURCE N OUT   writes part 0 or 1 of the examples as a C++ file
    reference.py pages SOURCE BUILD      makes BUILD/reference with Doxygen; fails at a warning, 77 without Doxygen

An example is a line of a declaration's comment, continued in lines indented by five blanks:

    /// Example: cumsum(tensor({1, 2, 3}), 0)  // [1, 3, 6]
    /// Example: nn::Linear(at, 64, 10)(randn({8, 64}))  // shape [8, 10]

It is an expression, after other statements if need be, in namespace tapehead; `at` is an nn::Scope, and `stories` a
data::StoryBatch of two stories of 9 tokens, at most 3 in a sentence. A test runs it and compares its result with what
follows the `//`: the elements as Tensor::str() writes them, or after `shape` the shape, of several tensors separated by
`; `; numbers and texts as they are, and lists of them as [1, 2].
"""
import pathlib
import re
import shutil
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from header_reader import layers, public_headers, read_header  # noqa: E402

EXAMPLE = re.compile(r'^\s*/// Example: (.*)$')
CONTINUED = re.compile(r'^\s*///     (\S.*)$')
# Words that say which shapes and types an op takes; in its comment or at the head of its header.
SHAPES = re.compile(r'\[[^\]]*\]|shape|element|broadcast|axis|axes|matri|vector|0-d')
TYPES = re.compile(r'floating|integer|bool|f32|dtype|[Tt]ypes?\b|any type|i64')
ERRORS = re.compile(r'Error|[Tt]hrows?')
# What needs files, a program or a terminal, which examples do not have: functions with such a parameter, and these.
FILES = re.compile(r'\b(path|dir|folder)\b')
WITHOUT_EXAMPLE = {'data::AudioLimitError', 'data::gunzip', 'train::AppendFile', 'train::Cli', 'train::Interrupted',
                   'train::MetricsLog', 'train::Progress', 'train::Run', 'train::TensorBoard', 'train::job_folder',
                   'train::program', 'train::report', 'train::run_jobs', 'train::set_default'}
# Members that mean what they mean in the standard library.
STANDARD = {'begin', 'end', 'size', 'empty', 'data', 'back', 'push_back', 'emplace_back', 'pop_back', 'resize', 'clear',
            'reserve', 'lock', 'try_lock', 'unlock', 'get', 'parse', 'format', 'value_type', 'difference_type'}
# Members that mean the same wherever they have no comment of their own.
GLOSSARY = {
    'batch': 'The number of sequences.',
    'bidirectional': 'Whether a second network reads the sequence backwards.',
    'bias': 'Whether there is a bias.',
    'cell': 'The kind of recurrent network.',
    'ceil_mode': 'Whether the number of windows is rounded up.',
    'config': 'The options that it was constructed with.',
    'curves': 'The curves that are combined.',
    'dilation': 'The step between the elements of a window, for each axis.',
    'drop_last': 'Whether a last, smaller batch or share is left out.',
    'embed_dim': 'The size of an embedding.',
    'eps': 'A small number that keeps a divisor or root away from 0.',
    'gamma': 'The factor of each decay.',
    'groups': 'The number of groups into which the channels are divided.',
    'height': 'In pixels.',
    'hidden_size': 'The size of the state.',
    'hops': 'How often the memory is read.',
    'init': 'Initial values of the parameters.',
    'input_size': 'The size of an input.',
    'lr': 'The learning rate.',
    'margin': 'The distance that is demanded.',
    'milestones': 'The numbers of steps at which the curve changes.',
    'num_layers': 'The number of layers.',
    'num_samples': 'The number of indices of an epoch; 0: the number of examples.',
    'options': 'The options that it was constructed with.',
    'output_padding': 'Added to the size of the result, for each axis.',
    'output_size': 'The size of an output.',
    'p': 'A probability, or the order of a norm.',
    'padding': 'At both ends of each axis.',
    'path': 'The path of the file or folder.',
    'read_heads': 'The number of reads in a step.',
    'reduction': 'How the loss is reduced.',
    'replacement': 'Whether an index may be drawn again.',
    'scope': 'The scope of its parameters.',
    'seed': 'The seed of random numbers.',
    'slot_dim': 'The size of a slot of the memory.',
    'slots': 'The number of slots of the memory.',
    'source_vocab_size': 'The number of tokens in the vocabulary of the source.',
    'stride': 'The step between windows, for each axis.',
    'target_vocab_size': 'The number of tokens in the vocabulary of the target.',
    'test': 'Examples for the last evaluation.',
    'total_iters': 'The number of steps until the curve is constant.',
    'total_steps': 'The number of steps of the whole run.',
    'train': 'Examples for training.',
    'val': 'Examples for validation.',
    'vocab_size': 'The number of tokens in the vocabulary.',
    'warmup_steps': 'The number of steps during which the rate rises.',
    'width': 'In pixels.',
    'write_heads': 'The number of writes in a step.',
}


def examples_of(path):
    """line, code and expected result of each example of a header."""
    lines = path.read_text(encoding='utf-8').splitlines()
    for number, line in enumerate(lines):
        match = EXAMPLE.match(line)
        if not match:
            continue
        text = match[1]
        for further in lines[number + 1:]:
            more = CONTINUED.match(further)
            if not more:
                break
            text += ' ' + more[1]
        code, _, expected = re.sub(r'\s+// ', '\n', text).partition('\n')
        yield number + 1, code.strip(), expected.strip()


def head_of(path):
    """The comment at the beginning of a file."""
    head = []
    for line in path.read_text(encoding='utf-8').splitlines():
        if not line.startswith('//'):
            break
        head.append(line[2:].strip())
    return ' '.join(head)


def described_elsewhere(found, documented, owners_comment):
    """What describes a declaration without a comment of its own, or '' if nothing does."""
    owner = found.scope.split('::')[-1]
    if found.kind == 'variable' and re.search(rf'\b{found.name}\b', owners_comment):
        return f'See {owner}.'
    if found.name == owner:
        return f'Constructs it; see {owner}.'
    if found.name.startswith('operator'):
        match = re.search(r'\{ return (?:\w+ = )?([\w.]+\(.*\)); \}', found.code)
        return match[1] if match else f'See {owner}.'
    if found.kind == 'class' and (match := re.match(r'(\w+?)(Func)?Options$|(\w+)Config$', found.name)):
        return f'Options of {match[1] or match[3]}.'
    if found.kind == 'alias':
        return found.code.partition(' = ')[2]
    if found.member and (found.name in STANDARD or 'override' in found.code):
        return 'As in the base class or the standard library.'
    if found.kind in ('variable', 'enumerator') and found.name in documented:
        return f'See {documented[found.name]}.'
    if found.kind == 'enumerator' and owner in documented:
        return f'See {owner}.'
    return GLOSSARY.get(found.name, '') if found.member else ''


def with_descriptions(path):
    """Each declaration with its description; those of one line share theirs."""
    documented = {}  # where members of each name are described in this header
    comments = {}    # of classes
    by_line = {}
    declarations = read_header(path)
    for found in declarations:
        if found.kind == 'class':
            comments[found.full_name] = found.comment
        if found.comment and (found.member or found.kind == 'class'):
            documented.setdefault(found.name, found.full_name.removeprefix('tapehead::'))
        description = found.comment or described_elsewhere(found, documented, comments.get(found.scope, ''))
        by_line[found.line] = by_line.get(found.line, '') or description
    return [(found, found.comment or by_line[found.line]) for found in declarations]


def needing_example(parts, declarations):
    """The names of a header, by its path, that must have an example; those of ops are handled in check()."""
    if parts[0] in ('data', 'train'):
        called = {found.scope for found in declarations if found.name == 'operator()'}
        for found in (found for found in declarations if not found.member):
            if found.kind == 'function' and not FILES.search(found.code):
                yield found.full_name
            if found.kind == 'class' and re.match(r'(template <.*> )?class ', found.code) or found.full_name in called:
                yield found.full_name
    elif parts[0] in ('nn', 'optim') and 'hf' not in parts:
        yield from layers(declarations)
        yield from (found.full_name for found in declarations if ': public Optimizer' in found.code)


def check(source):
    problems, described, examples = [], 0, 0
    for path in public_headers(source):
        where = path.relative_to(source)
        declarations = list(with_descriptions(path))
        codes = [code for _, code, _ in examples_of(path)]
        for line, code, expected in examples_of(path):  # clang-format breaks lines that are too long
            if any(text.count(opening) != text.count(closing) for text in (code, expected)
                   for opening, closing in ('()', '[]', '{}')):
                problems.append(f'{where}:{line}: the example ends within brackets; indent its other lines by 5 blanks')
        for number, line in enumerate(path.read_text(encoding='utf-8').splitlines(), 1):
            if '///' in line and 'Example: ' in line and not EXAMPLE.match(line):
                problems.append(f'{where}:{number}: the example does not begin a line')
        examples += len(codes)
        called = {name for code in codes for name in re.findall(r'[\w:]+(?=(?: \w+)?[({])', code)}
        for found, description in declarations:
            described += bool(description)
            if not description:
                problems.append(f'{where}:{found.line}: {found.full_name} has no comment')
        is_ops = path.parent.name == 'ops' or str(where) in ('autograd/attention.h', 'autograd/rotary.h')
        head = head_of(path)
        for found in (found for found, _ in declarations if is_ops and found.kind == 'function' and not found.member):
            if found.name.startswith('operator'):
                continue
            text = head + ' ' + found.comment
            for what, words in (('shapes', SHAPES), ('dtypes', TYPES), ('errors', ERRORS)):
                if not words.search(text):
                    problems.append(f'{where}:{found.line}: neither the comment of {found.name} nor the head of the '
                                    f'file names {what}')
            if found.name not in called:
                problems.append(f'{where}:{found.line}: {found.name} has no example')
        shown = {name.removeprefix('tapehead::') for name in needing_example(where.parts, [d for d, _ in declarations])}
        for name in sorted(shown - WITHOUT_EXAMPLE):
            if not any(re.search(rf'(?<![\w:]){name}\b', code) for code in codes):
                problems.append(f'{where}: {name} has no example')
    problems = list(dict.fromkeys(problems))
    print('\n'.join(problems))
    print(f'{described} declarations are described, {examples} examples; {len(problems)} problems')
    return 1 if problems else 0


def split_statements(code):
    """What comes before the last expression, and that."""
    depth, end = 0, 0
    for at, c in enumerate(code):
        depth += (c in '([{') - (c in ')]}')
        if c == ';' and depth == 0:
            end = at + 1
    return code[:end], code[end:].strip()


def write_examples(source, part, out):
    """A file with every second header's examples as an array of functions."""
    with open(out, 'w', encoding='utf-8') as file:
        file.write('#include "tapehead/tests/docs/examples.h"\nusing namespace tapehead;\n\n'
                   f'const std::vector<Example> kExamples{part} = {{\n')
        for path in list(public_headers(source))[part::2]:
            for line, code, expected in examples_of(path):
                statements, last = split_statements(code)
                where = path.relative_to(source)
                file.write(f'#line {line} "{where}"\n{{"{where}:{line}", [](const nn::Scope& at, '
                           f'const data::StoryBatch& stories) {{ static_cast<void>(at), static_cast<void>(stories); '
                           f'{statements} return shown({last}); }}, '
                           f'R"({expected})"}},\n')
        file.write('};\n')


# --- Doxygen --------------------------------------------------------------------------------------


class Prose:
    """Escapes the lines of a comment, in which only backticks are markup; they may span lines."""

    def __init__(self):
        self.in_code = False

    def __call__(self, text):
        out = ''
        for part in re.split('(`)', text):
            if part == '`':
                self.in_code = not self.in_code
                part = '<tt>' if self.in_code else '</tt>'
            else:
                part = re.sub(r'([<>#@&%\\])' if self.in_code else r'([<>#@&%\\*~|^])', r'\\\1', part)
            out += part
        return out


def one_line(comment):
    """A comment in one line, without its examples and formulas."""
    prose = [line.strip() for line in comment.split('\n') if not re.match(r' Example: |   ', line)]
    return '/** ' + Prose()(' '.join(prose)) + ' */ '


def is_formula(line):
    return bool(re.match(r'\s*///?   +\S', line))


def comment_line(lines, number, prose):
    """Line `number` of a header, which is a comment, as Doxygen shall read it."""
    indent, text = re.match(r'(\s*)///? ?(.*)$', lines[number]).groups()
    if match := EXAMPLE.match(lines[number]):
        code = match[1]
        while number + 1 < len(lines) and (more := CONTINUED.match(lines[number + 1])):
            code, number = f'{code} {more[1]}', number + 1
        return f'{indent}/// Example: @code{{.cpp}} {code} @endcode'
    if not is_formula(lines[number]):
        return f'{indent}/// {prose(text)}'
    while number > 0 and is_formula(lines[number - 1]):
        number -= 1
    if EXAMPLE.match(lines[number - 1]):
        return f'{indent}///'
    first = '@code{.unparsed} ' if not is_formula(lines[number - 1]) and lines[number].strip().endswith(text) else ''
    return f'{indent}/// {first}{text}'


def filtered(source, header):
    """A header with comments as Doxygen reads them, in as many lines."""
    path = source / header
    lines = path.read_text(encoding='utf-8').split('\n')
    head, prose, out = True, Prose(), []
    for number, line in enumerate(lines):
        head = head and line.startswith('//')
        if head or re.match(r'\s*///(?!<)', line):
            text = comment_line(lines, number, prose)
            if is_formula(line) and '///' in text and text.strip() != '///' and \
                    not is_formula(lines[number + 1]):
                text += ' @endcode'
            out.append(text if number else text.replace('/// ', f'/// @file {header} ', 1))
        elif '///<' in line:
            prose = Prose()
            code, _, comment = line.partition('///<')
            out.append(f'{code}///<{prose(comment)}')
        else:
            prose = Prose()
            out.append(line)
    for number, line in enumerate(lines):  # what Doxygen cannot read
        if '#include "tapehead/tensor_methods.h"' in line:
            out[number] = ''
        if line.startswith('struct fmt::formatter<'):
            out[number - 1] = '/** @cond */ ' + out[number - 1]
            end = lines.index('};', number)
            out[end] += ' /** @endcond */'
    done = set()
    for found, description in with_descriptions(path):
        if description and (not found.comment or found.follows) and found.line not in done and \
                not found.name.startswith('fmt::'):
            out[found.line - 1] = re.sub(r'^(\s*)', lambda m, d=description: m[1] + one_line(d), out[found.line - 1], 1)
        done.add(found.line)
    return '\n'.join(out)


def pages(source, build):
    if not shutil.which('doxygen'):
        print('skipped: doxygen is not installed')
        return 77
    out = build / 'reference'
    shutil.rmtree(out, ignore_errors=True)
    for path in public_headers(source):
        header = path.relative_to(source)
        (out / 'headers' / header).parent.mkdir(parents=True, exist_ok=True)
        (out / 'headers' / header).write_text(filtered(source, header), encoding='utf-8')
    options = (source / 'docs/reference/Doxyfile').read_text(encoding='utf-8') + f'OUTPUT_DIRECTORY = {out}\n'
    run = subprocess.run(['doxygen', '-'], input=options, capture_output=True, text=True, cwd=out / 'headers',
                         check=False)
    warnings = [line.removeprefix(f'{out}/headers/') for line in run.stderr.splitlines() if line.strip()]
    print('\n'.join(warnings))
    count = len(list((out / 'html').glob('*.html')))
    print(f'{count} pages in {out}/html, {len(warnings)} lines of warnings')
    return 1 if warnings or run.returncode or not count else 0


def main():
    command, path = sys.argv[1], pathlib.Path(sys.argv[2])
    if command == 'check':
        return check(path)
    if command == 'examples':
        return write_examples(path, int(sys.argv[3]), sys.argv[4])
    return pages(path, pathlib.Path(sys.argv[3]))


if __name__ == '__main__':
    sys.exit(main())
