#!/usr/bin/env python3
"""Writes tables of the differences between the Unicode data of the tokenizers package and of utf8proc.

  tests/oracles/unicode_tables.py > data/detail/unicode_tables.cpp

The package uses several Unicode libraries of different versions. It is queried for every code point; where it
differs from utf8proc, a table gets a range to add or to remove.
"""
import ctypes
import subprocess

from tokenizers import AddedToken, Regex, Tokenizer, models
from tokenizers import normalizers as N
from tokenizers import pre_tokenizers as P

UTF8PROC = ctypes.CDLL("libutf8proc.so.2")
UTF8PROC.utf8proc_map.restype = ctypes.c_ssize_t
UTF8PROC.utf8proc_unicode_version.restype = ctypes.c_char_p
NAMES = "Cn Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp Cc Cf Cs Co".split()
POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
CATEGORY = {c: NAMES[UTF8PROC.utf8proc_category(c)] for c in POINTS}


def of(*categories):
    return {c for c in POINTS if CATEGORY[c] in categories or CATEGORY[c][0] in categories}


def matches(pattern):
    pieces = P.Split(Regex(pattern), "removed", invert=True).pre_tokenize_str("".join(map(chr, POINTS)))
    return {ord(c) for piece, _ in pieces for c in piece}


def removed(normalizer):
    return {c for c in POINTS if not normalizer.normalize_str(chr(c))}


def bert(**flags):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return N.BertNormalizer(**{**off, **flags})


def splits(pre_tokenizer, pieces):
    return {c for c in POINTS if len(pre_tokenizer.pre_tokenize_str("a" + chr(c) + "a")) == pieces}


def joins_words():
    """Characters that \\w matches for single_word tokens."""
    tokenizer = Tokenizer(models.BPE({"a": 0, "?": 1}, [], unk_token="?"))
    tokenizer.add_tokens([AddedToken("XYZ", single_word=True)])
    return {c for c in POINTS if tokenizer.encode("XYZ" + chr(c)).ids[0] != 2}


def mapped(text, options):
    out, data = ctypes.c_void_p(), text.encode()
    size = UTF8PROC.utf8proc_map(data, ctypes.c_ssize_t(len(data)), ctypes.byref(out), ctypes.c_int(options))
    result = ctypes.string_at(out.value, size).decode()
    ctypes.CDLL(None).free(out)
    return result


def foreign_to_normal_forms():
    """Code points unknown to the package's normal forms, which decompose or reorder differently."""
    stable, compat, decompose = 2, 4, 16
    nfd, nfkd = N.NFD(), N.NFKD()
    foreign = set()
    for c in map(chr, POINTS[1:]):
        if nfkd.normalize_str(c) != mapped(c, stable | decompose | compat):
            foreign.add(ord(c))
        if nfd.normalize_str(c) != mapped(c, stable | decompose):  # its parts must not compose either
            foreign.update(map(ord, mapped(c, stable | decompose)))
        if nfd.normalize_str(f"a\u0345{c}\u0334") != mapped(f"a\u0345{c}\u0334", stable | decompose):
            foreign.add(ord(c))
    return foreign


def ranges(points):
    out = []
    for c in sorted(points):
        if out and out[-1][1] == c - 1:
            out[-1][1] = c
        else:
            out.append([c, c])
    return out


def lower_cases():
    lower = N.Lowercase()
    for c in POINTS:
        theirs = lower.normalize_str(chr(c))
        if c != 0x130 and theirs != chr(UTF8PROC.utf8proc_tolower(c)):
            yield c, ord(theirs)


def main():
    words = of("L", "M", "Nd", "Nl", "Pc") | {0x200C, 0x200D}
    for first, last in ((0x24B6, 0x24E9), (0x1F130, 0x1F149), (0x1F150, 0x1F169), (0x1F170, 0x1F189)):
        words |= set(range(first, last + 1))
    ascii_punctuation = {c for c in range(33, 127) if not chr(c).isalnum()}
    tables = {
        "Letters": (matches(r"\p{L}"), of("L")),
        "Numbers": (matches(r"\p{N}"), of("N")),
        "Marks": (matches(r"\p{M}"), of("M")),
        "Capitals": (matches(r"[\p{Lu}\p{Lt}]"), of("Lu", "Lt")),
        "Small": (matches(r"\p{Ll}"), of("Ll")),
        "Digits": (splits(P.Digits(), 3), of("N")),
        "WordCharacters": (joins_words(), words),
        "Punctuation": (splits(P.Punctuation(), 3), of("P") | ascii_punctuation),
        "Control": (removed(bert(clean_text=True)), (of("Cc", "Cf", "Co") | {0, 0xFFFD}) - {9, 10, 13}),
        "Nonspacing": (removed(bert(strip_accents=True)), of("Mn")),
        "Combining": (removed(N.StripAccents()), of("M")),
        "Foreign": (foreign_to_normal_forms(), set()),
    }
    version = UTF8PROC.utf8proc_unicode_version().decode()
    text = [f"// Written by tests/oracles/unicode_tables.py, with utf8proc's tables of Unicode {version}.",
            '#include "tapehead/data/detail/unicode_tables.h"', "", "namespace tapehead::data::unicode {"]
    for name, (theirs, ours) in tables.items():
        for suffix, points in (("added", theirs - ours), ("removed", ours - theirs)):
            body = ", ".join(f"{{{a:#x}, {b:#x}}}" for a, b in ranges(points)) or "{1, 0}"
            text += ["", f"static constexpr Range k{name}{suffix.title()}[] = {{{body}}};"]
        text.append(f"const Difference k{name} = {{k{name}Added, k{name}Removed}};")
    body = ", ".join(f"{{{a:#x}, {b:#x}}}" for a, b in lower_cases())
    text += ["", f"static constexpr LowerCase kLowerCaseList[] = {{{body}}};",
             "const std::span<const LowerCase> kLowerCases = kLowerCaseList;", "", "}  // namespace tapehead::data::unicode"]
    print(subprocess.run(["clang-format-14", "--assume-filename=data/detail/unicode_tables.cpp"], text=True,
                         input="\n".join(text) + "\n", stdout=subprocess.PIPE, check=True).stdout, end="")


if __name__ == "__main__":
    main()
