// Every function declared in a header of ops has a row in the op table, whose samples check its
// second derivatives, or which says why there are none.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <vector>

#include "tapehead/tests/op_inputs.h"
#include "tapehead/tests/op_test.h"

namespace {

using namespace tapehead::op_tests;

namespace fs = std::filesystem;

std::string read(const std::string& path) {
  std::ifstream in(std::string(TAPEHEAD_SOURCE_ROOT "/") + path);
  std::stringstream text;
  text << in.rdbuf();
  REQUIRE_MESSAGE(in.good(), path);
  return text.str();
}

bool part_of_name(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Strips comments and preprocessor lines.
std::string code_of(const std::string& text) {
  std::istringstream in(text);
  std::string out, line;
  while (std::getline(in, line)) {
    if (line.starts_with("#")) continue;
    out += line.substr(0, line.find("//")) + "\n";
  }
  return out;
}

// The functions declared in the innermost namespaces of a header, except operators: in each
// statement, the name before the first parenthesis. A name occurs once for each overload.
std::multiset<std::string> functions_of(const std::string& header) {
  std::multiset<std::string> names;
  std::string statement;
  int inside = 0;  // brace depth within a body or struct
  const auto finish = [&] {
    const size_t paren = statement.find('(');
    size_t first = paren;
    while (first != std::string::npos && first > 0 && part_of_name(statement[first - 1])) --first;
    const bool declares = paren != std::string::npos &&
                          statement.find("operator") == std::string::npos &&
                          statement.find("struct ") != 0 && statement.find("using ") != 0;
    if (declares && first < paren) names.insert(statement.substr(first, paren - first));
    statement.clear();
  };
  for (const char c : code_of(header)) {
    if (c == '{' && inside == 0 && statement.find("namespace") != std::string::npos)
      statement.clear();
    else if (c == '{') ++inside;
    else if (c == '}' && inside > 0)
      --inside == 0 && statement.find("struct") == std::string::npos ? finish() : void();
    else if (c == ';' && inside == 0) finish();
    else if (inside == 0 && !(statement.empty() && std::isspace(static_cast<unsigned char>(c))))
      statement += c;
  }
  return names;
}

bool mentions_call(const std::string& code, const std::string& name) {
  for (size_t at = code.find(name + "("); at != std::string::npos;
       at = code.find(name + "(", at + 1))
    if (at == 0 || !part_of_name(code[at - 1])) return true;
  return false;
}

// The functions that are ops of this program's layer.
std::multiset<std::string> declared_ops() {
  std::vector<std::string> headers;
  if (std::string(TAPEHEAD_LAYER) == "nn") {
    headers = {"nn/additive_scores.h", "nn/memory/entity_memory.h"};
  } else {
    headers = {"autograd/attention.h", "autograd/rotary.h"};
    for (const auto& file : fs::directory_iterator(TAPEHEAD_SOURCE_ROOT "/autograd/ops")) {
      const std::string name = file.path().filename().string();
      if (name.ends_with(".h") && !name.ends_with("_kernel.h"))
        headers.push_back("autograd/ops/" + name);
    }
  }
  std::multiset<std::string> ops;
  for (const std::string& header : headers) ops.merge(functions_of(read(header)));
  return ops;
}

// Whether op_check.h runs gradgradcheck on a sample.
bool checks_second_derivative(const Sample& s) {
  return s.differentiable && s.has_derivative &&
         std::any_of(s.operands.begin(), s.operands.end(),
                     [](const Operand& o) { return o.kind == Operand::kFloating; });
}

// "the result is bool" if no sample of a row has a floating result, else "".
std::string types_of_results(const OpTest& row) {
  std::string types;
  for (const Sample& s : row.samples()) {
    for (const tapehead::Tensor& result : s.call(to_tensors(s, draw(s), tapehead::f32))) {
      if (is_floating(result.dtype())) return "";
      const std::string type = tapehead::name(result.dtype());
      if (types.find(type) == std::string::npos) types += (types.empty() ? "" : " or ") + type;
    }
  }
  return "the result is " + types;
}

}  // namespace

TEST_CASE("the reader of headers finds functions") {
  const auto names = functions_of(
      "namespace tapehead {\n/// not_me(int)\nTensor a(const Tensor& x, std::function<int(int)> f "
      "= {});\nTensor a(int x);\n"
      "inline Tensor b(Tensor x) { return c(x); }\ninline Tensor operator+(Tensor x, Tensor y) { "
      "return d(x); }\n"
      "struct Options {\n  int axis = f(0);\n};\nstd::array<Tensor, 2> e(const Tensor& x, Options "
      "o = {.axis = 1});\n"
      "}  // namespace tapehead\n");
  CHECK(names == std::multiset<std::string>{"a", "a", "b", "e"});
}

TEST_CASE("every op has a row, and every row an op") {
  const std::multiset<std::string> ops = declared_ops();
  const std::string tensor = code_of(read("core/tensor.h"));
  std::set<std::string> rows;
  for (const OpTest& row : table()) rows.insert(row.op());
  for (auto op = ops.begin(); op != ops.end(); op = ops.upper_bound(*op))
    CHECK_MESSAGE(rows.contains(*op), *op, " is declared as an op but has no TAPEHEAD_OP_TEST");
  for (const std::string& row : rows)
    CHECK_MESSAGE((ops.contains(row) || mentions_call(tensor, row)), "the row ", row,
                  " is of no op that a header declares and no method of Tensor");
}

TEST_CASE("every op is twice differentiable, or its row says why not") {
  const std::multiset<std::string> ops = declared_ops();
  std::set<std::string> names(ops.begin(), ops.end());
  std::map<std::string, std::vector<std::string>> once;  // by reason
  for (const OpTest& row : table()) {
    const bool checked = std::any_of(row.samples().begin(), row.samples().end(),
                                     [](const Sample& s) { return checks_second_derivative(s); });
    const std::string& given = row.not_twice_differentiable();
    const std::string reason = given.empty() && !checked ? types_of_results(row) : given;
    const std::string problem =
        checked ? " checks second derivatives, but says that there are none"
                : " checks no second derivative and gives no reason: add a sample or "
                  "not_twice_differentiable()";
    CHECK_MESSAGE(checked == reason.empty(), "the row ", row.op(), problem);
    if (!checked) once[reason].push_back(row.op());
  }
  std::string report;
  for (const auto& [reason, rows] : once) {
    report += "\n  " + reason + ":";
    for (const std::string& row : rows) report += " " + row;
  }
  MESSAGE(names.size(), " operations, ", ops.size(), " with overloads, ", table().size(),
          " rows. Not twice differentiable:", report);
  if (std::string(TAPEHEAD_LAYER) == "autograd") CHECK(ops.size() >= 300);
}
