#!/usr/bin/env python3
"""Checks the tables of docs/from-pytorch.md, and records the names of PyTorch that they must have.

    from_pytorch.py SOURCE            checks, and prints how many names have a counterpart
    from_pytorch.py --record SOURCE   writes pytorch_names.txt; needs PyTorch

A section that is named like a namespace of PyTorch has tables. A row has PyTorch's names, tapehead's, and differences.
Its second cell is `same`, names in backticks, or – if there is no counterpart, and then the third cell says why. The
check reads the names that our public headers declare:

  - each name of tapehead in a table is declared, and none of PyTorch's names that have no counterpart is;
  - each name in pytorch_names.txt is in a row of its section, each only once;
  - each op, layer and optimizer is in a table, or in the last section, which lists what PyTorch does not have.
"""
import pathlib
import re
import sys

SOURCE = pathlib.Path(sys.argv[-1])
sys.path.insert(0, str(SOURCE / 'tools'))
import header_reader  # noqa: E402

PAGE = SOURCE / 'docs/from-pytorch.md'
NAMES = SOURCE / 'tests/docs/pytorch_names.txt'
ONLY_HERE = 'Only in tapehead'
# What `same` means in a section.
PREFIX = {'torch.nn': 'nn::', 'torch.optim': 'optim::', 'torch.optim.lr_scheduler': 'optim::',
          'torch.nn.init': 'nn::init::', 'torch.linalg': 'linalg_', 'torch.fft': 'fft_',
          'torch.nn.utils': 'optim::', 'torch.utils.data': 'data::', 'torch.Tensor': 'Tensor::'}
# Counterparts that libtorch's lists must have at least.
LEAST = {'torch.nn.functional': 92, 'torch.nn': 120}


def record():
    """The public names of PyTorch's namespaces; those of torch.nn and torch.nn.functional are libtorch's."""
    import torch
    api = pathlib.Path(torch.__file__).parent / 'include/torch/csrc/api/include/torch/nn'
    read = lambda pattern: '\n'.join(path.read_text() for path in sorted(api.glob(pattern)))
    functional = re.sub(r'namespace detail \{.*?\} // namespace detail|//[^\n]*', '', read('functional/*.h'),
                        flags=re.S)
    functions = re.findall(r'^(?:inline |TORCH_API )?(?:Tensor|std::tuple<[^;{(]*>)\s+([a-z]\w*)\(', functional, re.M)
    modules = read('modules/**/*.h')
    names = {
        'torch.nn.functional': {name for name in functions if not name.endswith('_with_indices')},
        'torch.nn': set(re.findall(r'^TORCH_MODULE\((\w+)\);', modules, re.M)) |
                    set(re.findall(r'^class (\w+)\s*: public\s+(?:torch::nn::)?ModuleHolder<', modules, re.M)),
    }
    internal = re.compile(r'^_|_$|(?<!index)_copy$|^(sym|mkldnn|miopen|cudnn|fbgemm|native|unsafe|quantize|quantized|'
                          r'fake_quantize|sparse|(get_|set_|is_|clear_)?autocast|import_ir|parse)_|'
                          r'batch_norm_|fused_|choose_qparams|empty_quantized|_to_|q_per|q_scale|q_zero|int_repr|'
                          r'dequantize|sspaddmm|saddmm|^(ds|hs|s|hsp|sp)mm$|vulkan|merge_type|unify_type|'
                          r'thread_safe|init_num|^(fork|wait)$|slice_inverse|grid_sampler_|hash_tensor|'
                          r'cudnn|rnn_(relu|tanh)|^(lstm|gru)(_cell)?$')
    names['torch'] = {name for name in dir(torch._C._VariableFunctions)
                      if hasattr(torch, name) and not internal.search(name)} | set(torch.functional.__all__)
    for module in ('optim', 'optim.lr_scheduler', 'optim.swa_utils', 'nn.init', 'nn.utils', 'nn.utils.rnn',
                   'autograd', 'autograd.functional', 'utils.data', 'fft', 'linalg', 'special'):
        __import__('torch.' + module)
        value = torch
        for part in module.split('.'):
            value = getattr(value, part)
        public = getattr(value, '__all__', None) or dir(value)
        skipped = {'Tensor', 'LinAlgError', 'common_args', 'Number', 'NestedIOFunction'}
        deprecated = {name[:-1] for name in public if name.endswith('_')}
        names['torch.' + module] = {name for name in public if not name.startswith('_') and name not in skipped and
                                    callable(getattr(value, name)) and name not in deprecated}
    with open(NAMES, 'w', encoding='utf-8') as file:
        version = torch.__version__.split('+')[0]
        file.write(f'# Public names of PyTorch {version}, written by from_pytorch.py --record.\n')
        for section in sorted(names):
            file.write(f'\n[{section}]\n' + '\n'.join(sorted(names[section])) + '\n')


