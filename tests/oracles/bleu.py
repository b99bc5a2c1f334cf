#!/usr/bin/env python3
"""Checks BLEU, its tokens and lower-casing against the sacrebleu package, bit for bit.

  tests/oracles/bleu.py build/tests/text_cli            compare on generated (and real) lines
  tests/oracles/bleu.py --write tests/oracles/bleu_cases.h    record the fixtures of the unit test
"""
import argparse
import gzip
import pathlib
import random
import subprocess
import sys
import tempfile
import unicodedata

import sacrebleu
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

from cpp import literal

PIECES = ["a", "the", "Haus", "ÄPFEL", "naïve", "9", "1,000", "3.14", ".", ",", "..", "...", ",,", ".,",
          "-", "--", "5-6", "x-ray", "-7", "7-", "'", "don't", '"', "&quot;", "&amp;", "&lt;", "&gt;",
          "&amp;lt;", "<skipped>", "<<skipped>skipped>", "&", "/", "\\", "(", ")", "[x]", "{y}", "~", "`",
          "^", "_", "|", "$5.00", "50%", "#1", "@home", "e.g.", "U.S.", "¿Qué?", "„Ja“", "«oui»", "日本。",
          "İ", "ΟΔΟΣ", "Σ", "ΑΣ.", "Ⅳ", "ẞ", "\u00a0", "\u2003", "\u3000", "\u200b", "\x1c", "\x85", "\t",
          "😀", "e\u0301", "a.b", ".5", "5.", ",a", "a,", "1.a", "a.1", "é.é", "!", "?!", ":", ";", "+", "=", "*"]
SENTENCES = ["A man in an orange hat starring at something.", "Two men are at the stove preparing food!",
             "A small child, wearing a \"red\" coat, jumps 3.5 metres high.", "Ein Hund läuft über die Straße.",
             "He's 5-6 years old (at 9:30).", "The girl's T-shirt costs $1,000.50 &amp; more..."]


def random_line(rng):
    return "".join(rng.choice(PIECES) + rng.choice(["", " ", " ", "  "]) for _ in range(rng.randrange(0, 14)))


def disturb(rng, line):
    """Makes a hypothesis from a reference by dropping, doubling, swapping and replacing words."""
    words = line.split(" ")
    out = []
    for word in words:
        draw = rng.random()
        if draw < 0.1:
            continue
        out.append(rng.choice(PIECES) if draw < 0.2 else word.upper() if draw < 0.25 else word)
        if draw > 0.95:
            out.append(word)
    if len(out) > 1 and rng.random() < 0.3:
        at = rng.randrange(len(out) - 1)
        out[at], out[at + 1] = out[at + 1], out[at]
    return " ".join(out)


def random_corpus(rng, lines):
    reference = [rng.choice(SENTENCES) if rng.random() < 0.5 else random_line(rng) for _ in range(lines)]
    reference = [line or "." for line in reference]
    return [disturb(rng, line) if rng.random() < 0.9 else random_line(rng) for line in reference], reference


def score_of(hypotheses, references, lowercase):
    metric = sacrebleu.metrics.BLEU(lowercase=lowercase, force=True)
    score = metric.corpus_score(hypotheses, references)
    signature = "|".join(p for p in metric.get_signature().format(short=False).split("|") if "version" not in p)
    return score, signature


class Checker:
    def __init__(self, program):
        self.program, self.failures, self.checks = program, 0, 0
        self.scratch = tempfile.TemporaryDirectory(prefix="tapehead-oracle-")
        self.folder = pathlib.Path(self.scratch.name)

    def run(self, command, *texts):
        paths = []
        for i, lines in enumerate(texts):
            path = self.folder / f"{i}.txt"
            path.write_text("".join(line + "\n" for line in lines), encoding="utf-8", newline="")
            paths.append(str(path))
        out = subprocess.run([self.program, command, *paths], capture_output=True, check=True).stdout
        return out.decode("utf-8").split("\n")[:-1]

    def equal(self, what, expected, got):
        self.checks += 1
        if expected != got:
            self.failures += 1
            if self.failures <= 10:
                print(f"{what}:\n  expected {expected!r}\n  got      {got!r}")

    def bleu(self, what, hypotheses, references):
        for lowercase in (False, True):
            score, signature = score_of(hypotheses, references, lowercase)
            got = self.run("bleu-lc" if lowercase else "bleu", hypotheses, *references)
            self.equal(f"{what}: score", score.score, float.fromhex(got[0]))
            self.equal(f"{what}: printed", [str(score), signature], got[1:])


