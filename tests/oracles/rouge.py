#!/usr/bin/env python3
"""Checks ROUGE and Porter's stemmer against the rouge-score package and NLTK, bit for bit.

  tests/oracles/rouge.py build/tests/text_cli            compare on generated (and real) pairs
  tests/oracles/rouge.py --write tests/oracles/rouge_cases.h    record the fixtures of the unit test
"""
import argparse
import gzip
import importlib.metadata
import itertools
import pathlib
import random
import subprocess
import sys
import tempfile

from nltk.stem import porter
from rouge_score import rouge_scorer

from cpp import literal

KINDS = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
ROOTS = ["a", "to", "by", "sky", "die", "tie", "fly", "try", "enjoy", "happy", "agree", "feed", "hop", "hopp", "fall",
         "fail", "fil", "size", "conflat", "troubl", "relat", "rate", "radic", "geo", "archaeo", "theo", "form", "hope",
         "electr", "digit", "vietnam", "gyroscop", "adopt", "control", "roll", "cease", "prob", "yy", "syzyg", "toy",
         "gener", "oscill", "inn", "cann", "out", "proc", "succ", "exc", "how", "new", "l", "s", "y", "ox", "add", "egg",
         "42", "x86", "3d", "mp3", "v2", "utf8", "qu", "aye", "eye", "bee", "see", "ss", "zz", "buzz", "call", "skill"]
SUFFIXES = ["", "s", "es", "ies", "sses", "ss", "ed", "eed", "ied", "ing", "y", "ational", "tional", "enci", "anci",
            "izer", "bli", "abli", "alli", "entli", "eli", "ousli", "ization", "ation", "ator", "alism", "iveness",
            "fulness", "ousness", "aliti", "iviti", "biliti", "fulli", "logi", "icate", "ative", "alize", "iciti",
            "ical", "ful", "ness", "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent",
            "ion", "sion", "tion", "ou", "ism", "ate", "iti", "ous", "ive", "ize", "e", "ll", "lle", "ly", "nesses"]
# Words that trigger rules of the stemmer that few words do.
RARE = ["dies", "ties", "died", "tried", "flies", "using", "added", "eggs", "bys", "oys", "relationally", "rationally",
        "conditionally", "geologies", "theologies", "hopefully", "feed", "agreed", "bled", "fizzed", "falling", "hopping",
        "filing", "boxing", "playing", "snowing", "controlled", "rolls", "ceases", "rates", "enjoy", "spy", "sing", "ions"]
PIECES = ["The", "police", "killed", "kill", "the", "gunman", "gunmen", ".", ",", "...", "\x1f", "\x1f\x1f", "don't",
          "x-ray", "C++", "3.14", "1,000", "_", "é", "naïve", "Straße", "\u212A", "İ", "ﬁ", "日本", "Σ", "\u2003", "\t", "\x0b",
          "libfoo2", "python3-foo", "relational", "relations", "generally", "General", "flies", "dying", "a", "A", "of"]


def all_words():
    return sorted({root + one + two for root in ROOTS for one in SUFFIXES for two in SUFFIXES})


def random_text(rng, words):
    return "".join((rng.choice(words) if rng.random() < 0.3 else rng.choice(PIECES)) + rng.choice(["", " ", " ", " "])
                   for _ in range(rng.choice([0, 1, 2, 3, 5, 8, 13, 40])))


def disturb(rng, text):
    words = text.split(" ")
    rng.random() < 0.2 and rng.shuffle(words)
    return " ".join(rng.choice(PIECES) if rng.random() < 0.15 else w for w in words if rng.random() > 0.1)


def sentences(rng):
    """Made of three words: there are several longest common subsequences, and ROUGE-Lsum depends on the one chosen."""
    return "".join(rng.choice(["a ", "b ", "c ", "\x1f"]) for _ in range(rng.randrange(1, 24)))


def pairs_of(rng, words, count):
    for _ in range(count):
        if rng.random() < 0.4:
            yield sentences(rng), sentences(rng)
            continue
        reference = random_text(rng, words)
        yield (disturb(rng, reference) if rng.random() < 0.7 else random_text(rng, words)), reference


def scorers():
    return {stem: rouge_scorer.RougeScorer(KINDS, use_stemmer=stem) for stem in (False, True)}


def numbers(scorer, summary, reference):
    scores = scorer.score(reference.replace("\x1f", "\n"), summary.replace("\x1f", "\n"))
    return [float(x) for kind in KINDS for x in (scores[kind].precision, scores[kind].recall, scores[kind].fmeasure)]


