#include "tapehead/data/captions.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "tapehead/core/error.h"
#include "tapehead/core/parse_number.h"
#include "tapehead/data/detail/caption_files.h"

namespace tapehead::data {
namespace {

namespace fs = std::filesystem;
using detail::CaptionTable, detail::ImageFolder;

/// Lines `FILE#n<TAB>caption`.
CaptionTable read_table(const std::string& path, const FileLimits& limits) {
  CaptionTable table;
  int64_t line = 0;
  for (const std::string& text : read_lines(path, limits)) {
    const std::string at = fmt::format("{}:{}", path, ++line);
    if (text.empty()) continue;
    const size_t tab = text.find('\t'), mark = text.rfind('#', tab);
    if (tab == text.npos || mark == text.npos ||
        parse_number<int64_t>(std::string_view(text).substr(mark + 1, tab - mark - 1))
                .value_or(-1) < 0)
      throw FormatError(fmt::format("{}: expected FILE#NUMBER, a tab and a caption", at));
    table.image(at, text.substr(0, mark))
        .captions.push_back(detail::checked_caption(at, std::string_view(text).substr(tab + 1)));
  }
  return table;
}

/// The file or folder in `dir` whose name ends with `ending`, but not with `other`; "" if there is
/// none.
std::string find_ending(const std::string& dir, std::string_view ending,
                        std::string_view other = "/") {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(dir, ignored))
    if (const std::string name = entry.path().filename().string();
        name.ends_with(ending) && !name.ends_with(other))
      found.push_back(entry.path().string());
  return found.empty() ? "" : *std::min_element(found.begin(), found.end());
}

/// Whether a file is named as PNG and JPEG images are.
bool is_image_name(const fs::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  constexpr std::string_view kEndings[] = {".png", ".jpg", ".jpeg", ".jpe", ".jfif"};
  return std::ranges::find(kEndings, ending) != std::end(kEndings);
}

Captions plain_captions(const std::string& dir, const FileLimits& limits) {
  Captions corpus;
  ImageFolder images((fs::path(dir) / "images").string());
  for (const auto& [name, split] :
       {std::pair("train", &corpus.train), {"valid", &corpus.valid}, {"test", &corpus.test}}) {
    const std::string path = (fs::path(dir) / fmt::format("captions.{}.txt", name)).string();
    if (name == std::string_view("train") || path_exists(path))
      *split = images.existing(read_table(path, limits), corpus);
  }
  images.add_others(corpus);
  return corpus;
}

std::string flickr_images(const std::string& dir) {
  for (const char* name : {"Flicker8k_Dataset", "Flickr8k_Dataset", "images"})
    if (const std::string path = (fs::path(dir) / name).string(); path_exists(path)) return path;
  throw IoError(fmt::format(
      "{}: there is no folder of images; expected Flicker8k_Dataset, Flickr8k_Dataset or images",
      dir));
}

Captions flickr_captions(const std::string& dir, const std::string& tokens,
                         const FileLimits& limits) {
  Captions corpus;
  ImageFolder folder(flickr_images(dir));
  CaptionTable all;
  const CaptionTable table = read_table(tokens, limits);
  for (CaptionedImage& image : folder.existing(table, corpus))
    all.image(dir, fs::path(image.path).filename().string()) = std::move(image);
  std::set<std::string> without_caption;
  for (const auto& [ending, split] : {std::pair(".trainImages.txt", &corpus.train),
                                      {".devImages.txt", &corpus.valid},
                                      {".testImages.txt", &corpus.test}}) {
    const std::string list = find_ending(dir, ending);
    if (list.empty())
      throw IoError(fmt::format("{}: there is no file *{}, the list of images", dir, ending));
    for (const std::string& name : read_lines(list, limits)) {
      if (name.empty()) continue;
      if (const CaptionedImage* image = all.find(name)) split->push_back(*image);
      else if (table.find(name) == nullptr) without_caption.insert(name);
    }
  }
  folder.add_others(corpus, std::move(without_caption));
  return corpus;
}

Captions read_layout(const std::string& dir, const CaptionsOptions& options) {
  if (!path_exists(dir)) throw IoError(no_such_file(dir));
  const auto has = [&](const char* name) { return path_exists((fs::path(dir) / name).string()); };
  if (has("captions.train.txt")) return plain_captions(dir, options.limits);
  // The publisher's archive also has the captions' lemmas.
  if (const std::string tokens = find_ending(dir, ".token.txt", ".lemma.token.txt");
      !tokens.empty())
    return flickr_captions(dir, tokens, options.limits);
  if (has("annotations")) return detail::coco_captions(dir, options);
  throw IoError(
      fmt::format("{}: there are no captions; expected captions.train.txt, *.token.txt (Flickr8k) "
                  "or annotations/captions_train*.json (COCO)",
                  dir));
}

}  // namespace

