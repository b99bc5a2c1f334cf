"""C++ text of recorded values."""


def literal(text):
    """A C++ string literal; every byte that is not plain ASCII as a three-digit octal escape."""
    return '"' + "".join(chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode()) + '"'


def numbers(values):
    """A braced list of doubles, with as many digits as they need."""
    return "{" + ", ".join(repr(float(value)) for value in values) + "}"


def print_table(name, result):
    """Prints the definition of a vector of a tensor's values, with 15 digits."""
    values = ", ".join(f"{v:.15g}" for v in result.detach().flatten().tolist())
    print(f"inline const std::vector<double> {name} = {{{values}}};")
