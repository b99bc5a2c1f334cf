# Writes every ```cpp block of a Markdown file as a C++ file: awk -v out=PREFIX -f snippets.awk FILE
#
# A block with a main() is a program and is written as it is, to PREFIX-LINE-program.cpp. Any other
# is a fragment: its definitions go to namespace scope and its statements into a function, after
#   #include <tapehead/tapehead.h>
#   using namespace tapehead;
# to PREFIX-LINE-fragment.cpp. What a fragment takes for granted stands in a comment right before
# it, where readers of the page do not see it:
#   <!-- given: Tensor q = randn({2, 4, 8}); -->

function start_block() {
  in_block = 1
  first = FNR + 1
  text = ""
}

# A piece of top-level code is a definition if it begins as one, or if it is a function's head.
function is_definition(piece) {
  sub(/^[ \n]+/, "", piece)
  if (piece ~ /^(struct|class|enum|template|namespace|using|static|inline|constexpr|#)/) return 1
  if (piece ~ /^(if|for|while|do|switch|return|else|try)[^a-zA-Z0-9_]/) return 0
  return piece ~ /^[A-Za-z_][A-Za-z0-9_:<>,&* ]* [&*]*[A-Za-z_][A-Za-z0-9_:]*\([^;]*\)[ a-z]*\{/
}

function place(piece) {
  if (is_definition(piece)) definitions = definitions piece
  else statements = statements piece
}

# Splits code into its top-level pieces, each of which ends with the line that closes it.
function split_pieces(code,    lines, n, i, j, line, c, depth, piece, bare) {
  n = split(code, lines, "\n")
  depth = 0
  piece = ""
  for (i = 1; i <= n; i++) {
    line = lines[i]
    piece = piece line "\n"
    bare = line
    gsub(/\\./, "", bare)
    gsub(/"[^"]*"/, "\"\"", bare)
    sub(/\/\/.*/, "", bare)
    for (j = 1; j <= length(bare); j++) {
      c = substr(bare, j, 1)
      if (c ~ /[({[]/) depth++
      else if (c ~ /[)}\]]/) depth--
    }
    sub(/[ \t]+$/, "", bare)
    if (depth == 0 && (bare ~ /[;}]$/ || bare ~ /^#/)) {
      place(piece)
      piece = ""
    }
  }
  place(piece)
}

function write_block(    file) {
  if (text ~ /(^|\n)int main\(/) {
    file = out "-" first "-program.cpp"
    printf "#line %d \"%s\"\n%s", first, FILENAME, text >file
  } else {
    definitions = statements = ""
    split_pieces(given)
    split_pieces(text)
    file = out "-" first "-fragment.cpp"
    printf "#include <tapehead/tapehead.h>\nusing namespace tapehead;\n" >file
    printf "%s\n[[maybe_unused]] static void fragment() {\n%s}\n", definitions, statements >file
  }
  close(file)
  given = ""
}

/^<!-- given:/ { in_given = 1; sub(/^<!-- given:/, "") }
in_given {
  line = $0
  in_given = !sub(/-->.*/, "", line)
  given = given line "\n"
  next
}
/^```cpp *$/ { start_block(); next }
/^```/ && in_block { in_block = 0; write_block(); next }
in_block { text = text $0 "\n"; next }
/[^ \t]/ { given = "" }
