# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# Compiler flags, sanitizers, ccache and the linker. One place, so that every folder is built alike.
option(SEMEL_WERROR "warnings are errors" ON)
option(SEMEL_BENCH "build the benchmarks" OFF)
set(SEMEL_SANITIZE "" CACHE STRING "sanitizers, e.g. address,undefined or thread")

find_program(SEMEL_CCACHE ccache)
if(SEMEL_CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER "${SEMEL_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SEMEL_CCACHE}")
endif()
find_program(SEMEL_LLD ld.lld)
if(SEMEL_LLD)
  add_link_options(-fuse-ld=lld)
endif()

# Line tables only: full debug information triples link time and tells little more in a stack trace.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -DSEMEL_DEBUG")
add_compile_options(-Wall -Wextra -Wno-missing-field-initializers -fstack-protector-strong)
add_compile_definitions(_GLIBCXX_ASSERTIONS)
if(SEMEL_WERROR)
  add_compile_options(-Werror)
endif()
if(SEMEL_SANITIZE)
  add_compile_options(-fsanitize=${SEMEL_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SEMEL_SANITIZE})
  if(SEMEL_SANITIZE MATCHES "address")
    add_compile_definitions(SEMEL_ASAN)
  endif()
  add_compile_options(-Wno-maybe-uninitialized)  # g++ 12 is wrong about optionals and std::regex under sanitizers
  if(SEMEL_SANITIZE MATCHES "undefined")
    add_compile_options(-fno-sanitize-recover=all)
  endif()
endif()
