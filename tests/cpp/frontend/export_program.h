// Small exported programs as JSON, and archives of them, for tests of the export front end.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "tests/cpp/frontend/zip_writer.h"
#include "torch2trt/graph.h"

namespace torch2trt::testing {

using Json = nlohmann::json;

// {"name": name, "arg": value}
Json input(std::string_view name, Json value);
Json tensor(std::string_view name);  // {"as_tensor": {"name": name}}
Json tensor_meta(const std::vector<std::int64_t>& sizes, int dtype = 7);
// A node; outputs are the names of tensors, each of which gets the type float32[2,3] in `program` later.
Json node(std::string_view target, std::vector<Json> inputs, std::vector<Json> outputs, std::string_view name = "n");

// forward(x) = x + w, with x and the parameter "w" float32[2,3].
Json program();
// forward(x) with these nodes and outputs instead; every tensor that the nodes define is float32[2,3].
Json program_of(std::vector<Json> nodes, std::vector<Json> outputs);

// The archive of `program`; "w" is 0, 1, ... 5. `weights`: data/weights' index, else that of "w".
std::string archive_of(const Json& program);
std::string archive_of(const Json& program, const Json& weights_config, std::string_view weight_bytes);
Json weights_config();
std::string weight_bytes();

// read_pt2 of these bytes, and its error's text ("" where there is none).
Graph read_bytes(std::string_view bytes);
std::string error_of(std::string_view bytes);
// graph_from_export with "w", and its error's text.
Graph import(const Json& program);
std::string import_error(const Json& program);

}  // namespace torch2trt::testing
