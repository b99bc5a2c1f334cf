#include "tapehead/data/captions.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tapehead/core/error.h"
#include "tapehead/data/read_image.h"
#include "tapehead/tests/expect.h"
#include "tapehead/tests/real_data.h"
#include "tapehead/tests/scratch.h"

namespace tapehead::captions_test {

using data::Captions;
using testing::error_of;
using Names = std::vector<std::string>;

namespace {

void put(const test::Scratch& folder, const std::string& name, const std::string& bytes = "x") {
  const std::filesystem::path path = folder / name;
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

// file: caption | caption, for each image
Names described(const std::vector<data::CaptionedImage>& images) {
  Names all;
  for (const data::CaptionedImage& image : images) {
    std::string text = std::filesystem::path(image.path).filename().string() + ":";
    for (const std::string& caption : image.captions) text += " | " + caption;
    all.push_back(text);
  }
  return all;
}

constexpr const char* kCoco = R"({"info": {"year": 2017}, "licenses": [],
  "images": [{"id": 7, "file_name": "b.jpg", "height": 4}, {"id": 3, "file_name": "a.jpg"},
             {"id": 4, "file_name": "gone.jpg"}],
  "annotations": [{"id": 1, "image_id": 3, "caption": "A cat.\n"}, {"id": 2, "image_id": 7, "caption": "B"},
                  {"id": 5, "image_id": 3, "caption": " a cat sits"}, {"id": 6, "image_id": 4, "caption": "c"},
                  {"id": 9, "image_id": 99, "caption": "d"}]})";

}  // namespace

TEST_CASE("captions: a folder with captions.train.txt") {
  const test::Scratch folder;
  put(folder, "captions.train.txt",
      "a.png#0\ta cat\r\nb.png#0\tb: one, two\na.png#1\t the cat \n\n");
  put(folder, "captions.test.txt", "c#1.png#0\tc\nd.png#0\td\nd.png#1\td again\n");
  for (const char* name : {"a.png", "b.png", "c#1.png", "e.JPG", "notes.txt"})
    put(folder, std::string("images/") + name);
  const Captions corpus = Captions::open(folder.path());
  CHECK(described(corpus.train) == Names{"a.png: | a cat | the cat", "b.png: | b: one, two"});
  CHECK(corpus.train[0].path == folder / "images/a.png");
  CHECK(corpus.valid.empty());
  CHECK(described(corpus.test) == Names{"c#1.png: | c"});
  CHECK(corpus.captions_without_image.count == 2);
  CHECK(corpus.captions_without_image.names == Names{"d.png#0", "d.png#1"});
  CHECK(corpus.images_without_caption.names == Names{"e.JPG"});
  const std::string mismatches =
      "2 captions without an image (d.png#0, d.png#1); 1 image without a caption (e.JPG)";
  CHECK(corpus.mismatches() == mismatches);
  CHECK(error_of<FormatError>([&] { Captions::open(folder.path(), {.strict = true}); }) ==
        folder.path() + ": " + mismatches + "; without `strict` they are left out");
  std::filesystem::remove(folder / "images/e.JPG");
  std::filesystem::remove(folder / "captions.test.txt");
  std::filesystem::remove(folder / "images/c#1.png");
  CHECK(Captions::open(folder.path(), {.strict = true}).mismatches().empty());
}

TEST_CASE("captions: Flickr8k's files") {
  const test::Scratch folder;
  put(folder, "Flickr8k.token.txt",
      "1_a.jpg#0\tA dog "
      ".\n1_a.jpg#1\tdogs\n2_b.jpg#0\tB\n3_c.jpg.1#0\tC\n4_d.jpg#0\tD\n5_e.jpg#0\tE\n");
  put(folder, "Flickr8k.lemma.token.txt", "1_a.jpg#0\ta dog be .\n");
  put(folder, "Flickr_8k.trainImages.txt", "4_d.jpg\n1_a.jpg\n");
  put(folder, "Flickr_8k.devImages.txt", "2_b.jpg\n9_z.jpg\n");
  put(folder, "Flickr_8k.testImages.txt", "3_c.jpg.1\n");
  for (const char* name : {"1_a.jpg", "2_b.jpg", "4_d.jpg", "5_e.jpg"})
    put(folder, std::string("Flicker8k_Dataset/") + name);
  const Captions corpus = Captions::open(folder.path());
  CHECK(described(corpus.train) == Names{"4_d.jpg: | D", "1_a.jpg: | A dog . | dogs"});
  CHECK(described(corpus.valid) == Names{"2_b.jpg: | B"});
  CHECK(corpus.test.empty());
  CHECK(corpus.captions_without_image.names == Names{"3_c.jpg.1#0"});
  CHECK(corpus.images_without_caption.names == Names{"9_z.jpg"});
  put(folder, "Flickr_8k.testImages.txt", "3_c.jpg.1\n6_f.jpg\n9_z.jpg\n6_f.jpg\n");
  put(folder, "Flicker8k_Dataset/6_f.jpg");
  CHECK(Captions::open(folder.path()).images_without_caption.str("", "without") ==
        "2 without (6_f.jpg, 9_z.jpg)");
  std::filesystem::remove(folder / "Flickr_8k.devImages.txt");
  CHECK(error_of<IoError>([&] { Captions::open(folder.path()); }) ==
        folder.path() + ": there is no file *.devImages.txt, the list of images");
  std::filesystem::remove_all(folder / "Flicker8k_Dataset");
  CHECK(
      error_of<IoError>([&] { Captions::open(folder.path()); }) ==
      folder.path() +
          ": there is no folder of images; expected Flicker8k_Dataset, Flickr8k_Dataset or images");
}

