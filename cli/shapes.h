// --shapes, --minShapes, --optShapes and --maxShapes, in trtexec's grammar:
//
//   name:1x3x224x224,other:scalar,'odd,name:0':4,prefix*:8x2
//
// A name in single quotes may hold commas and colons. One '*' in a name stands for any text; an exact name wins over
// it.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "torch2trt/convert.h"

namespace torch2trt::cli {

struct NamedShape {
  std::string name;
  Dims dims;
  bool operator==(const NamedShape&) const = default;
};

// `option` ("--shapes") names the option in messages. Throws Error(kInvalidArgument).
std::vector<NamedShape> parse_shapes(std::string_view text, std::string_view option);

// "name:type,...": the same grammar with a type in place of sizes. Throws Error(kInvalidArgument).
std::vector<std::pair<std::string, DType>> parse_types(std::string_view text, std::string_view option);

// "name:text,...": the same grammar with any text, a file say, in place of sizes. Throws Error(kInvalidArgument).
std::vector<std::pair<std::string, std::string>> parse_named_texts(std::string_view text, std::string_view option);

// Whether `pattern`, with at most one '*', is `name`.
bool matches_name(std::string_view pattern, std::string_view name);

struct ShapeOptions {
  std::string shapes, min, opt, max;  // as given; empty where not
};

// The range of each input that an option names. --shapes gives one size; of the other three, one that is not given is
// what the program says, and where it says nothing the nearest one given. Whether the ranges fit the program is checked
// by convert(). Throws Error(kInvalidArgument) for a name that no input has and for contradicting options.
std::map<std::string, InputRange> input_ranges(const Graph& graph, const ShapeOptions& options);

}  // namespace torch2trt::cli