namespace detail {

CaptionedImage& CaptionTable::image(const std::string& at, const std::string& name) {
  if (name.empty() || fs::path(name).filename() != name || name == "." || name == "..")
    throw FormatError(fmt::format("{}: '{}' is not the name of a file", at, name));
  const auto [place, is_new] = places_.try_emplace(name, images_.size());
  if (is_new) images_.push_back({.path = name});
  return images_[place->second];
}

const CaptionedImage* CaptionTable::find(const std::string& name) const {
  const auto place = places_.find(name);
  return place == places_.end() ? nullptr : &images_[place->second];
}

std::string checked_caption(const std::string& at, std::string_view caption) {
  constexpr const char* kSpaces = " \t\r\n";
  const size_t first = caption.find_first_not_of(kSpaces);
  if (first == caption.npos) throw FormatError(fmt::format("{}: the caption is empty", at));
  return std::string(caption.substr(first, caption.find_last_not_of(kSpaces) + 1 - first));
}

ImageFolder::ImageFolder(const std::string& path) : path_(path) {
  std::error_code failed;
  fs::directory_iterator entries(path, failed);
  if (failed)
    throw IoError(path_exists(path) ? fmt::format("{}: {}", path, failed.message())
                                    : no_such_file(path));
  for (const auto& entry : entries) {
    if (!entry.is_regular_file(failed)) continue;
    const std::string name = entry.path().filename().string();
    files_.insert(name);
    if (is_image_name(entry.path())) images_.push_back(name);
  }
}

std::vector<CaptionedImage> ImageFolder::existing(const CaptionTable& table, Captions& corpus) {
  std::vector<CaptionedImage> found;
  for (const CaptionedImage& image : table.images()) {
    if (image.captions.empty()) continue;
    if (files_.contains(image.path)) {
      found.push_back({(fs::path(path_) / image.path).string(), image.captions});
      used_.insert(image.path);
      continue;
    }
    for (size_t i = 0; i < image.captions.size(); ++i)
      corpus.captions_without_image.add(fmt::format("{}#{}", image.path, i));
  }
  return found;
}

void ImageFolder::add_others(Captions& corpus, std::set<std::string> others) const {
  others.insert(images_.begin(), images_.end());
  for (const std::string& name : others)
    if (!used_.contains(name)) corpus.images_without_caption.add(name);
}

}  // namespace detail

std::string Captions::mismatches() const {
  return detail::joined_descriptions(
      {captions_without_image.str("caption without an image", "captions without an image"),
       images_without_caption.str("image without a caption", "images without a caption")});
}

Captions Captions::open(const std::string& dir, const CaptionsOptions& options) {
  Captions corpus = read_layout(dir, options);
  if (const std::string text = corpus.mismatches(); options.strict && !text.empty())
    throw FormatError(fmt::format("{}: {}; without `strict` they are left out", dir, text));
  if (corpus.train.empty())
    throw FormatError(fmt::format("{}: no image for training has a caption", dir));
  return corpus;
}

}  // namespace tapehead::data
