#!/usr/bin/env python3
"""Tests the reader of headers, and that the checks of comments and examples find what is missing."""
import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / 'tools'))
import header_reader  # noqa: E402
import reference  # noqa: E402

HEADER = '''// Sums, of shapes and dtypes; throws Error.
#pragma once
#define F(x) \\
  int never(x);

namespace tapehead {

class Later;
/// Of both.
Tensor a(const Tensor& x, std::function<int(int)> f = {});
inline Tensor b(Tensor x) { return c(x, "}"); }

Tensor operator+(const Tensor& x, const Tensor& y);
namespace detail {
void hidden();
}
/// Options.
struct Options {
  int64_t p = 2, q = f(1);  ///< the orders
  Option<double> lr{"lr", 1, kAboveZero};
  enum class Kind { one, two };
};
/// A layer.
/// Example: Layer(at)(x)
class Layer : Base {
 public:
  explicit Layer(Scope at) : at_(at), size_{1} {}
  Tensor operator()(const Tensor& x) const;
  operator const Tensor&() const;

 private:
  int secret_;
};
using Two = Layer<2>;
enum class Mode : uint8_t {
  fast,  ///< quickly
  slow   ///< slowly
};
inline constexpr Range kRange{[](double x) { return x > 0; }};

}  // namespace tapehead
'''


class ReaderTest(unittest.TestCase):
    def setUp(self):
        self.found = header_reader.Reader(HEADER).read()

    def test_finds_public_declarations(self):
        names = [f'{found.kind} {found.full_name.removeprefix("tapehead::")}' for found in self.found]
        self.assertEqual(names, [
            'function a', 'function b', 'function operator+', 'class Options', 'variable Options::p',
            'variable Options::q', 'variable Options::lr', 'class Options::Kind', 'enumerator Options::Kind::one',
            'enumerator Options::Kind::two', 'class Layer', 'function Layer::Layer', 'function Layer::operator()',
            'function Layer::operator const Tensor&', 'alias Two', 'class Mode', 'enumerator Mode::fast',
            'enumerator Mode::slow', 'variable kRange'])

    def test_attaches_comments(self):
        comments = {found.name: found.comment.strip() for found in self.found}
        self.assertEqual(comments['b'], 'Of both.')
        self.assertEqual(comments['operator+'], '')
        self.assertEqual(comments['p'], 'the orders')
        self.assertEqual(comments['q'], 'the orders')
        self.assertEqual(comments['fast'], 'quickly')
        self.assertEqual(comments['slow'], 'slowly')
        self.assertEqual(comments['kRange'], '')

    def test_names_layers(self):
        self.assertEqual(list(header_reader.layers(self.found)), ['tapehead::Layer', 'tapehead::Two'])


class CheckTest(unittest.TestCase):
    def check(self, path, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / path
            file.parent.mkdir(parents=True)
            file.write_text(text, encoding='utf-8')
            out = io.StringIO()
            with contextlib.redirect_stdout(out):
                status = reference.check(pathlib.Path(folder))
            return status, out.getvalue().splitlines()[:-1]

    def test_finds_what_is_missing(self):
        op = ('namespace tapehead {\n\n/// It.\n/// Example: f(1)  // 2\nTensor f(Number x);\nTensor g(Number x);\n\n'
              'int h();\n}\n')
        status, lines = self.check('autograd/ops/x.h', op)

        def nameless(line, name):
            return [f'autograd/ops/x.h:{line}: neither the comment of {name} nor the head of the file names {what}'
                    for what in ('shapes', 'dtypes', 'errors')]
        self.assertEqual(status, 1)
        self.assertEqual(lines, [
            'autograd/ops/x.h:8: tapehead::h has no comment', *nameless(5, 'f'), *nameless(6, 'g'),
            'autograd/ops/x.h:6: g has no example', *nameless(8, 'h'), 'autograd/ops/x.h:8: h has no example'])
        status, lines = self.check('core/x.h', '/// It.\n/// Example: f(1)  // [1,\n/// 2]\nint f();\n')
        self.assertEqual(lines, ['core/x.h:2: the example ends within brackets; indent its other lines by 5 blanks'])
        _, lines = self.check('core/x.h', '/// It. Example: f(1)  // 2\nint f();\n')
        self.assertEqual(lines, ['core/x.h:1: the example does not begin a line'])
        status, lines = self.check('nn/x.h', HEADER.replace('namespace tapehead {', 'namespace tapehead::nn {', 1))
        self.assertIn('nn/x.h: nn::Two has no example', lines)
        status, lines = self.check('data/x.h', 'namespace tapehead::data {\n\n/// It.\nint f();\nint g(std::string path);\n\n'
                                   '/// It.\nclass Report {};\n}\n')
        self.assertEqual(lines, ['data/x.h: data::Report has no example', 'data/x.h: data::f has no example'])

    def test_reads_examples(self):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / 'x.h'
            file.write_text('/// Example: f(1,\n///     2)  // [1]; [2]\nint f();\n', encoding='utf-8')
            self.assertEqual(list(reference.examples_of(file)), [(1, 'f(1, 2)', '[1]; [2]')])


if __name__ == '__main__':
    unittest.main()
