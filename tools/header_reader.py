"""Reads the declarations of our public headers, with their comments.

A `///` comment describes the declarations below it up to the next blank line or comment, so that overloads and
functions that belong together are described once; `///<` describes the declarations of its line.
"""
import dataclasses
import re

SPECIAL = re.compile(r'= (delete|default)$|^(virtual )?~')


@dataclasses.dataclass
class Declaration:
    kind: str     # 'class' (struct, enum), 'alias', 'function', 'variable' or 'enumerator'
    scope: str    # 'tapehead::nn'; with the classes around it
    name: str
    code: str     # without its body
    comment: str  # '' if there is none
    line: int     # where it begins
    member: bool  # of a class
    follows: bool = False  # shares the comment of the declaration above

    @property
    def full_name(self):
        return f'{self.scope}::{self.name}' if self.scope else self.name


def strip_directives(text):
    """Blanks preprocessor lines, keeping the line numbers."""
    lines, inside = [], False
    for line in text.split('\n'):
        directive = inside or line.lstrip().startswith('#')
        inside = directive and line.endswith('\\')
        lines.append('' if directive else line)
    return lines


def skip_braces(text, at):
    """The position after the brace that closes the one at `at`; quotes and comments are skipped."""
    depth = 0
    pieces = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|//[^\n]*|[{}]')
    for match in pieces.finditer(text, at):
        depth += (match[0] == '{') - (match[0] == '}')
        if match[0] == '}' and depth == 0:
            return match.end()
    raise ValueError('a brace is not closed')


def kind_and_names(code, in_enum):
    """What a declaration declares: its kind and its names."""
    code = re.sub(r'^template <.*?> (?=class|struct|using|inline|static|constexpr|requires|explicit|\w)', '', code)
    plain = re.sub(r'^(requires ?\(.*?\)|requires [\w:<>, &*]+?) (?=[A-Z]\w*\()', '', code)
    if in_enum:
        return 'enumerator', [re.match(r'\w+', code)[0]]
    match = re.match(r'(?:class|struct|enum class|enum)\s+(?:\[\[\w+\]\] |alignas\(\w+\) )?([\w:]+)', code)
    if match:
        return 'class', [match[1]]
    match = re.match(r'using (\w+) =', code)
    if match:
        return 'alias', [match[1]]
    if re.match(r'\w+\(.*\) ?->|using |friend |static_assert|extern template|typedef|concept', code):
        return 'none', []
    match = re.search(r'(operator ?(?:\(\)|\[\]|[^(]+))\(', plain) or re.search(r'(~?\b\w+)\(', plain)
    first = re.search(r'[=({]', plain)
    if match and (first is None or first[0] == '(' or plain[:first.start()].rstrip().endswith('operator')
                  or 'operator' in match[1]):
        return 'function', [match[1]]
    while '{' in plain:
        plain, count = re.subn(r'\{[^{}]*\}', '', plain)
        if not count:
            break
    plain = re.sub(r'<[^<>]*(<[^<>]*>)*[^<>]*>', '', plain)
    names = [re.search(r'(\w+)(\[\w*\])?\s*(=.*)?$', part.strip(), re.S) for part in plain.split(',')]
    return 'variable', [name[1] for name in names if name]


