// A library that is opened when it is needed, and the search for it: an ordered list of places, each a file or a
// folder. C++17, std only, so that the runtime library can use it too.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace torch2trt::tensorrt {

// No library that fits. what() is the whole message: what was looked for, each place with what was wrong there, what
// to do.
class LibraryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Opened for good: TensorRT leaves threads and handlers behind, so it is never closed.
class SharedLibrary {
 public:
  // Null handle where `path` cannot be opened; `reason` then says why. A path without a slash is what the loader finds.
  static SharedLibrary open(const std::string& path, std::string& reason);

  explicit operator bool() const { return handle_ != nullptr; }
  // nullptr where the library has no such symbol.
  void* symbol(const char* name) const;
  template <typename Function>
  Function* function(const char* name) const {
    return reinterpret_cast<Function*>(symbol(name));
  }
  // The file the loader took for the symbol `name`; empty where it cannot say.
  std::string file_of(const char* name) const;

 private:
  void* handle_ = nullptr;
};

// Where to look next.
struct Place {
  std::string what;   // "--tensorrt", "pip wheel", ...: for the message
  std::string path;   // a file, a folder, or for the loader a name without a slash
  bool only = false;  // named by the user: if it does not do, nothing else is tried
};

// Existing files in `folder` that may be the library: `names` in their order, then files that begin with the shortest
// of them (libnvinfer.so.8 where libnvinfer.so.10 is wanted), so that the message can say what is there instead.
std::vector<std::string> candidates_in(const std::string& folder, const std::vector<std::string>& names);

// Folders that hold pip's packages: those of set_import_path(), then the site-packages of the virtual environment in
// use (VIRTUAL_ENV, CONDA_PREFIX) and of the one this program is installed in.
std::vector<std::string> site_packages();

// Where the Python of this process imports from, which no variable needs to say. Thread-safe.
void set_import_path(std::vector<std::string> folders);

// Value of an environment variable; empty where unset.
std::string environment(const char* name);

// Tries the places in order; `accept` gets each library that opens, with the file it was asked for, and returns an
// empty text to take it, else what is wrong. Throws LibraryError, which begins with `failure` and ends with `advice`.
SharedLibrary find_library(const std::vector<Place>& places, const std::vector<std::string>& names,
                           const std::function<std::string(const SharedLibrary&, const std::string& file)>& accept,
                           const std::string& failure, const std::string& advice);

}  // namespace torch2trt::tensorrt
