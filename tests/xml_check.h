// A well-formedness check for the XML that our writers produce: elements, attributes and entities.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tapehead::test {

/// Returns "" for well-formed text, else the fault and its position.
inline std::string xml_fault(std::string_view xml) {
  std::vector<std::string> open;
  const auto fault = [&](std::string_view what, std::size_t at) {
    return std::string(what) + " at byte " + std::to_string(at) + ": " +
           std::string(xml.substr(at, 40));
  };
  for (std::size_t at = 0; at < xml.size();) {
    if (xml[at] == '&') {
      const std::string_view name = xml.substr(at, xml.find(';', at) - at);
      if (name != "&amp" && name != "&lt" && name != "&gt" && name != "&quot") {
        return fault("a bare &", at);
      }
    }
    if (static_cast<unsigned char>(xml[at]) < 0x20 && xml[at] != '\n') return fault("control", at);
    if (xml[at] != '<') {
      if (open.empty() && xml[at] != '\n') return fault("text outside the root", at);
      ++at;
      continue;
    }
    const std::size_t end = xml.find('>', at);
    if (end == std::string_view::npos) return fault("an open tag", at);
    const std::string_view tag = xml.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string_view::npos) return fault("< in a tag", at);
    if (tag.starts_with('/')) {
      if (open.empty() || open.back() != tag.substr(1)) return fault("a wrong end tag", at);
      open.pop_back();
    } else if (!tag.ends_with('/')) {
      open.emplace_back(tag.substr(0, tag.find(' ')));
    }
    at = end + 1;
  }
  return open.empty() ? "" : "never closed: " + open.back();
}

/// The number of occurrences of `part` in `text`.
inline int count_of(std::string_view text, std::string_view part) {
  int count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos;
       at = text.find(part, at + part.size())) {
    ++count;
  }
  return count;
}

}  // namespace tapehead::test