class Checker:
    def __init__(self, program):
        self.program, self.failures, self.checks = program, 0, 0
        self.scratch = tempfile.TemporaryDirectory(prefix="tapehead-oracle-")

    def run(self, command, *texts):
        paths = []
        for i, lines in enumerate(texts):
            path = pathlib.Path(self.scratch.name) / f"{i}.txt"
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

    def pairs(self, what, pairs):
        summaries, references = zip(*pairs)
        for stem, scorer in scorers().items():
            lines = self.run("rouge-stem" if stem else "rouge", summaries, references)
            every = [numbers(scorer, s, r) for s, r in pairs]
            for pair, expected, line in zip(pairs, every, lines):
                self.equal(f"{what} {pair!r}", expected, [float.fromhex(x) for x in line.split()])
            mean = [sum(column) / len(every) for column in map(list, zip(*every))]
            self.equal(f"{what}: mean", mean, [float.fromhex(x) for x in lines[-1].split()])


def compare(program, data):
    checker, rng = Checker(program), random.Random(1)
    words, stemmer = all_words(), porter.PorterStemmer()
    words += ["".join(c) for n in (1, 2, 3, 4) for c in itertools.product("aybcls", repeat=n)]
    words += ["".join(rng.choice("aeiouybcdlstwxz19") for _ in range(rng.randrange(1, 12))) for _ in range(100_000)]
    words += list(stemmer.pool) + RARE
    for word, got in zip(words, checker.run("stems", words)):
        checker.equal(f"stem of {word}", stemmer.stem(word), got)
    checker.pairs("pair", list(pairs_of(rng, words, 20_000)))
    if data:
        with gzip.open(pathlib.Path(data) / "test.tsv.gz", "rt", encoding="utf-8", newline="\n") as file:
            rows = [line.rstrip("\n").split("\t") for line in file]
        checker.pairs("text", [(text, summary) for _, summary, text in rows])
        real = sorted({word for row in rows for word in "".join(c if c.isascii() and c.isalnum() else " " for c in row[2].lower()).split()})
        for word, got in zip(real, checker.run("stems", real)):
            checker.equal(f"stem of {word}", stemmer.stem(word), got)
    print(f"{checker.checks} checks, {checker.failures} failures")
    return checker.failures == 0


def write(path):
    rng, stemmer = random.Random(2), porter.PorterStemmer()
    words = all_words()
    some = rng.sample(words, 120) + [r + s for r in ("gener", "hop", "geo", "fl") for s in SUFFIXES] + list(stemmer.pool) + RARE
    pairs = list(pairs_of(rng, words, 36)) + [("", ""), ("the", ""), ("", "the"), ("a b c", "a b c"), ("é", "é")]
    out = ["// Written by tests/oracles/rouge.py with rouge-score " + importlib.metadata.version("rouge-score")
           + " and NLTK " + importlib.metadata.version("nltk") + ": not to be edited.",
           "// clang-format off", "#pragma once", "", "#include <array>", "#include <string>", "#include <vector>", "",
           "namespace tapehead::test {", "", "struct StemCase { std::string word, stem; };",
           "inline const std::vector<StemCase> kStemCases = {"]
    stems = [f"{{{literal(word)}, {literal(stemmer.stem(word))}}}," for word in sorted(set(some))]
    out += ["  " + " ".join(stems[i:i + 4]) for i in range(0, len(stems), 4)]
    out += ["};", "", "/// Precision, recall and F1 of ROUGE-1, ROUGE-2, ROUGE-L and ROUGE-Lsum.",
            "struct RougeCase {", "  std::string summary, reference;", "  bool stem;", "  std::array<double, 12> scores;", "};",
            "inline const std::vector<RougeCase> kRougeCases = {"]
    for summary, reference in pairs:
        for stem, scorer in scorers().items():
            scores = ", ".join(x.hex() for x in numbers(scorer, summary, reference))
            texts = ", ".join(literal(t.replace("\x1f", "\n")) for t in (summary, reference))
            out.append(f"  {{{texts},\n   {str(stem).lower()}, {{{scores}}}}},")
    out += ["};", "", "}  // namespace tapehead::test", ""]
    pathlib.Path(path).write_text("\n".join(out))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", nargs="?", help="build/tests/text_cli")
    parser.add_argument("--data", help="a folder with debian-synopsis, to compare on its lines too")
    parser.add_argument("--write", metavar="HEADER", help="record the fixtures")
    args = parser.parse_args()
    if args.write:
        write(args.write)
    elif args.program:
        sys.exit(0 if compare(args.program, args.data) else 1)
    else:
        parser.error("give the program to check, or --write")
