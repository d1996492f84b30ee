# find_package(torch2trt COMPONENTS runtime): torch2trt::runtime runs engines. It needs no other package: TensorRT and the
# CUDA runtime are opened by the program, where they are.
if(NOT torch2trt_FIND_COMPONENTS)
  set(torch2trt_FIND_COMPONENTS runtime)
endif()
foreach(component IN LISTS torch2trt_FIND_COMPONENTS)
  if(EXISTS "${CMAKE_CURRENT_LIST_DIR}/torch2trt-${component}.cmake")
    include("${CMAKE_CURRENT_LIST_DIR}/torch2trt-${component}.cmake")
    set(torch2trt_${component}_FOUND TRUE)
  elseif(torch2trt_FIND_REQUIRED_${component})
    set(torch2trt_FOUND FALSE)
    set(torch2trt_NOT_FOUND_MESSAGE "This torch2trt was installed without its component \"${component}\".")
  endif()
endforeach()
