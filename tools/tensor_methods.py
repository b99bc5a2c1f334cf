#!/usr/bin/env python3
"""Generates methods of Tensor from functions declared in headers, so that each op is declared once.

    tensor_methods.py METHODS.h METHODS.cpp HEADER...

Each function of a header whose first parameter is a `const Tensor&` becomes a method with the
other parameters and the function's comment. METHODS.h is included inside class Tensor; METHODS.cpp
defines the methods. A parameter with a default value whose type is incomplete there, such as the
options of an op, gets two overloads, without and with the parameter.
"""
import re
import sys

# Methods that core/tensor.h declares: their object is another operand, or their result another type.
OTHER_METHODS = {'index', 'where'}
COMPLETE = {'Tensor', 'Shape', 'Axes', 'Number', 'Slice', 'DType', 'Generator', 'Reduction', 'RoundingMode', 'bool',
            'double', 'int64_t', 'std::vector<int64_t>', 'std::vector<Tensor>', 'std::vector<TensorIndex>',
            'std::string_view', 'std::optional<double>', 'const Tensor&', 'std::optional<int64_t>',
            'std::initializer_list<int64_t>'} | {
    f'{array}<{n}>' for array in ('ExpandingArray', 'OptionalArray') for n in (1, 2, 3)}


class Parameter:
    def __init__(self, text):
        declared, _, default = text.partition(' = ')
        match = re.fullmatch(r'((?:const )?)(\S+?)(&?) (\w+)', declared)
        if not match:
            sys.exit(f'tensor_methods: cannot read the parameter `{text}`')
        self.const, self.type, self.ref, self.name = match.groups()
        self.default = default
        self.late = bool(default) and self.type not in COMPLETE

    def declare(self, with_default):
        type_name = elaborated(self.type)
        default = f' = {self.default}' if with_default and self.default and not self.late else ''
        return f'{self.const}{type_name}{self.ref} {self.name}{default}'


def elaborated(name):
    """The name of a type that may be incomplete inside class Tensor."""
    return name if name in COMPLETE else f'struct {name}'


def split_parameters(text):
    """Splits at commas outside of brackets."""
    parts, depth = [''], 0
    for c in text:
        depth += (c in '(<{[') - (c in ')>}]')
        if c == ',' and depth == 0:
            parts.append('')
        else:
            parts[-1] += c
    return [part.strip() for part in parts]


def functions(text):
    """The comment, result, name and parameters of each function of a header's namespace."""
    body = text.split('namespace tapehead {', 1)[1]
    comment, statement, depth = [], '', 0
    for line in body.splitlines():
        code = line.split('//', 1)[0]
        if depth == 0 and not statement:
            if line.startswith('///'):
                comment.append(line)
                continue
            if not code.strip():
                comment = []
                continue
        statement += ' ' + code.strip()
        depth += code.count('{') - code.count('}')
        if depth > 0 or not re.search(r'[;}]\s*$', code):
            continue
        match = re.match(r'(?:inline )?((?:const )?[\w:<>]+&?) (\w+)\(const Tensor& \w+(?:, (.*?))?\)(?: \{.*\}|;)$',
                         statement.strip())
        if match:
            result, name, rest = match.groups()
            parameters = [Parameter(p) for p in split_parameters(rest)] if rest else []
            yield comment, result, name, parameters
        comment, statement = [], ''


def methods(header):
    with open(header, encoding='utf-8') as file:
        text = file.read()
    for comment, result, name, parameters in functions(text):
        if name in OTHER_METHODS:
            continue
        if any(p.late for p in parameters[:-1]):
            sys.exit(f'tensor_methods: {name}: only the last default may have a type of its own')
        late = bool(parameters) and parameters[-1].late
        for taken in [parameters[:-1], parameters] if late else [parameters]:
            yield comment, result, name, taken, not late or taken != parameters


def main():
    header_path, source_path, *headers = sys.argv[1:]
    with open(header_path, 'w', encoding='utf-8') as header, \
            open(source_path, 'w', encoding='utf-8') as source:
        header.write('// Made by tools/tensor_methods.py; included inside of class Tensor.\n')
        source.write('// Made by tools/tensor_methods.py.\n#include "tapehead/core/tensor.h"\n')
        for path in headers:
            source.write(f'#include "tapehead/{path[path.rindex("autograd/"):]}"\n')
        source.write('\nnamespace tapehead {\n\n')
        for path in headers:
            for comment, result, name, parameters, defaults in methods(path):
                shown = ', '.join(p.declare(defaults) for p in parameters)
                taken = ', '.join(p.declare(False) for p in parameters)
                passed = ', '.join(['*this'] + [p.name for p in parameters])
                header.write('\n'.join(comment + [f'{elaborated(result)} {name}({shown}) const;\n']))
                source.write(f'{result} Tensor::{name}({taken}) const {{\n'
                             f'  return tapehead::{name}({passed});\n}}\n')
        source.write('\n}  // namespace tapehead\n')


if __name__ == '__main__':
    main()