def compare(program, data):
    checker, rng = Checker(program), random.Random(1)
    tokenize = Tokenizer13a()
    lines = [random_line(rng) + "x" for _ in range(20_000)]
    for line, got in zip(lines, checker.run("tokens", lines)):
        checker.equal("tokens", tokenize(line), got)

    letters = [chr(c) for c in range(1, 0x110000) if chr(c) not in "\n\r" and unicodedata.category(chr(c)) not in ("Cs", "Cn")]
    for line, got in zip(letters, checker.run("lower", [c + "." for c in letters])):
        checker.equal(f"lower U+{ord(line):04X}", (line + ".").lower(), got)
    around = [a + "\u03a3" + b for a in ["", "A", "1", "A'", "A\u0301"] for b in letters[:0x3000]]
    around += [b + "\u03a3" for b in letters]
    for line, got in zip(around, checker.run("lower", around)):
        checker.equal("lower sigma", line.lower(), got)

    for i in range(300):
        hypotheses, reference = random_corpus(rng, rng.randrange(1, 40))
        references = [reference] + [[disturb(rng, r) for r in reference] for _ in range(rng.choice([0, 0, 1, 2]))]
        checker.bleu(f"corpus {i}", hypotheses, references)
    for name in ("val", "test_2016_flickr") if data else ():
        for language in ("de", "en", "fr"):
            with gzip.open(pathlib.Path(data) / f"{name}.{language}.gz", "rt", encoding="utf-8", newline="\n") as file:
                reference = [line.rstrip("\n") for line in file]
            for line, got in zip(reference, checker.run("tokens", reference)):
                checker.equal(name, tokenize(line.rstrip()), got)
            checker.bleu(f"{name}.{language}", [disturb(rng, line) for line in reference], [reference])
    print(f"{checker.checks} checks, {checker.failures} failures")
    return checker.failures == 0


def write(path):
    rng, tokenize = random.Random(2), Tokenizer13a()
    lines = [random_line(rng) for _ in range(40)] + SENTENCES + ["", "-\n5", "a-\nb\nc."]
    corpora = [random_corpus(rng, n) for n in (1, 2, 3, 5, 8, 12, 20)]
    corpora = [(h, [r]) for h, r in corpora]
    hypotheses, reference = random_corpus(rng, 6)
    corpora.append((hypotheses, [reference, [disturb(rng, r) for r in reference]]))
    corpora += [(["the cat"], [["the cat"]]), ([""], [["a b c d"]]), (["x y z w v"], [["a b c d"]]),
                (["a x b y c z"], [["a b c d e f g"]]), (["", "A dog runs over there."], [["", "a dog runs over here."]])]
    out = ["// Written by tests/oracles/bleu.py with sacrebleu " + sacrebleu.__version__ + ": not for editing by hand.",
           "// clang-format off", "#pragma once", "", "#include <string>", "#include <vector>", "",
           "namespace tapehead::test {", "", "struct TokenCase { std::string line, tokens; };",
           "inline const std::vector<TokenCase> kTokenCases = {"]
    out += [f"  {{{literal(line)}, {literal(tokenize(line))}}}," for line in lines]
    out += ["};", "", "struct BleuCase {", "  std::vector<std::string> hypotheses;",
            "  std::vector<std::vector<std::string>> references;", "  bool lowercase;", "  double score;",
            "  std::string printed, signature;", "};", "inline const std::vector<BleuCase> kBleuCases = {"]
    braced = lambda lines: "{" + ",\n    ".join(map(literal, lines)) + "}"
    for hypotheses, references in corpora:
        for lowercase in (False, True):
            score, signature = score_of(hypotheses, references, lowercase)
            out.append(f"  {{{braced(hypotheses)},\n   {{{', '.join(map(braced, references))}}},\n"
                       f"   {str(lowercase).lower()}, {float(score.score).hex()}, {literal(str(score))}, {literal(signature)}}},")
    out += ["};", "", "}  // namespace tapehead::test", ""]
    pathlib.Path(path).write_text("\n".join(out))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", help="build/tests/text_cli")
    parser.add_argument("--data", help="a folder with Multi30k, to compare on its lines too")
    parser.add_argument("--write", metavar="HEADER", help="record the fixtures")
    args = parser.parse_args()
    if args.write:
        write(args.write)
    elif args.program:
        sys.exit(0 if compare(args.program, args.data) else 1)
    else:
        parser.error("give the program to check, or --write")
