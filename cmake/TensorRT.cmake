# The headers the native backend and the runtime are compiled against. Neither TensorRT nor the CUDA runtime is linked:
# both are opened when they are needed (src/tensorrt/library.h).
#
#   -DTensorRT_ROOT=DIR                          an SDK: DIR/include/NvInfer.h, 8.5 to 11
#   -DTORCH2TRT_TENSORRT_HEADERS_FROM_WHEEL=ON   NVIDIA's Apache-2.0 headers of TensorRT 10.14.1, out of the PyPI wheel
#                                                kernel-lens 2.0.1, which is installed for nothing else
#   -DCUDAToolkit_ROOT=DIR                       DIR/include/cuda_runtime_api.h; else a toolkit, else NVIDIA's pip wheels
#
# Sets TORCH2TRT_TENSORRT and makes the target torch2trt::tensorrt_headers where all headers are there.
option(TORCH2TRT_TENSORRT_HEADERS_FROM_WHEEL "Take TensorRT 10.14.1's headers from the wheel kernel-lens" OFF)

# Where Python package `name` lies, without importing it; empty if it does not.
function(torch2trt_python_package name result)
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c
            "import importlib.util as u; s = u.find_spec('${name}'); print(next(iter(s.submodule_search_locations)) if s else '')"
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  set(${result} "${found}" PARENT_SCOPE)
endfunction()

set(TORCH2TRT_TENSORRT FALSE)
set(tensorrt_include "TensorRT_INCLUDE-NOTFOUND")
if(NOT TensorRT_ROOT AND DEFINED ENV{TensorRT_ROOT})
  set(TensorRT_ROOT $ENV{TensorRT_ROOT})
endif()
if(TensorRT_ROOT)
  get_filename_component(TensorRT_ROOT "${TensorRT_ROOT}" ABSOLUTE BASE_DIR "${CMAKE_SOURCE_DIR}")
  set(tensorrt_include "${TensorRT_ROOT}/include")
  if(NOT EXISTS "${tensorrt_include}/NvInfer.h")
    message(FATAL_ERROR "TensorRT_ROOT is \"${TensorRT_ROOT}\", which has no include/NvInfer.h.")
  endif()
elseif(TORCH2TRT_TENSORRT_HEADERS_FROM_WHEEL)
  torch2trt_python_package(kernel_lens kernel_lens)
  set(tensorrt_include "${kernel_lens}/include/tensorrt")
  if(NOT EXISTS "${tensorrt_include}/NvInfer.h")
    message(FATAL_ERROR "TORCH2TRT_TENSORRT_HEADERS_FROM_WHEEL: ${Python_EXECUTABLE} has no kernel-lens 2.0.1; "
                        "`make setup`, or pip install -r requirements-dev.txt.")
  endif()
  # Someone else's package: only these very files are NVIDIA's.
  file(GLOB tensorrt_headers "${tensorrt_include}/*.h")
  list(SORT tensorrt_headers)
  set(hashes "")
  foreach(header IN LISTS tensorrt_headers)
    file(SHA256 "${header}" hash)
    string(APPEND hashes "${hash}\n")
  endforeach()
  string(SHA256 hash "${hashes}")
  if(NOT hash STREQUAL "91a6de638ca4a0d99676215148c2db2dcf2e97044bc4d86f14ae0c8f0dad3166")
    message(FATAL_ERROR "The headers in ${tensorrt_include} are not those of kernel-lens 2.0.1 (${hash}).")
  endif()
else()
  find_path(TensorRT_INCLUDE NvInfer.h)
  if(TensorRT_INCLUDE)
    set(tensorrt_include "${TensorRT_INCLUDE}")
  endif()
endif()

set(cuda_include "")
torch2trt_python_package(nvidia nvidia_wheels)
file(GLOB nvidia_includes "${nvidia_wheels}/cu*/include" "${nvidia_wheels}/cuda_runtime/include")
foreach(folder IN ITEMS "${CUDAToolkit_ROOT}/include" "$ENV{CUDA_HOME}/include" "$ENV{CUDA_PATH}/include"
                        /usr/local/cuda/include ${nvidia_includes} /usr/include)
  # The wheel of the runtime alone lacks crt/, which is nvidia-cuda-crt.
  if(NOT cuda_include AND EXISTS "${folder}/cuda_runtime_api.h"
     AND (EXISTS "${folder}/crt/host_defines.h" OR EXISTS "${folder}/host_defines.h"))
    set(cuda_include "${folder}")
  endif()
endforeach()

if(NOT tensorrt_include)
  message(STATUS "TensorRT: no headers, so the native backend is left out (-DTensorRT_ROOT=DIR, or "
                 "-DTORCH2TRT_TENSORRT_HEADERS_FROM_WHEEL=ON)")
elseif(NOT cuda_include)
  message(STATUS "TensorRT: no cuda_runtime_api.h, so the native backend is left out (-DCUDAToolkit_ROOT=DIR, or pip "
                 "install nvidia-cuda-runtime nvidia-cuda-crt)")
else()
  set(TORCH2TRT_TENSORRT TRUE)
  message(STATUS "TensorRT: headers ${tensorrt_include}, CUDA: ${cuda_include}")
  add_library(torch2trt_tensorrt_headers INTERFACE)
  add_library(torch2trt::tensorrt_headers ALIAS torch2trt_tensorrt_headers)
  target_include_directories(torch2trt_tensorrt_headers SYSTEM INTERFACE ${tensorrt_include} ${cuda_include})
endif()
