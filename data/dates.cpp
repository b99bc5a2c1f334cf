#include "tapehead/data/dates.h"

#include <fmt/format.h>

#include <chrono>
#include <string_view>
#include <unordered_set>

#include "tapehead/core/error.h"
#include "tapehead/data/detail/splitmix.h"

namespace tapehead::data {
namespace {

constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};
constexpr std::string_view kRoman[] = {"I",   "II",   "III", "IV", "V",  "VI",
                                       "VII", "VIII", "IX",  "X",  "XI", "XII"};
constexpr std::string_view kWeekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
constexpr std::string_view kOrdinals[] = {
    "first",        "second",         "third",         "fourth",        "fifth",
    "sixth",        "seventh",        "eighth",        "ninth",         "tenth",
    "eleventh",     "twelfth",        "thirteenth",    "fourteenth",    "fifteenth",
    "sixteenth",    "seventeenth",    "eighteenth",    "nineteenth",    "twentieth",
    "twenty-first", "twenty-second",  "twenty-third",  "twenty-fourth", "twenty-fifth",
    "twenty-sixth", "twenty-seventh", "twenty-eighth", "twenty-ninth",  "thirtieth",
    "thirty-first"};

/// Formats of dates. %d day, %D with two digits, %o 3rd, %w third; %m month, %M with two
/// digits, %B March, %b Mar, %p Mar. with its point, %R Roman; %Y year, %y its last two digits;
/// %A Saturday, %a Sat.
constexpr std::string_view kForms[] = {
    // Day, month in letters, year.
    "%d %B %Y", "%D %B %Y", "%d %B, %Y", "%d. %B %Y", "%d %b %Y", "%D %b %Y", "%d %p %Y",
    "%d %p '%y", "%d %b '%y", "%d %b %y", "%d-%b-%Y", "%D-%b-%y", "%d/%b/%Y", "%o %B %Y",
    "%o %b %Y", "%o of %B %Y", "%o of %B, %Y", "the %o of %B %Y", "the %o of %B, %Y", "%w %B %Y",
    "%w of %B %Y", "the %w of %B %Y", "the %w of %B, %Y",
    // The same after a weekday.
    "%A %d %B %Y", "%A, %d %B %Y", "%A, %o %B %Y", "%A the %o of %B %Y", "%A, the %o of %B, %Y",
    "%A, the %w of %B %Y", "%a %d %b %Y", "%a, %D %b %Y", "%a %d %B %Y", "%a. %d %p %Y",
    // Month in letters, day, year.
    "%B %d, %Y", "%B %d %Y", "%B %o, %Y", "%B %o %Y", "%B the %o, %Y", "%B the %o %Y",
    "%B the %w, %Y", "%B the %w %Y", "%b %d, %Y", "%b %d %Y", "%p %d, %Y", "%b %d, '%y",
    "%p %o, '%y", "%A, %B %d, %Y", "%A, %B the %o, %Y", "%a, %b %d, %Y", "%a %b %d %Y",
    // Numbers.
    "%d.%m.%Y", "%D.%M.%Y", "%d.%m.%y", "%D.%M.%y", "%d-%m-%Y", "%D-%M-%Y", "%m/%d/%Y", "%M/%D/%Y",
    "%m/%d/%y", "%d/%R/%Y", "%d.%R.%Y", "%d %R %Y",
    // Year first.
    "%Y-%M-%D", "%Y/%m/%d", "%Y/%M/%D", "%Y.%M.%D", "%Y %B %d", "%Y, %B %o", "%Y %b %D",
    "%Y-%b-%D"};

struct Date {
  int64_t year, month, day, weekday;
};

/// A date between the first days of two years.
Date draw_date(SplitMix& random, int first_year, int end_year) {
  using namespace std::chrono;
  const sys_days first = year(first_year) / January / 1, end = year(end_year) / January / 1;
  const sys_days at = first + days(random.below((end - first).count()));
  const year_month_day date(at);
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()), weekday(at).c_encoding()};
}

std::string_view ordinal_ending(int64_t day) {
  if (day / 10 == 1) return "th";
  return day % 10 == 1 ? "st" : day % 10 == 2 ? "nd" : day % 10 == 3 ? "rd" : "th";
}

std::string field(char letter, const Date& date) {
  const std::string_view month = kMonths[date.month - 1], weekday = kWeekdays[date.weekday];
  switch (letter) {
    case 'd': return std::to_string(date.day);
    case 'D': return fmt::format("{:02}", date.day);
    case 'o': return fmt::format("{}{}", date.day, ordinal_ending(date.day));
    case 'w': return std::string(kOrdinals[date.day - 1]);
    case 'm': return std::to_string(date.month);
    case 'M': return fmt::format("{:02}", date.month);
    case 'B': return std::string(month);
    case 'b': return std::string(month.substr(0, 3));
    case 'p': return month == "May" ? "May" : fmt::format("{}.", month.substr(0, 3));
    case 'R': return std::string(kRoman[date.month - 1]);
    case 'Y': return std::to_string(date.year);
    case 'y': return fmt::format("{:02}", date.year % 100);
    case 'A': return std::string(weekday);
    default: return std::string(weekday.substr(0, 3));
  }
}

std::string write(std::string_view form, const Date& date) {
  std::string text;
  for (size_t i = 0; i < form.size(); ++i) {
    if (form[i] == '%') {
      text += field(form[++i], date);
    } else {
      text += form[i];
    }
  }
  return text;
}

/// Converts some dates to lower case, and a few to upper case.
void change_case(std::string& text, SplitMix& random) {
  const int64_t style = random.below(20);
  for (char& c : text) {
    if (style < 8 && c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (style == 8 && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
}

}  // namespace

ParallelText dates(uint64_t seed, int64_t count) {
  constexpr int64_t kMost = 1'000'000, kVal = 1'000, kTest = 2'000;
  if (count < 1 || count > kMost) {
    throw ValueError(fmt::format("dates: count is {}; it must be within 1..{}", count, kMost));
  }
  std::unordered_set<std::string> seen;
  SplitMix random(SplitMix::hash(seed));
  const auto fill = [&](ParallelText::Split& split, int64_t size) {
    while (split.size() < size) {
      const std::string_view form = kForms[random.below(std::ssize(kForms))];
      const bool two_digits = form.find("%y") != form.npos;
      const Date date = two_digits ? draw_date(random, 1969, 2069) : draw_date(random, 1900, 2100);
      std::string text = write(form, date);
      change_case(text, random);
      if (!seen.insert(text).second) continue;
      split.source.push_back(std::move(text));
      split.target.push_back(write("%Y-%M-%D", date));
    }
  };
  ParallelText corpus;
  fill(corpus.test, kTest);
  fill(corpus.val, kVal);
  fill(corpus.train, count);
  return corpus;
}

}  // namespace tapehead::data