TEST_CASE("captions: an image that exists has its captions, whatever its name") {
  const test::Scratch folder;
  put(folder, "captions.train.txt", "a.Jpg#0\ta\nb.jpe#0\tb\nc#0\tc\nd.JPG#0\td\ne.png#0\te\n");
  for (const char* name : {"a.Jpg", "b.jpe", "c", "d.JPG", "f.JPE", "g", "e.png/x"})
    put(folder, std::string("images/") + name);
  const Captions corpus = Captions::open(folder.path());
  CHECK(described(corpus.train) == Names{"a.Jpg: | a", "b.jpe: | b", "c: | c", "d.JPG: | d"});
  CHECK(corpus.mismatches() ==
        "1 caption without an image (e.png#0); 1 image without a caption (f.JPE)");
}

TEST_CASE("captions: COCO's files") {
  const test::Scratch folder;
  put(folder, "annotations/captions_train2017.json", kCoco);
  put(folder, "annotations/instances_train2017.json", "");
  for (const char* name : {"a.jpg", "b.jpg", "other.jpg"})
    put(folder, std::string("train2017/") + name);
  Captions corpus = Captions::open(folder.path());
  CHECK(described(corpus.train) == Names{"b.jpg: | B", "a.jpg: | A cat. | a cat sits"});
  CHECK(corpus.train[0].path == folder / "train2017/b.jpg");
  CHECK(corpus.mismatches() ==
        "2 captions without an image (annotation 9, gone.jpg#0); 1 image without a caption "
        "(other.jpg)");
  put(folder, "annotations/captions_val2014.json", kCoco);
  CHECK(error_of<IoError>([&] {
          Captions::open(folder.path());
        }).starts_with(folder / "val2014: no such file"));
  put(folder, "val2014/a.jpg");
  CHECK(described(Captions::open(folder.path()).valid) == Names{"a.jpg: | A cat. | a cat sits"});
  put(folder, "annotations/captions_val2017.json", kCoco);
  CHECK(error_of<IoError>([&] { Captions::open(folder.path()); }) ==
        folder / "annotations: there are several captions_val*.json; expected one");
}

TEST_CASE("captions: errors") {
  const test::Scratch text, coco;
  put(text, "images/a.png");
  put(coco, "train/a.png");
  const std::string lines = text / "captions.train.txt",
                    json = coco / "annotations/captions_train.json";
  struct Row {
    const char *bytes, *error;
  };
  const Row rows[] = {
      {"a.png#0\ta\na.png\tb\n", ":2: expected FILE#NUMBER, a tab and a caption"},
      {"a.png#0 a\n", ":1: expected FILE#NUMBER, a tab and a caption"},
      {"a.png#x\ta\n", ":1: expected FILE#NUMBER, a tab and a caption"},
      {"a.png#\ta\n", ":1: expected FILE#NUMBER, a tab and a caption"},
      {"#0\ta\n", ":1: '' is not the name of a file"},
      {"../a.png#0\ta\n", ":1: '../a.png' is not the name of a file"},
      {"a.png#0\t \n", ":1: the caption is empty"},
  };
  for (const Row& row : rows) {
    put(text, "captions.train.txt", row.bytes);
    CHECK(error_of<FormatError>([&] { Captions::open(text.path()); }) == lines + row.error);
  }
  put(text, "captions.train.txt", "b.png#0\tb\n");
  CHECK(error_of<FormatError>([&] { Captions::open(text.path()); }) ==
        text.path() + ": no image for training has a caption");
  const Row objects[] = {
      {R"([])", ": expected an object with an array \"images\""},
      {R"({"images": []})", ": expected an object with an array \"annotations\""},
      {R"({"images": [{"id": 1, "file_name": "/a.png"}], "annotations": []})",
       ": images[0]: '/a.png' is not the name of a file"},
      {R"({"images": [{"id": 1, "file_name": "a.png"}, {"id": 1, "file_name": "b.png"}]})",
       ": images[1]: id 1 appears twice"},
      {R"({"images": [], "annotations": [{"id": 1, "image_id": 1, "caption": ""}]})",
       ": annotations[0]: the caption is empty"},
  };
  for (const Row& row : objects) {
    put(coco, "annotations/captions_train.json", row.bytes);
    CHECK(error_of<FormatError>([&] { Captions::open(coco.path()); }) == json + row.error);
  }
  put(coco, "annotations/captions_train.json",
      R"({"images": [{"id": "1", "file_name": "a.png"}]})");
  CHECK(error_of<FormatError>([&] {
          Captions::open(coco.path());
        }).starts_with(json + ": images[0]: "));
  const test::Scratch nothing;
  CHECK(error_of<IoError>([&] { Captions::open(nothing.path()); }) ==
        nothing.path() +
            ": there are no captions; expected captions.train.txt, *.token.txt (Flickr8k) or "
            "annotations/captions_train*.json (COCO)");
  CHECK(error_of<IoError>([&] { Captions::open(nothing / "a"); }).find("no such file") !=
        std::string::npos);
}

TEST_CASE("captions: emoji") {
  const std::string folder = test::real_data("emoji");
  if (folder.empty()) {
    MESSAGE("skipped: no emoji in ../shared/data");
    return;
  }
  const Captions corpus = Captions::open(folder, {.strict = true});
  CHECK(corpus.train.size() == 2872);
  CHECK(corpus.valid.size() == 143);
  CHECK(corpus.test.size() == 358);
  CHECK(corpus.test[0].captions == Names{"woman running: medium skin tone"});
  CHECK(data::read_image(corpus.test[0].path).shape() == Shape{3, 64, 64});
}

}  // namespace tapehead::captions_test
