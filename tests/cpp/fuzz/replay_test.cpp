// The targets of the fuzzer in the normal suite: their seeds, mutated in the same ways at every run.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/fuzz/targets.h"

namespace torch2trt::fuzz {
namespace {

constexpr int kMutants = 3000;

// One to four changes: a bit, a byte of interest, a piece gone, doubled or taken from elsewhere, an end cut off.
std::string mutant(std::string input, const std::vector<std::string>& seeds, std::mt19937_64& random) {
  const auto below = [&](std::size_t end) { return end == 0 ? 0 : static_cast<std::size_t>(random() % end); };
  using namespace std::string_view_literals;
  static constexpr std::string_view kBytes = "\0\xff\x7f\x80\"\\{}[]()%,:*-019.e"sv;
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    const std::size_t at = below(input.size());
    const std::size_t length = 1 + below(16);
    switch (below(7)) {
      case 0:
        if (!input.empty()) input[at] = static_cast<char>(input[at] ^ 1 << below(8));
        break;
      case 1:
        if (!input.empty()) input[at] = kBytes[below(kBytes.size())];
        break;
      case 2: input.erase(at, length); break;
      case 3: input.insert(at, input.substr(at, length)); break;
      case 4: {
        const std::string& other = seeds[below(seeds.size())];
        input.insert(at, other.substr(below(other.size()), length));
        break;
      }
      case 5: input.insert(at, std::to_string(static_cast<std::int64_t>(random()))); break;
      default: input.resize(at); break;
    }
  }
  return input;
}

class Replay : public ::testing::TestWithParam<Target> {};

TEST_P(Replay, SeedsAreRead) {
  const Target& target = GetParam();
  ASSERT_FALSE(target.seeds().empty());
  for (const std::string& seed : target.seeds()) EXPECT_NO_THROW(target.run(seed)) << seed;
  EXPECT_NO_THROW(target.run(""));
}

TEST_P(Replay, MutantsAreReadOrRefused) {
  const Target& target = GetParam();
  const std::vector<std::string> seeds = target.seeds();
  std::mt19937_64 random(20261124);
  for (int i = 0; i < kMutants; ++i) {
    const std::string input = mutant(seeds[random() % seeds.size()], seeds, random);
    try {
      target.run(input);
    } catch (const std::exception& error) {
      FAIL() << "mutant " << i << ": " << error.what() << "\n" << input;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Fuzz, Replay, ::testing::ValuesIn(targets()),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace torch2trt::fuzz
