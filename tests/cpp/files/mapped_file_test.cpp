#include "src/files/mapped_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

namespace torch2trt {
namespace {

constexpr std::size_t kSize = std::size_t{32} << 20U;

std::size_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::size_t whole = 0;
  std::size_t resident = 0;
  file >> whole >> resident;
  return resident * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t sum_of(std::string_view bytes) {
  return std::accumulate(bytes.begin(), bytes.end(), std::uint64_t{0},
                         [](std::uint64_t sum, char c) { return sum + static_cast<unsigned char>(c); });
}

class MappedFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = std::filesystem::temp_directory_path() / ("torch2trt_mapped_" + std::to_string(::getpid()));
    std::string bytes(kSize, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 4096);
    std::ofstream(path_, std::ios::binary) << bytes;
    sum_ = sum_of(bytes);
  }
  void TearDown() override { std::filesystem::remove(path_); }

  std::filesystem::path path_;
  std::uint64_t sum_ = 0;
};

TEST_F(MappedFileTest, ForgottenPagesTakeNoMemoryAndComeBack) {
  const auto file = MappedFile::open(path_);
  ASSERT_EQ(sum_of(file->bytes()), sum_);
  const std::size_t before = resident_bytes();
  forget_pages(file, file->bytes().data(), kSize);
  EXPECT_LT(resident_bytes() + kSize * 9 / 10, before);
  EXPECT_EQ(sum_of(file->bytes()), sum_);
}

TEST_F(MappedFileTest, OnlyWholePagesOfTheRangeAreForgotten) {
  const auto file = MappedFile::open(path_);
  ASSERT_EQ(sum_of(file->bytes()), sum_);
  const std::size_t before = resident_bytes();
  forget_pages(file, file->bytes().data() + 1, 4096);  // holds no whole page
  forget_pages(file, file->bytes().data() + 100, 0);
  EXPECT_LT(before, resident_bytes() + kSize / 10);
  forget_pages(file, file->bytes().data() + kSize / 2, kSize / 2);
  EXPECT_LT(resident_bytes() + kSize * 4 / 10, before);
  EXPECT_GT(resident_bytes() + kSize * 6 / 10, before);
}

// Memory of anyone else would come back as zeros.
TEST_F(MappedFileTest, OtherMemoryStaysAsItIs) {
  const auto numbers = std::make_shared<std::vector<int>>(1 << 20, 7);
  forget_pages(numbers, numbers->data(), numbers->size() * sizeof(int));
  forget_pages(nullptr, numbers->data(), numbers->size() * sizeof(int));
  EXPECT_EQ(std::accumulate(numbers->begin(), numbers->end(), 0LL), 7LL << 20);
}

}  // namespace
}  // namespace torch2trt
