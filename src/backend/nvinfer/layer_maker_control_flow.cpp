// The boundary layers of conditionals and loops, made by the IIfConditional or ILoop that they name (8.5 and later).
#include "src/backend/nvinfer/layer_finish.h"
#include "src/backend/nvinfer/operands.h"

namespace torch2trt {

using nvinfer::enumerator;

static_assert(static_cast<int>(nvinfer1::TripLimit::kCOUNT) == static_cast<int>(TripLimitKind::kCount));
static_assert(static_cast<int>(nvinfer1::TripLimit::kWHILE) == static_cast<int>(TripLimitKind::kWhile));
static_assert(static_cast<int>(nvinfer1::LoopOutput::kLAST_VALUE) == static_cast<int>(LoopOutputKind::kLastValue));
static_assert(static_cast<int>(nvinfer1::LoopOutput::kCONCATENATE) == static_cast<int>(LoopOutputKind::kConcatenate));
static_assert(static_cast<int>(nvinfer1::LoopOutput::kREVERSE) == static_cast<int>(LoopOutputKind::kReverse));

void NvinferLayerMaker::add(const layer::Condition& l) {
  finish(owner_.conditional(l.conditional).setCondition(at(l.condition)));
}

void NvinferLayerMaker::add(const layer::ConditionalInput& l) {
  finish(owner_.conditional(l.conditional).addInput(at(l.input)));
}

void NvinferLayerMaker::add(const layer::ConditionalOutput& l) {
  finish(owner_.conditional(l.conditional).addOutput(at(l.then_value), at(l.else_value)));
}

void NvinferLayerMaker::add(const layer::TripLimit& l) {
  finish(owner_.loop(l.loop).addTripLimit(at(l.limit), enumerator<nvinfer1::TripLimit>(l.kind)));
}

void NvinferLayerMaker::add(const layer::Recurrence& l) {
  auto* made = owner_.loop(l.loop).addRecurrence(at(l.initial));
  if (finish(made)) owner_.recurrences_[outputs_.back()] = made;
}

void NvinferLayerMaker::add(const layer::Iterator& l) {
  finish(owner_.loop(l.loop).addIterator(at(l.input), static_cast<std::int32_t>(l.axis), l.reverse));
}

void NvinferLayerMaker::add(const layer::LoopOutput& l) {
  auto* made = owner_.loop(l.loop).addLoopOutput(at(l.value), enumerator<nvinfer1::LoopOutput>(l.kind),
                                                 static_cast<std::int32_t>(l.axis));
  if (made != nullptr && l.length) made->setInput(1, at(*l.length));
  finish(made);
}

}  // namespace torch2trt
