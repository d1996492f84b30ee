#include "src/files/atomic_file.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

#include "torch2trt/error.h"

namespace torch2trt {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class AtomicFileTest : public ::testing::Test {
 protected:
  AtomicFileTest() {
    std::string pattern = (fs::temp_directory_path() / "torch2trt_XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~AtomicFileTest() override { fs::remove_all(folder_); }

  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  std::set<std::string> names() const {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(folder_)) found.insert(entry.path().filename().string());
    return found;
  }
  static std::string contents(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void put(const std::string& path, const std::string& text) { std::ofstream(path) << text; }

  fs::path folder_;
};

TEST_F(AtomicFileTest, AppearsWholeAtCommit) {
  put(path("e"), "old");
  AtomicFile file(path("e"));
  file.write("new ");
  file.write(std::string_view("and\0more", 8));
  file.sync();
  EXPECT_EQ(contents(path("e")), "old");
  file.commit();
  EXPECT_EQ(contents(path("e")), std::string("new and\0more", 12));
  EXPECT_THAT(names(), ElementsAre("e"));
}

TEST_F(AtomicFileTest, LeavesNothingWithoutCommit) {
  put(path("old"), "old");
  {
    AtomicFile fresh(path("e"));
    AtomicFile over(path("old"));
    fresh.write("half");
    over.write("half");
  }
  EXPECT_THAT(names(), ElementsAre("old"));
  EXPECT_EQ(contents(path("old")), "old");
}

TEST_F(AtomicFileTest, MayBeGivenUpBetweenPieces) {
  const std::vector<std::byte> large(40U << 20U);
  int calls = 0;
  const auto give_up = [&] {
    if (++calls == 2) throw std::runtime_error("enough");
  };
  {
    AtomicFile file(path("e"));
    EXPECT_THROW(file.write(large, give_up), std::runtime_error);
  }
  EXPECT_EQ(calls, 2);
  EXPECT_THAT(names(), IsEmpty());
}

TEST_F(AtomicFileTest, FollowsLinksAndKeepsPermissions) {
  put(path("target"), "old");
  ::chmod(path("target").c_str(), 0640);
  fs::create_symlink("target", path("link"));
  AtomicFile file(path("link"));
  file.write("new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(contents(path("target")), "new");
  struct stat status{};
  ASSERT_EQ(::stat(path("target").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0640U);
}

TEST_F(AtomicFileTest, MakesWhatADanglingLinkNames) {
  fs::create_symlink("later", path("link"));
  AtomicFile file(path("link"));
  file.write("new");
  file.commit();
  EXPECT_TRUE(fs::is_symlink(path("link")));
  EXPECT_EQ(contents(path("later")), "new");
}

TEST_F(AtomicFileTest, WritesDevicesInPlace) {
  AtomicFile file("/dev/null");
  file.write("gone");
  file.commit();
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
}

void expect_refused(const std::string& path, const char* message) {
  for (const bool only_check : {true, false}) {
    try {
      if (only_check) {
        check_writable(path);
      } else {
        AtomicFile file(path);
      }
      FAIL() << path;
    } catch (const Error& error) {
      EXPECT_EQ(error.category(), ErrorCategory::kRuntime);
      EXPECT_THAT(error.what(), HasSubstr("cannot be written"));
      EXPECT_THAT(error.what(), HasSubstr(message));
    }
  }
}

TEST_F(AtomicFileTest, RefusesWhereItCannotBeWritten) {
  put(path("file"), "x");
  expect_refused("", "the name is empty");
  expect_refused(folder_.string(), "it is a folder");
  expect_refused(path("no/such/e"), "there is no folder");
  expect_refused(path("file/e"), "there is no folder");
  expect_refused("/proc/e", "(in folder \"/proc\")");
  EXPECT_THAT(names(), ElementsAre("file"));
  EXPECT_EQ(contents(path("file")), "x");
}

TEST_F(AtomicFileTest, AFullDiskIsAnError) {
  AtomicFile file("/dev/full");
  try {
    file.write("x");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.category(), ErrorCategory::kRuntime);
    EXPECT_THAT(error.what(), HasSubstr("\"/dev/full\" cannot be written: writing failed: No space left on device"));
  }
}

}  // namespace
}  // namespace torch2trt
