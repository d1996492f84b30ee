#include "src/tensorrt/shared_library.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>

namespace torch2trt::tensorrt {
namespace {

namespace fs = std::filesystem;

// lib/python3.*/site-packages of a virtual environment.
void add_site_packages(const fs::path& prefix, std::vector<std::string>& found) {
  std::error_code failed;
  std::vector<std::string> here;
  for (const auto& entry : fs::directory_iterator(prefix / "lib", failed)) {
    if (entry.path().filename().string().rfind("python3", 0) != 0) continue;
    const fs::path packages = entry.path() / "site-packages";
    if (fs::is_directory(packages, failed)) here.push_back(packages.string());
  }
  std::sort(here.begin(), here.end());
  for (std::string& folder : here) {
    if (std::find(found.begin(), found.end(), folder) == found.end()) found.push_back(std::move(folder));
  }
}

// Of set_import_path().
struct ImportPath {
  std::mutex mutex;
  std::vector<std::string> folders;
};
ImportPath& import_path() {
  static ImportPath path;
  return path;
}

bool starts_with(const std::string& text, const std::string& start) { return text.rfind(start, 0) == 0; }

// The files a place stands for; or why it stands for none.
std::vector<std::string> files_of(const Place& place, const std::vector<std::string>& names, std::string& reason) {
  if (place.path.find('/') == std::string::npos && !fs::exists(place.path)) return {place.path};  // the loader's
  std::error_code failed;
  if (fs::is_directory(place.path, failed)) {
    std::vector<std::string> files = candidates_in(place.path, names);
    if (files.empty()) reason = "holds no " + names.front();
    return files;
  }
  if (fs::exists(place.path, failed)) {
    // With a slash, so that the loader takes this file.
    return {place.path.find('/') == std::string::npos ? "./" + place.path : place.path};
  }
  reason = "does not exist";
  return {};
}

}  // namespace

SharedLibrary SharedLibrary::open(const std::string& path, std::string& reason) {
  SharedLibrary library;
  library.handle_ = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library.handle_ == nullptr) {
    const char* error = ::dlerror();
    reason = error != nullptr ? error : "cannot be opened";
  }
  return library;
}

void* SharedLibrary::symbol(const char* name) const { return handle_ == nullptr ? nullptr : ::dlsym(handle_, name); }

std::string SharedLibrary::file_of(const char* name) const {
  Dl_info info{};
  void* address = symbol(name);
  if (address == nullptr || ::dladdr(address, &info) == 0 || info.dli_fname == nullptr) return {};
  return info.dli_fname;
}

std::vector<std::string> candidates_in(const std::string& folder, const std::vector<std::string>& names) {
  std::vector<std::string> files;
  std::set<std::string> seen;
  std::error_code failed;
  const auto add = [&](const fs::path& file) {
    // libnvinfer.so is usually a link to the same file as libnvinfer.so.10.
    const fs::path real = fs::weakly_canonical(file, failed);
    if (fs::is_regular_file(file, failed) && seen.insert(real.string()).second) files.push_back(file.string());
  };
  for (const char* below : {".", "lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"}) {
    for (const std::string& name : names) add((fs::path(folder) / below / name).lexically_normal());
  }
  if (!files.empty()) return files;
  const std::string stem = *std::min_element(
      names.begin(), names.end(), [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  for (const char* below : {".", "lib", "lib64"}) {
    std::vector<fs::path> others;
    for (const auto& entry : fs::directory_iterator(fs::path(folder) / below, failed)) {
      if (starts_with(entry.path().filename().string(), stem)) others.push_back(entry.path().lexically_normal());
    }
    std::sort(others.begin(), others.end());
    for (const fs::path& file : others) add(file);
  }
  return files;
}

std::string environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here sets variables
  return value == nullptr ? std::string() : value;
}

void set_import_path(std::vector<std::string> folders) {
  ImportPath& path = import_path();
  const std::lock_guard<std::mutex> lock(path.mutex);
  path.folders = std::move(folders);
}

std::vector<std::string> site_packages() {
  std::vector<std::string> found;
  {
    ImportPath& path = import_path();
    const std::lock_guard<std::mutex> lock(path.mutex);
    found = path.folders;
  }
  for (const char* variable : {"VIRTUAL_ENV", "CONDA_PREFIX"}) {
    if (const std::string prefix = environment(variable); !prefix.empty()) add_site_packages(prefix, found);
  }
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  // PREFIX/bin/torch2trt
  if (!self.empty()) add_site_packages(self.parent_path().parent_path(), found);
  return found;
}

SharedLibrary find_library(const std::vector<Place>& places, const std::vector<std::string>& names,
                           const std::function<std::string(const SharedLibrary&, const std::string& file)>& accept,
                           const std::string& failure, const std::string& advice) {
  std::string message = failure;
  for (const Place& place : places) {
    std::string reason;
    const std::vector<std::string> files = files_of(place, names, reason);
    if (files.empty()) message += "\n  " + place.what + ": " + place.path + " " + reason;
    for (const std::string& file : files) {
      const SharedLibrary library = SharedLibrary::open(file, reason);
      if (library) reason = accept(library, file);
      if (library && reason.empty()) return library;
      // The loader's own messages begin with the file's name.
      message += "\n  " + place.what + ": " + (starts_with(reason, file) ? reason : file + ": " + reason);
    }
    if (place.only) break;
  }
  throw LibraryError(message + "\n" + advice);
}

}  // namespace torch2trt::tensorrt
