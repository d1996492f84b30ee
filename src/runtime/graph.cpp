#include "src/runtime/graph.h"

namespace torch2trt::runtime {
namespace {

// cudaStreamCaptureModeThreadLocal: what other threads do meanwhile does not disturb the capture.
constexpr int kThreadLocal = 1;

CudaGraph capture(const CudaApi& cuda, ExecutionBackend& execution, cudaStream_t stream) {
  cuda.check(cuda.stream_begin_capture(stream, kThreadLocal), "cudaStreamBeginCapture");
  CudaGraph graph = nullptr;
  try {
    execution.enqueue(stream);
  } catch (const Error&) {
    // Ends the capture, or the stream stays unusable.
    if (cuda.stream_end_capture(stream, &graph) == 0 && graph != nullptr) cuda.graph_destroy(graph);
    cuda.get_last_error();
    throw;
  }
  cuda.check(cuda.stream_end_capture(stream, &graph), "cudaStreamEndCapture");
  return graph;
}

}  // namespace

CapturedGraph::CapturedGraph(const CudaApi& cuda, ExecutionBackend& execution, cudaStream_t capture_stream)
    : cuda_(cuda) {
  CudaGraph graph = capture(cuda, execution, capture_stream);
  const int code = cuda.graph_instantiate(&executable_, graph, 0);
  cuda.graph_destroy(graph);
  cuda.check(code, "cudaGraphInstantiate");
}

CapturedGraph::~CapturedGraph() { cuda_.graph_exec_destroy(executable_); }

}  // namespace torch2trt::runtime
