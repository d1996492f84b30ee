# Links the libtorch inside an installed torch wheel by path. find_package(Torch) of a CUDA wheel fails on a machine
# without a CUDA toolkit, though nothing here compiles CUDA code.
#
# Targets: torch2trt::torch (libtorch_cpu, libc10), torch2trt::torch_python (libtorch_python and its headers).
set(python_parts Interpreter)
if(TORCH2TRT_PYTHON)
  list(APPEND python_parts Development.Module)
endif()
find_package(Python 3.10 REQUIRED COMPONENTS ${python_parts})
if(NOT TORCH_ROOT)
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c
            "import importlib.util; print(importlib.util.find_spec('torch').submodule_search_locations[0])"
    OUTPUT_VARIABLE TORCH_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE failed)
  if(failed)
    message(FATAL_ERROR "No torch for ${Python_EXECUTABLE}: pip install -r requirements-dev.txt, or set TORCH_ROOT.")
  endif()
endif()
message(STATUS "torch: ${TORCH_ROOT}")

add_library(torch2trt_torch INTERFACE)
add_library(torch2trt::torch ALIAS torch2trt_torch)
target_include_directories(torch2trt_torch SYSTEM INTERFACE ${TORCH_ROOT}/include
                                                            ${TORCH_ROOT}/include/torch/csrc/api/include)
target_link_libraries(torch2trt_torch INTERFACE ${TORCH_ROOT}/lib/libtorch_cpu.so ${TORCH_ROOT}/lib/libc10.so)

add_library(torch2trt_torch_python INTERFACE)
add_library(torch2trt::torch_python ALIAS torch2trt_torch_python)
target_link_libraries(torch2trt_torch_python INTERFACE torch2trt_torch ${TORCH_ROOT}/lib/libtorch_python.so)
