# libtorch for a program that links torch2trt::core: that of Python's torch wheel, by path, as torch2trt itself was linked
# (find_package(Torch) of a CUDA wheel needs a CUDA toolkit). TORCH_ROOT names the folder of the torch package; otherwise
# Python_EXECUTABLE's, or that of the first python3. It must be of the release torch2trt was compiled against.
if(TARGET torch2trt::torch)
  return()
endif()
if(NOT TORCH_ROOT)
  if(NOT Python_EXECUTABLE)
    find_program(Python_EXECUTABLE NAMES python3 python)
  endif()
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c
            "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')"
    OUTPUT_VARIABLE TORCH_ROOT OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT EXISTS "${TORCH_ROOT}/lib/libtorch_cpu.so")
  set(torch2trt_FOUND FALSE)
  set(torch2trt_NOT_FOUND_MESSAGE
      "Its component core needs libtorch ${torch2trt_TORCH_RELEASE}: pip install torch, and give -DPython_EXECUTABLE=... or -DTORCH_ROOT=DIR.")
  return()
endif()
file(STRINGS "${TORCH_ROOT}/version.py" torch2trt_torch_version REGEX "^__version__")
string(REGEX MATCH "[0-9]+\\.[0-9]+" torch2trt_torch_release "${torch2trt_torch_version}")
if(NOT torch2trt_torch_release STREQUAL torch2trt_TORCH_RELEASE)
  set(torch2trt_FOUND FALSE)
  set(torch2trt_NOT_FOUND_MESSAGE
      "It was compiled against libtorch ${torch2trt_TORCH_RELEASE}; ${TORCH_ROOT} is ${torch2trt_torch_release}.")
  return()
endif()
add_library(torch2trt::torch INTERFACE IMPORTED)
target_include_directories(torch2trt::torch SYSTEM INTERFACE ${TORCH_ROOT}/include
                                                             ${TORCH_ROOT}/include/torch/csrc/api/include)
target_link_libraries(torch2trt::torch INTERFACE ${TORCH_ROOT}/lib/libtorch_cpu.so ${TORCH_ROOT}/lib/libc10.so)
