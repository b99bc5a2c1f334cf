// For kernel files: the loops of products in panels. A kind of product says what a packed element
// is, how many terms of the sums it holds, and how to multiply it.
//
// B is packed into panels of kPanelColumns columns, part by part of k, so that a block of panels
// stays in the L2 cache. For each part, the rows of A are packed in groups of up to kGroupRows,
// which stay in the L1 cache, and multiplied with the panels one after the other; the products of a
// group and a panel add up in registers.
#pragma once

#include "tapehead/core/kernels/panel_tile.h"

namespace tapehead::kernels::TAPEHEAD_ISA {
namespace {

using core::Matrix;
using core::PanelProduct;

// --- Packing ---

// A part of k, in terms of the sums, and the packed elements that it makes.
struct Part {
  int64_t begin, terms, depth;
};
template <class Kind>
int64_t parts(int64_t k) {
  return ceil_div(ceil_div(k, Kind::kTerms), kDepth);
}
template <class Kind>
Part part_of(int64_t k, int64_t part) {
  const int64_t all = ceil_div(k, Kind::kTerms), count = parts<Kind>(k);
  const int64_t begin = all * part / count, end = all * (part + 1) / count;
  return {begin * Kind::kTerms, std::min(end * Kind::kTerms, k) - begin * Kind::kTerms,
          end - begin};
}

template <class Kind>
int64_t packed_size(int64_t k, int64_t n, int64_t part, int64_t end) {
  const int64_t all = ceil_div(k, Kind::kTerms), count = parts<Kind>(k);
  return (all * end / count - all * part / count) * round_up(n, kPanelColumns) *
         static_cast<int64_t>(sizeof(typename Kind::Packed));
}

// A panel of columns that are contiguous, in transposed squares.
template <class Kind, class T>
void pack_columns(const T* from, int64_t column, int64_t terms, int64_t columns,
                  typename Kind::Packed* to) {
  using Packed = typename Kind::Packed;
  constexpr int64_t kTerms = kLanes * Kind::kTerms;  // of a vector
  for (int v = 0; v < kPanelVectors; ++v, from += kLanes * column)
    for (int64_t l = 0; l < terms; l += kTerms) {
      Vector<Packed> x[kLanes];
#pragma GCC unroll 16
      for (int i = 0; i < kLanes; ++i)
        x[i] = v * kLanes + i < columns ? Kind::along(from + i * column + l, terms - l)
                                        : Vector<Packed>{};
      transpose<Packed>(x);
      const int64_t depth = ceil_div(std::min(kTerms, terms - l), Kind::kTerms);
      for (int64_t i = 0; i < depth; ++i)
        store(to + (l / Kind::kTerms + i) * kPanelColumns + v * kLanes, x[i]);
    }
}

// Prefetches the rows that follow after some others, into the outer caches: rows that are far apart
// are not read ahead by the CPU.
template <int64_t kRows, class T>
inline void prefetch_rows(const T* from, int64_t row, int64_t columns) {
  constexpr int64_t kAhead = 24, kLine = 64 / sizeof(T);
  for (int64_t i = 0; i < kRows; ++i)
    for (int64_t j = 0; j < columns; j += kLine)
      __builtin_prefetch(from + (kAhead * kRows + i) * row + j, 0, 1);
}

// Panels of rows that are contiguous.
template <class Kind, class T>
void pack_rows(const T* from, int64_t row, int64_t terms, int64_t columns,
               typename Kind::Packed* to) {
  const int64_t depth = ceil_div(terms, Kind::kTerms);
  for (int64_t l = 0; l < terms; l += Kind::kTerms) {
    prefetch_rows<Kind::kTerms>(from, row, columns);
    for (int64_t j = 0; j < round_up(columns, kPanelColumns); j += kLanes)
      store(to + j / kPanelColumns * kPanelColumns * depth + j % kPanelColumns,
            Kind::across(from + j, row, std::clamp<int64_t>(columns - j, 0, kLanes), terms - l));
    from += Kind::kTerms * row;
    to += kPanelColumns;
  }
}

template <class Kind, class T>
void pack_from(const T* b, const PanelProduct& p, const Part& part, int64_t first, int64_t last,
               void* packed) {
  constexpr int64_t kStrip = 8 * kPanelColumns;  // whose rows are read in sequence
  for (int64_t j = first; j < last; j += kStrip) {
    const int64_t end = std::min(j + kStrip, last);
    const T* from = b + part.begin * p.b.row + j * p.b.column;
    auto* to = static_cast<typename Kind::Packed*>(packed) + j * part.depth;
    if (p.b.column == 1) {
      pack_rows<Kind>(from, p.b.row, part.terms, end - j, to);
    } else {
      for (int64_t i = j; i < end; i += kPanelColumns)
        pack_columns<Kind>(from + (i - j) * p.b.column, p.b.column, part.terms,
                           std::min<int64_t>(kPanelColumns, end - i), to + (i - j) * part.depth);
    }
  }
}

template <class Kind>
void pack_part(const PanelProduct& p, const Part& part, int64_t first, int64_t last, void* packed) {
  if (p.b_type == DType::bf16)
    pack_from<Kind>(static_cast<const bfloat16*>(p.b.data), p, part, first, last, packed);
  else pack_from<Kind>(static_cast<const float*>(p.b.data), p, part, first, last, packed);
}

template <class Kind>
void pack(const PanelProduct& p, int64_t part, int64_t first, int64_t last, void* packed) {
  pack_part<Kind>(p, part_of<Kind>(p.k, part), first, last, packed);
}

// --- Groups of rows of A ---

// Lines of memory that will be read after some tiles, a few of which each tile prefetches.
class Ahead {
 public:
  Ahead(const void* data, int64_t rows, int64_t row_bytes, int64_t bytes_of_row, int64_t tiles)
      : row_(static_cast<const char*>(data)),
        row_bytes_(row_bytes),
        lines_(ceil_div(bytes_of_row, kLine)),
        left_(rows * lines_),
        each_(ceil_div(left_, tiles)) {}
  void prefetch() {
    for (int64_t i = std::min(each_, left_); i > 0; --i, --left_) {
      __builtin_prefetch(row_ + line_ * kLine);
      if (++line_ < lines_) continue;
      line_ = 0;
      row_ += row_bytes_;
    }
  }

