#!/usr/bin/env python3
"""Records word and character error rates of the jiwer package for the unit test.

  tests/oracles/error_rate.py tests/oracles/error_rate_cases.h
"""
import importlib.metadata
import pathlib
import random
import sys

import jiwer

from cpp import literal, numbers

WORDS = ["the", "a", "cat", "cats", "sat", "mat", "on", "naïve", "Straße", "日本", "don't", "x", "o", "oh", "zero", "one", "two"]
LETTERS = {"equal": "=", "substitute": "S", "insert": "I", "delete": "D"}


def random_line(rng, words):
    return "".join(rng.choice(words) + rng.choice([" ", " ", " ", "  "]) for _ in range(rng.choice([0, 1, 2, 3, 5, 7, 8, 12])))


def disturb(rng, line, words):
    out = []
    for word in line.split(" "):
        draw = rng.random()
        if draw < 0.15:
            continue
        out.append(rng.choice(words) if draw < 0.35 else word)
        if draw > 0.9:
            out.append(rng.choice(words))
    return " ".join(out)


def pairs(rng):
    """Half of the pairs are of three words, whose alignments with the fewest edits are many."""
    out = [("", ""), ("a cat", ""), ("", "a cat"), ("  ", "x"), (" a \u2003b ", "a  b"), ("a b", "b c")]
    while len(out) < 100:
        words = rng.choice([WORDS, WORDS[:3]])
        reference = random_line(rng, words)
        hypothesis = disturb(rng, reference, words) if rng.random() < 0.6 else random_line(rng, words)
        out.append((hypothesis, reference))
    return out


def runs(output):
    return " ".join(LETTERS[c.type] + str(max(c.ref_end_idx - c.ref_start_idx, c.hyp_end_idx - c.hyp_start_idx))
                    for c in output.alignments[0])


def record(hypotheses, references):
    words, characters = (f(references, hypotheses) for f in (jiwer.process_words, jiwer.process_characters))
    rates = [words.wer, words.mer, words.wil, words.wip, characters.cer]
    return words, characters, numbers(rates)


def main(path):
    rng = random.Random(4)
    corpus = pairs(rng)
    out = [f"// Written by tests/oracles/error_rate.py with jiwer {importlib.metadata.version('jiwer')}: not for editing by hand.",
           "// clang-format off", "#pragma once", "", "#include <array>", "#include <cstdint>", "#include <string>", "#include <vector>", "",
           "namespace tapehead::test {", "",
           "// Runs of equal (=), substituted (S), inserted (I) and deleted (D) words and characters; WER, match error",
           "// rate, word information lost and preserved, CER.",
           "struct ErrorCase { std::string hypothesis, reference, words, characters; std::array<double, 5> rates; };",
           "inline const std::vector<ErrorCase> kErrorCases = {"]
    for hypothesis, reference in corpus:
        words, characters, rates = record([hypothesis], [reference])
        texts = ", ".join(map(literal, (hypothesis, reference, runs(words), runs(characters))))
        out.append(f"  {{{texts}, {rates}}},")
    hypotheses, references = map(list, zip(*corpus))
    words, characters, rates = record(hypotheses, references)
    counts = [[o.hits, o.substitutions, o.deletions, o.insertions] for o in (words, characters)]
    shown = [jiwer.visualize_alignment(record(hypotheses[:12], references[:12])[kind], **options)
             for kind in (0, 1) for options in ({}, {"skip_correct": False, "show_measures": False, "line_width": 30})]
    out += ["};", "// Of the whole corpus: hits, substitutions, deletions and insertions of words and of characters.",
            f"inline constexpr std::array<double, 5> kCorpusRates = {rates};",
            "inline constexpr int64_t kCorpusCounts[2][4] = {" + ", ".join("{" + ", ".join(map(str, c)) + "}" for c in counts) + "};",
            "// The first 12 pairs as text: words, then characters; with defaults, then correct pairs too, no measures, width 30.",
            "inline const std::string kVisualized[2][2] = {"]
    out += ["  {" + ",\n   ".join(map(literal, shown[kind:kind + 2])) + "}," for kind in (0, 2)]
    out += ["};", "", "}  // namespace tapehead::test", ""]
    pathlib.Path(path).write_text("\n".join(out))


if __name__ == "__main__":
    main(sys.argv[1])
