// The folder of a run: when files are written, failures to write them, and resuming.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <csignal>
#include <filesystem>

#include "tapehead/core/file.h"
#include "tapehead/tests/file_limit.h"
#include "tapehead/tests/run_program.h"

using namespace tapehead;
using namespace tapehead::test;

TEST_CASE("run: a full disk stops it, and the last checkpoint stays") {
  const Scratch scratch;
  RunProgram program(scratch / "out");
  program.o.checkpoint_every = 1;
  std::optional<FileLimit> full;
  program.change = [&](const Tensor& loss, int64_t step) {
    if (step == 3) full.emplace(4096);
    return loss;
  };
  const std::string message = program.error(), out = program.o.out;
  full.reset();
  CHECK(message == out +
                       "/checkpoint.safetensors: cannot be written: File too large; the old file "
                       "is unchanged; the checkpoint of step 2 is kept: "
                       "--resume --out " +
                       out);
  CHECK(step_of_checkpoint(out) == 2);

  RunProgram whole(scratch / "whole"), resumed(out, "resume");
  whole.train();
  resumed.train();
  CHECK(resumed.losses == Losses(whole.losses.begin() + 2, whole.losses.end()));
}

TEST_CASE("run: Ctrl-C saves, and a resumed run goes on with the same losses") {
  const Scratch scratch;
  RunProgram whole(scratch / "whole"), stopped(scratch / "out");
  whole.train();
  stopped.change = [](const Tensor& loss, int64_t step) {
    if (step == 4) std::raise(SIGINT);
    return loss;
  };
  CHECK(message_of<train::Interrupted>([&] { stopped.train(); }) ==
        "stopped at step 4 of 6; continue with --resume --out " + stopped.o.out);
  RunProgram resumed(scratch / "out", "resume");
  resumed.train();
  Losses both = stopped.losses;
  both.insert(both.end(), resumed.losses.begin(), resumed.losses.end());
  REQUIRE(both.size() == whole.losses.size());
  for (size_t i = 0; i < both.size(); ++i) {
    CAPTURE(i);
    CHECK(both[i] == whole.losses[i]);
  }
  const std::string model = "/checkpoint.safetensors";
  CHECK(read_safetensors(scratch / "out" + model).tensors.size() ==
        read_safetensors(scratch / "whole" + model).tensors.size());
}

TEST_CASE("run: a new run takes the place of an old one, and of what a kill left") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  std::filesystem::create_directory(out);
  for (const char* name : {"model.safetensors", "best.safetensors", ".model.safetensors.tmp-7-0",
                           ".checkpoint.safetensors.tmp-7-1", ".mine", "notes.txt"})
    scratch.write(std::string("out/") + name, "old");
  RunProgram program(out);
  program.change = [&](const Tensor& loss, int64_t step) {
    if (step > 1) return loss;
    CHECK(step_of_checkpoint(out) == 0);
    for (const char* name : {"/model.safetensors", "/best.safetensors",
                             "/.model.safetensors.tmp-7-0", "/.checkpoint.safetensors.tmp-7-1"})
      CHECK_FALSE(std::filesystem::exists(out + name));
    for (const char* name : {"/.mine", "/notes.txt", "/config.json"})
      CHECK(std::filesystem::exists(out + name));
    return loss;
  };
  program.train(1);
}

