// A .pt2 archive in memory -> Graph.
#pragma once

#include <memory>
#include <string_view>

#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

// The weights point into `bytes`, which `owner` keeps valid. Throws Error as read.h says, without the file's name; for
// other formats that people take for .pt2 files it says what they are. `verify_weights` as in read_pt2().
Graph read_archive(std::string_view bytes, const std::shared_ptr<const void>& owner, bool verify_weights = true);

}  // namespace torch2trt::pt2
