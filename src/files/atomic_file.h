// Writing a file so that at no time half of it is there: into a temporary file in the same folder, synced, renamed.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace torch2trt {

// Throws Error(kRuntime) where `path` could not be written (no such folder, no permission, a folder in its place), so
// that one need not wait for a long build to learn it. Leaves nothing behind.
void check_writable(const std::string& path);

// Not there until commit(); a file of that name stays as it is until then. A symbolic link is followed. A device or
// pipe (/dev/stdout) is written in place.
class AtomicFile {
 public:
  // Throws Error(kRuntime) if the temporary file cannot be made.
  explicit AtomicFile(const std::string& path);
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;
  // Without commit(): removes the temporary file.
  ~AtomicFile();

  // Throws Error(kRuntime). `between_pieces`, if given, is called often and may throw to give up.
  void write(std::span<const std::byte> bytes, const std::function<void()>& between_pieces = {});
  void write(std::string_view text);
  // Forces what was written to the disk: several files can be finished before the first appears. Throws
  // Error(kRuntime).
  void sync();
  // Syncs and puts the file in its place. Throws Error(kRuntime).
  void commit();

 private:
  [[noreturn]] void fail(const char* what) const;

  std::string path_;       // as given, for messages
  std::string target_;     // links resolved
  std::string temporary_;  // empty where written in place, and after commit()
  int descriptor_ = -1;
};

}  // namespace torch2trt
