// The weights of an archive by name: data/weights (parameters, persistent buffers) and data/constants (non-persistent
// buffers, lifted constants), each raw bytes with a JSON index. Tied weights share a member.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "src/frontend/export/json.h"
#include "src/frontend/export/zip_archive.h"
#include "torch2trt/graph.h"

namespace torch2trt::pt2 {

class WeightsIndex {
 public:
  // `folder`: the archive's root folder with '/'. `model`: the name before ".json" in models/. `owner` keeps the
  // archive's memory. `archive` must outlive the index. `verify`: compare the checksum of each member that find() uses.
  WeightsIndex(const ZipArchive& archive, std::string folder, const std::string& model,
               std::shared_ptr<const void> owner, bool verify = true);

  // A tensor that points into the archive. nullopt where no index has the name. Throws Error: kInvalidModel if the
  // tensor leaves its member or that is damaged, kUnsupportedOperator if it is pickled.
  std::optional<HostTensor> find(const std::string& name, Parameter::Kind kind) const;

 private:
  void verify(const std::string& name, const ZipMember& member) const;
  HostTensor tensor_of(const std::string& name, const Json& entry, const std::string& data_folder) const;

  const ZipArchive& archive_;
  std::string folder_;
  std::shared_ptr<const void> owner_;
  bool verify_;
  mutable std::set<std::string> verified_;  // members: tied weights share one
  Json weights_;
  Json constants_;
};

}  // namespace torch2trt::pt2