def recorded():
    sections, section = {}, None
    for line in NAMES.read_text(encoding='utf-8').splitlines():
        if line.startswith('['):
            section = sections.setdefault(line[1:-1], [])
        elif line and not line.startswith('#'):
            section.append(line)
    return sections


def declared():
    """All declared names without `tapehead::`, and those of ops, layers and optimizers."""
    names, ops = set(), set()
    for path in header_reader.public_headers(SOURCE):
        declarations = header_reader.read_header(path)
        if path.parent.name == 'nn':
            ops |= {name.removeprefix('tapehead::') for name in header_reader.layers(declarations)}
        for found in declarations:
            names.add(found.full_name.removeprefix('tapehead::'))
            if path.parent.name == 'optim' and ': public Optimizer' in found.code:
                ops.add(found.full_name.removeprefix('tapehead::'))
            is_op = path.parent.name == 'ops' or path.name in ('attention.h', 'rotary.h')
            if is_op and found.kind == 'function' and not found.member and not found.name.startswith('operator'):
                ops.add(found.name)
    names |= {f'Tensor::{op}' for op in ops if '::' not in op}
    return names, ops


def code_spans(cell):
    return re.findall(r'`([^`]+)`', cell)


def rows():
    """section, line number, cells of each row of the page."""
    section = ''
    for number, line in enumerate(PAGE.read_text(encoding='utf-8').splitlines(), 1):
        if line.startswith('## '):
            section = line[3:].strip()
        elif section.startswith(('torch', ONLY_HERE)) and line.startswith('|') and '`' in line:
            yield section, number, [cell.strip() for cell in re.split(r'(?<!\\)\|', line.strip('| '))]


def problems_of_page():
    names, ops = declared()
    wanted = recorded()
    problems, seen, ours, counted = [], {}, set(), {}
    lower = {name.split('::')[-1].lower() for name in names}

    def complain(number, text):
        problems.append(f'docs/from-pytorch.md:{number}: {text}')

    for section, number, cells in rows():
        if section == ONLY_HERE:
            cells = ['', *cells]
        if len(cells) < 2 or (cells[1] == '–' and (len(cells) < 3 or not cells[2])):
            complain(number, 'a row has PyTorch\'s names, ours, and differences; without a counterpart, the reason')
            continue
        theirs = code_spans(cells[0])
        for name in theirs:
            if (section, name) in seen:
                complain(number, f'{name} of {section} is also in line {seen[section, name]}')
            seen[section, name] = number
        if cells[1] == 'same':
            mine = [PREFIX.get(section, '') + name for name in theirs]
        else:
            mine = re.findall(r'[A-Za-z_][\w:]*', ' '.join(re.split(r'[({ <]', code.removeprefix('x.'))[0]
                                                           for code in code_spans(cells[1])))
        if cells[1] == '–':
            for name in theirs:
                if PREFIX.get(section, '') + name in names and name not in code_spans(cells[2]):
                    complain(number, f'stale: {PREFIX.get(section, "")}{name} is declared now; fill in the row, or say '
                                     'in the last cell how it differs')
        elif not mine:
            complain(number, 'the second cell has none of our names in backticks')
        for name in mine:
            if name not in names:
                complain(number, f'{name} is not declared in a public header')
        ours.update(mine)
        counted.setdefault(section, [0, 0])
        counted[section][0 if cells[1] != '–' else 1] += sum(name in wanted.get(section, ()) for name in theirs)
    for section, listed in wanted.items():
        for name in listed:
            if (section, name) not in seen:
                problems.append(f'docs/from-pytorch.md: {name} of {section} is in no table: name its counterpart, '
                                'or – and the reason')
    for op in sorted(ops - ours - {name.removeprefix('Tensor::') for name in ours}):
        problems.append(f'docs/from-pytorch.md: {op} is in no table; if PyTorch does not have it, name it under '
                        f'"{ONLY_HERE}"')
    return problems, counted


def check():
    problems, counted = problems_of_page()
    for section, (has, lacks) in counted.items():
        if has + lacks:
            print(f'{section}: {has} of {has + lacks} names have a counterpart')
            if has < LEAST.get(section, 0):
                problems.append(f'{section}: {has} names have a counterpart, but at least {LEAST[section]} must')
    print('\n'.join(problems))
    print(f'{len(problems)} problems')
    return 1 if problems else 0


if __name__ == '__main__':
    sys.exit(record() if sys.argv[1] == '--record' else check())
