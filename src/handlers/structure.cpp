// Lists and tuples of values: no layers, only who is where.
#include <fmt/format.h>

#include "src/handlers/register.h"

namespace torch2trt {
namespace {

Results construct(Network&, Args& a) {
  Operand::List list;
  for (std::size_t i = 0; i < a.size(); ++i) list.push_back(a.operand_at(i));
  return Operand(list);
}

const Operand::List& list_of(Args& a, std::size_t index) {
  const auto* list = a.operand_at(index).as<Operand::List>();
  a.require(list != nullptr, fmt::format("argument {} is {}, not a list", index, describe(a.operand_at(index))));
  return *list;
}

Results unpack(Network&, Args& a) { return std::vector<Operand>(list_of(a, 0)); }

Results item(Network&, Args& a) {
  const Operand::List& list = list_of(a, 0);
  const auto* index = a.operand_at(1).as<std::int64_t>();
  a.require(index != nullptr, "the index of a list must be a constant integer");
  return Operand(list.at(static_cast<std::size_t>(normalized_axis(*index, static_cast<std::int64_t>(list.size())))));
}

}  // namespace

void register_structure(HandlerRegistry& r) {
  r.ops({"prim::ListConstruct", "prim::TupleConstruct"}).convert(construct);
  r.ops({"prim::ListUnpack", "prim::TupleUnpack"}).convert(unpack);
  r.ops({"prim::TupleIndex", "aten::__getitem__.t"}).convert(item);
  r.op("aten::len.t").convert([](Network&, Args& a) -> Results { return Operand(static_cast<std::int64_t>(list_of(a, 0).size())); });
}

}  // namespace torch2trt
