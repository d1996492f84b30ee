// The boundary layers of conditionals and loops, made by the IIfConditional or ILoop that they name.
#include "src/backend/python/enumerators.h"
#include "src/backend/python/layer_maker.h"

namespace torch2trt {

py::object LayerMaker::add(const layer::Condition& l) {
  return owner_.conditional(l.conditional).attr("set_condition")(at(l.condition));
}

py::object LayerMaker::add(const layer::ConditionalInput& l) {
  return owner_.conditional(l.conditional).attr("add_input")(at(l.input));
}

py::object LayerMaker::add(const layer::ConditionalOutput& l) {
  return owner_.conditional(l.conditional).attr("add_output")(at(l.then_value), at(l.else_value));
}

py::object LayerMaker::add(const layer::TripLimit& l) {
  return owner_.loop(l.loop).attr("add_trip_limit")(at(l.limit), enumerator("TripLimit", enumerator_name(l.kind)));
}

py::object LayerMaker::add(const layer::Recurrence& l) {
  return owner_.loop(l.loop).attr("add_recurrence")(at(l.initial));
}

py::object LayerMaker::add(const layer::Iterator& l) {
  return owner_.loop(l.loop).attr("add_iterator")(at(l.input), l.axis, l.reverse);
}

py::object LayerMaker::add(const layer::LoopOutput& l) {
  py::object made = owner_.loop(l.loop).attr("add_loop_output")(
      at(l.value), enumerator("LoopOutput", enumerator_name(l.kind)), l.axis);
  if (!made.is_none() && l.length) made.attr("set_input")(1, at(*l.length));
  return made;
}

}  // namespace torch2trt