class Reader:
    def __init__(self, text):
        self.lines = strip_directives(text)
        self.text = '\n'.join(self.lines)
        self.found = []
        self.scopes = []  # (kind, name, is_public)
        self.comment, self.used = [], False

    def read(self):
        at, start, text = 0, None, self.text
        while at < len(text):
            c = text[at]
            if start is None:
                if c.isspace():
                    if text.startswith('\n\n', at):
                        self.comment, self.used = [], False
                    at += 1
                    continue
                if text.startswith('//', at):
                    at = self.read_comment(at)
                    continue
                if c == '}':
                    self.close()
                    at += 1
                    continue
                if c in ';,':
                    at += 1
                    continue
                label = re.compile(r'(public|private|protected):').match(text, at)
                if label:
                    self.scopes[-1] = (*self.scopes[-1][:2], label[1] == 'public')
                    self.comment, self.used = [], False
                    at = label.end()
                    continue
                start = at
            if self.in_enum() and text.startswith('///<', at):  # of the last enumerator, without a comma
                self.add(start, at)
                at, start = self.trailing(at), None
            elif text.startswith('//', at):
                at = text.index('\n', at)
            elif c in '"\'' and not text[at - 1].isdigit():
                at = re.compile(r'(["\'])(?:\\.|(?!\1).)*\1').match(text, at).end()
            elif c in '([':
                at = self.skip_parentheses(at)
            elif c == '{':
                opened = self.opens(text[start:at])
                if opened:
                    at, start = self.open(opened, start, at), None
                    continue
                at = skip_braces(text, at)
                rest = text[at:].lstrip()
                if rest[:1] not in (';', ',', '{', ')', '('):
                    self.add(start, at)
                    start = None
            elif c == ';' or (c in ',}' and self.in_enum()):
                self.add(start, at)
                at += c != '}'
                at = self.trailing(at)
                start = None
            else:
                at += 1
        return self.found

    def skip_parentheses(self, at):
        depth = 0
        for match in re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])+\'|//[^\n]*|[()\[\]]').finditer(self.text, at):
            depth += (match[0] in '([') - (match[0] in ')]')
            if depth == 0:
                return match.end()
        raise ValueError('a parenthesis is not closed')

    def read_comment(self, at):
        end = self.text.index('\n', at)
        line = self.text[at:end]
        if line.startswith('///<'):
            pass
        elif line.startswith('///'):
            if self.used:
                self.comment, self.used = [], False
            self.comment.append(line[3:])
        else:
            self.comment, self.used = [], False
        return end

    def trailing(self, at):
        """Attaches a comment `///<` at the end of the line, or of the lines after it."""
        match = re.compile(r'[ ,]*///<([^\n]*(?:\n\s*///<[^\n]*)*)').match(self.text, at)
        if not match:
            return at
        for declaration in reversed(self.found):
            if declaration.line < self.text.count('\n', 0, at) + 1 and \
                    self.text.count('\n', 0, at) + 1 != self.last_line:
                break
            if declaration.line != self.found[-1].line:
                break
            declaration.comment = re.sub(r'\n\s*///<', '\n', match[1])
            declaration.follows = False
        return match.end()

    def in_enum(self):
        return bool(self.scopes) and self.scopes[-1][0] == 'enum'

    @staticmethod
    def opens(code):
        code = re.sub(r'//[^\n]*', '', code)
        code = re.sub(r'\s+', ' ', code).strip()
        code = re.sub(r'^template <.*> (?=class|struct)', '', code)
        match = re.match(r'(namespace|class|struct|union|enum class|enum)\b ?((?:[\w:]+(?:<[^{]*?>)?)?)', code)
        if not match or (match[1] != 'namespace' and ('(' in code.split(':')[0] and not code.endswith('final'))):
            return None
        return match[1].split(' ')[0], match[2]

    def open(self, opened, start, at):
        kind, name = opened
        if kind != 'namespace':
            self.add(start, at)
        self.scopes.append((kind, name, kind != 'class'))
        self.comment, self.used = [], False
        return self.trailing(at + 1)

    def close(self):
        if self.scopes:
            self.scopes.pop()
        self.comment, self.used = [], False

    def add(self, start, end):
        code = re.sub(r'\s+', ' ', re.sub(r'//[^\n]*', '', self.text[start:end])).strip()
        kind, names = kind_and_names(re.sub(r' ?\{.*', '', code) if kind_is_class(code) else code, self.in_enum())
        self.last_line = self.text.count('\n', 0, end) + 1
        hidden = any(not public for _, _, public in self.scopes) or \
            any(name.split('::')[-1] == 'detail' for _, name, _ in self.scopes)
        forward = kind == 'class' and '{' not in self.text[start:end + 1]
        if hidden or forward or kind == 'none' or SPECIAL.search(code):
            return
        scope = '::'.join(name for kind_, name, _ in self.scopes if name)
        member = any(kind_ != 'namespace' for kind_, _, _ in self.scopes)
        for name in names:
            self.found.append(Declaration(kind, scope, name, code, '\n'.join(self.comment),
                                          self.text.count('\n', 0, start) + 1, member,
                                          self.used and bool(self.comment)))
        self.used = True


def kind_is_class(code):
    return bool(re.match(r'(template <.*> )?(class|struct|enum)\b', code))


def read_header(path):
    with open(path, encoding='utf-8') as file:
        return Reader(file.read()).read()


def layers(declarations):
    """The names of a header's classes that can be called, without bases and templates that only others build on."""
    called = {found.scope for found in declarations if found.name == 'operator()'}
    classes = [found for found in declarations if found.kind == 'class' and found.code.startswith(('class', 'struct'))]
    bases = {match[1] for found in classes if (match := re.search(r': (?:public )?(\w+)', found.code))}
    for found in classes:
        match = re.search(r': (?:public )?(\w+)', found.code)
        base = f'{found.scope}::{match[1]}' if match else ''
        if (found.full_name in called and found.name not in bases) or base in called:
            yield found.full_name
    for found in declarations:
        match = re.match(r'using \w+ = (\w+)<', found.code)
        if match and f'{found.scope}::{match[1]}' in called:
            yield found.full_name


def public_headers(source):
    """The headers that are installed."""
    for layer in ('core', 'data', 'autograd', 'nn', 'optim', 'train'):
        for path in sorted((source / layer).rglob('*.h')):
            parts = path.relative_to(source).parts
            if not path.name.endswith('_kernel.h') and 'kernels' not in parts and 'detail' not in parts:
                yield path
