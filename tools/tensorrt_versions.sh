#!/bin/bash
# Whether the rooms that include TensorRT's headers compile against other versions of them:
#   tools/tensorrt_versions.sh SDK...       each with include/NvInfer.h
set -eu
cd "$(dirname "$0")/.."
cuda=$(ls -d /usr/local/cuda/include .venv/lib/python3*/site-packages/nvidia/cu1*/include 2>/dev/null | head -1)
status=0
for sdk in "$@"; do
  for file in src/tensorrt/*.cpp src/backend/nvinfer/*.cpp; do
    standard=c++20
    [[ $file == src/tensorrt/* ]] && standard=c++17
    "${CXX:-g++}" -std=$standard -fsyntax-only -Wall -Wextra -Wno-missing-field-initializers -DFMT_HEADER_ONLY=1 \
      -I. -Iinclude -isystem "$sdk/include" -isystem "$cuda" "$file" || { echo "$sdk: $file does not compile"; status=1; }
  done
  echo "$sdk: done"
done
exit $status