 private:
  static constexpr int64_t kLine = 64;
  const char* row_;
  int64_t row_bytes_, lines_, left_, each_, line_ = 0;
};

// How the rows of a block are divided into groups of about the same size.
struct Groups {
  int64_t m, count;
  explicit Groups(int64_t rows) : m(rows), count(ceil_div(rows, kGroupRows)) {}
  int64_t begin(int64_t g) const { return m * std::min(g, count) / count; }
};

template <bool kByRows>
inline constexpr int64_t kGroupsAtATime = kByRows ? 1 : kColumnGroups;
template <bool kByRows>
inline constexpr int64_t kGroupSize = kByRows ? kGroupRows* kRowStep : kDepth* kLanes;

// Packs groups from g: row after row or, if columns of A are contiguous, column after column, for
// several groups at a time, because the columns are far apart.
template <class Kind, bool kByRows, class A>
void pack_groups(const A* a, const Matrix& m, const Groups& groups, int64_t g, const Part& part,
                 typename Kind::Packed* to) {
  const int64_t i = groups.begin(g);
  const A* from = a + i * m.row + part.begin * m.column;
  if (kByRows) {
    for (int64_t r = i; r < groups.begin(g + 1); ++r, from += m.row, to += kRowStep)
      for (int64_t k = 0; k < part.depth; k += kLanes)
        store(to + k, Kind::along(from + k * Kind::kTerms, part.terms - k * Kind::kTerms));
    return;
  }
  int64_t first[kColumnGroups + 1];
  for (int64_t s = 0; s <= kColumnGroups; ++s) first[s] = groups.begin(g + s) - i;
  const int64_t count = std::min(kColumnGroups, groups.count - g);
  const int64_t readable = groups.m - i;  // lanes beyond a group are not used
  for (int64_t k = 0; k < part.terms; k += Kind::kTerms) {
    prefetch_rows<Kind::kTerms>(from, m.column, first[count]);
    for (int64_t s = 0; s < count; ++s)
      store(to + s * kGroupSize<false>,
            Kind::across(from + first[s], m.column, readable - first[s], part.terms - k));
    from += Kind::kTerms * m.column;
    to += kLanes;
  }
}

// Whether rows of A can be multiplied where they are: their elements are packed ones, and any four
// rows in succession use different sets of the L1 cache, which the address within a page selects.
template <class Kind, class A>
bool reads_rows(const Matrix& a, const Part& part) {
  if (sizeof(A) * Kind::kTerms != sizeof(typename Kind::Packed)) return false;
  if (a.row % Kind::kTerms != 0 || part.terms % Kind::kTerms != 0) return false;
  constexpr int64_t kPage = 4096, kLine = 64;
  for (int64_t rows = 1; rows < 4; ++rows) {
    const int64_t apart = rows * a.row * static_cast<int64_t>(sizeof(A)) % kPage;
    if (apart < kLine || apart > kPage - kLine) return false;
  }
  return true;
}

// --- Products ---

// Columns j to j + columns of C, for one part of k.
template <class Kind, bool kByRows, class A, class C>
void multiply_block(const PanelProduct& p, const Part& part, int64_t j, int64_t columns,
                    const typename Kind::Packed* panels) {
  using Packed = typename Kind::Packed;
  constexpr int64_t kSize = kGroupSize<kByRows>, kCount = kGroupsAtATime<kByRows>;
  constexpr int64_t kBytes = sizeof(A);
  alignas(64) Packed packed_a[kCount * kSize];
  const A* const a = static_cast<const A*>(p.a.data);
  const Groups groups(p.m);
  const bool first = part.begin == 0;
  const bool in_place = kByRows && reads_rows<Kind, A>(p.a, part);
  const int64_t distance = in_place ? p.a.row / Kind::kTerms : kRowStep;
  const int64_t tiles = ceil_div(columns, kPanelColumns);
  for (int64_t g = 0; g < groups.count; ++g) {
    const int64_t i = groups.begin(g), end = groups.begin(g + 1), slot = g % kCount;
    if (slot == 0 && !in_place) pack_groups<Kind, kByRows>(a, p.a, groups, g, part, packed_a);
    const Packed* const group = in_place
                                    ? reinterpret_cast<const Packed*>(a + i * p.a.row + part.begin)
                                    : packed_a + slot * kSize;
    const A* const next = a + end * p.a.row + part.begin * p.a.column;
    const int64_t rows = groups.begin(g + 2) - end;
    Ahead ahead = slot + 1 < kCount ? Ahead(group + kSize, 1, 0, part.depth * kVectorBytes, tiles)
                  : kByRows ? Ahead(next, rows, p.a.row * kBytes, part.terms * kBytes, tiles)
                            : Ahead(next, part.terms, p.a.column * kBytes, rows * kBytes, tiles);
    const auto whole = tile_of<Kind, C, kByRows>(end - i, false);
    for (int64_t t = 0; t < tiles; ++t) {
      ahead.prefetch();
      const int64_t at = t * kPanelColumns;
      const Target<C> target{static_cast<C*>(p.c) + i * p.row + j + at, p.row,
                             std::min<int64_t>(kPanelColumns, columns - at), p.beta || !first,
                             first && p.bias ? p.bias + j + at : nullptr};
      const auto here = target.columns > kLanes ? whole : tile_of<Kind, C, kByRows>(end - i, true);
      here(group, distance, panels + at * part.depth, kPanelColumns, part.depth, target);
    }
  }
}

template <class Kind, class A, class C>
void multiply_parts(const PanelProduct& p, int64_t part, int64_t end, int64_t j, int64_t columns,
                    const void* packed) {
  using Packed = typename Kind::Packed;
  for (int64_t q = part; q < end; ++q) {
    const Part here = part_of<Kind>(p.k, q);
    const Packed* const panels =
        reinterpret_cast<const Packed*>(static_cast<const char*>(packed) +
                                        packed_size<Kind>(p.k, p.n, part, q)) +
        j * here.depth;
    if (p.a.column == 1) multiply_block<Kind, true, A, C>(p, here, j, columns, panels);
    else multiply_block<Kind, false, A, C>(p, here, j, columns, panels);
  }
}

// Sums of several parts are f32, also if C is not.
template <class Kind, class A, class C>
void multiply_and_round(const PanelProduct& p, int64_t part, int64_t end, int64_t j,
                        int64_t columns, const void* packed) {
  constexpr int64_t kRows = kColumnGroups * kGroupRows;
  alignas(64) float sums[kRows * kMostRounded];
  for (int64_t i = 0; i < p.m; i += kRows) {
    PanelProduct some = p;
    some.m = std::min(kRows, p.m - i);
    some.a.data = static_cast<const A*>(p.a.data) + i * p.a.row;
    some.c = sums - j;
    some.row = columns;
    some.beta = 0;
    multiply_parts<Kind, A, float>(some, part, end, j, columns, packed);
    for (int64_t r = 0; r < some.m; ++r) {
      C* to = static_cast<C*>(p.c) + (i + r) * p.row + j;
      for (int64_t l = 0; l < columns; l += kLanes)
        finish(to + l, load_floats(sums + r * columns + l, columns - l), columns - l, p.beta,
               nullptr);
    }
  }
}

template <class Kind, class A, class C>
void multiply_types(const PanelProduct& p, int64_t part, int64_t end, int64_t first, int64_t last,
                    const void* packed) {
  constexpr int64_t kColumnBytes = kDepth * static_cast<int64_t>(sizeof(typename Kind::Packed));
  const bool rounds = sizeof(C) < sizeof(float) && end - part > 1;
  const int64_t most =
      rounds ? std::clamp<int64_t>(kBlockBytes / (kColumnBytes * (end - part)), 1, kMostRounded)
             : kBlockBytes / kColumnBytes;
  const int64_t blocks =
      ceil_div(last - first, std::max<int64_t>(most / kPanelColumns, 1) * kPanelColumns);
  const int64_t step = round_up(ceil_div(last - first, blocks), kPanelColumns);
  for (int64_t j = first; j < last; j += step) {
    const int64_t columns = std::min(step, last - j);
    if (rounds) multiply_and_round<Kind, A, C>(p, part, end, j, columns, packed);
    else multiply_parts<Kind, A, C>(p, part, end, j, columns, packed);
  }
}

template <class Kind>
void multiply(const PanelProduct& p, int64_t part, int64_t end, int64_t first, int64_t last,
              const void* packed) {
  const auto run = [&]<class A, class C>() {
    if constexpr (kHasPanels) multiply_types<Kind, A, C>(p, part, end, first, last, packed);
  };
  const bool a = p.a_type == DType::bf16, c = p.c_type == DType::bf16;
  if (a && c) run.template operator()<bfloat16, bfloat16>();
  else if (a) run.template operator()<bfloat16, float>();
  else if (c) run.template operator()<float, bfloat16>();
  else run.template operator()<float, float>();
}

inline int64_t panel_width() { return kPanelColumns; }

template <class Kind>
constexpr PanelKernels kPanelKernels = {Kind::suits,       panel_width, parts<Kind>,
                                        packed_size<Kind>, pack<Kind>,  multiply<Kind>};

}  // namespace
}  // namespace tapehead::kernels::TAPEHEAD_ISA