// Regression: a run killed between its first checkpoint and writing the vocabulary could not be
// resumed.
TEST_CASE("run: what a resumed run reads is there before the first checkpoint") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  const auto is_there = [&](const char* name) { return std::filesystem::exists(out + name); };
  for (const bool again : {false, true}) {  // in an empty folder, and in place of an earlier run
    CAPTURE(again);
    CHECK(is_there("/checkpoint.safetensors") == again);
    RunProgram program(out);
    int64_t kept = 0;
    program.begin = [&](train::detail::RunBase& run) {
      CHECK(is_there("/config.json"));
      CHECK_FALSE(is_there("/checkpoint.safetensors"));
      for (const char* name : {"/vocab.txt", "/more.txt"})
        run.keep([&](const std::string& folder) {
          CHECK(folder == out);
          CHECK_FALSE(is_there("/checkpoint.safetensors"));
          write_atomic(folder + name, "words");
          ++kept;
        });
    };
    program.change = [&](const Tensor& loss, int64_t step) {
      if (step == 1) CHECK(step_of_checkpoint(out) == 0);
      return loss;
    };
    program.train();
    CHECK(kept == 2);
  }
  RunProgram resumed(out, "resume"), late(scratch / "late");
  resumed.begin = [](train::detail::RunBase& run) {
    run.keep([](const std::string&) { FAIL("the folder has the file"); });
  };
  resumed.train(7);
  late.begin = [](train::detail::RunBase& run) {
    run.should_continue();
    run.keep([](const std::string&) {});
  };
  CHECK(late.error() ==
        "run: keep() was called after the checkpoint of step 0; call it before the first step");
}

TEST_CASE("run: a file that cannot be written before the first checkpoint") {
  const Scratch scratch;
  RunProgram program(scratch / "out");
  program.begin = [](train::detail::RunBase& run) {
    run.keep([](const std::string& folder) { write_atomic(folder + "/no/vocab.txt", ""); });
  };
  CHECK(program.error() == program.o.out + "/no/vocab.txt: cannot be written: there is no folder " +
                               program.o.out + "/no; make it first; there is no checkpoint yet");
}

TEST_CASE("run: a folder that is removed or replaced is noticed at the next step") {
  const Scratch scratch;
  const std::string out = scratch / "out";
  const std::string gone = "; the checkpoint of step 1 is gone from " + out + ": start again";
  const std::string removed = out + ": the folder was removed during the run" + gone;
  for (const bool replaced : {false, true}) {
    CAPTURE(replaced);
    RunProgram program(out);
    program.o.checkpoint_every = 1;
    program.change = [&](const Tensor& loss, int64_t step) {
      if (step != 2) return loss;
      std::filesystem::rename(out, scratch / (replaced ? "second" : "first"));
      if (replaced) std::filesystem::create_directory(out);
      return loss;
    };
    CHECK(program.error() == removed);
    CHECK(program.losses.size() == 2);
    if (replaced) CHECK(std::filesystem::is_empty(out));
  }
  std::filesystem::remove(out);

  RunProgram lost(out);  // only the checkpoint is removed
  lost.o.checkpoint_every = 1;
  lost.change = [&](const Tensor& loss, int64_t step) {
    if (step == 2) std::filesystem::remove(out + "/checkpoint.safetensors");
    return step == 2 ? loss * NAN : loss;
  };
  const std::string message = lost.error();
  CHECK(message == fmt::format("run: the loss is nan at step 2; the last finite loss was "
                               "{:.6g}, at step 1{}; lower the learning rate, or clip "
                               "gradients",
                               lost.losses[0], gone));
}

TEST_CASE("run: one at a time writes into a folder") {
  const Scratch scratch;
  const std::string out = scratch / "out", link = scratch / "link";
  RunProgram first(out), alone(scratch / "alone");
  alone.train();
  std::string before;
  first.change = [&](const Tensor& loss, int64_t step) {
    if (step == 1) {
      scratch.write("out/.config.json.tmp-7-0", "of a killed run");
      std::filesystem::create_directory_symlink(out, link);
      before = read_file(out + "/checkpoint.safetensors");
    }
    for (const auto& [folder, more] :
         {std::pair(out, ""), std::pair(out, "resume"), std::pair(link, "")}) {
      RunProgram second(folder, more);
      CHECK(second.error() ==
            folder + ": another run is writing there; wait for it, stop it, or use another --out");
      CHECK(second.losses.empty());
    }
    CHECK(std::filesystem::exists(out + "/.config.json.tmp-7-0"));
    if (step == 1) CHECK(read_file(out + "/checkpoint.safetensors") == before);
    return loss;
  };
  first.train();
  CHECK(step_of_checkpoint(out) == 6);
  RunProgram next(out);
  next.train();
  CHECK(next.losses == alone.losses);
}
