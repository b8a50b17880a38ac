# SPDX-License-Identifier: Apache-2.0
# Copyright The Semel Authors
#
# semel_library(NAME base/thing DEPS a b …)   one folder = one static library semel_base_thing; sources are globbed.
#   *_test.cc of the folder become one GoogleTest program semel_base_thing_test (only where there are any).
#   *_bench.cc become one Google Benchmark program (with SEMEL_BENCH).
# semel_plugin(FAMILY connectors REGISTER RegisterKafka HEADER connectors/kafka/register.h)
#   names the one function of a plug-in folder that its family's generated registry calls.
# semel_add_folders(DIR) adds every folder below DIR that has a CMakeLists.txt.
include_guard(GLOBAL)
include(GoogleTest)
find_package(GTest REQUIRED)
find_package(Threads REQUIRED)

function(semel_target_name out path)
  string(REPLACE "/" "_" _n "semel_${path}")
  set(${out} "${_n}" PARENT_SCOPE)
endfunction()

function(semel_library)
  cmake_parse_arguments(A "" "NAME" "DEPS;PRIVATE;EXCLUDE;TEST_DEPS" ${ARGN})
  semel_target_name(_t "${A_NAME}")
  file(GLOB _src CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cc" "${CMAKE_CURRENT_SOURCE_DIR}/*.h")
  set(_tests ${_src})
  set(_benches ${_src})
  list(FILTER _tests INCLUDE REGEX "_test\\.cc$")
  list(FILTER _benches INCLUDE REGEX "_bench\\.cc$")
  list(FILTER _src EXCLUDE REGEX "_(test|bench)\\.cc$")
  foreach(e IN LISTS A_EXCLUDE)
    list(REMOVE_ITEM _src "${CMAKE_CURRENT_SOURCE_DIR}/${e}")
  endforeach()
  set(_cc ${_src})
  list(FILTER _cc INCLUDE REGEX "\\.cc$")
  set(_deps "")
  foreach(d IN LISTS A_DEPS)
    if(d MATCHES "::")
      list(APPEND _deps "${d}")
    else()
      semel_target_name(_d "${d}")
      list(APPEND _deps "${_d}")
    endif()
  endforeach()
  if(_cc)
    add_library(${_t} STATIC ${_src})
    target_include_directories(${_t} PUBLIC "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
    target_link_libraries(${_t} PUBLIC ${_deps} PRIVATE ${A_PRIVATE})
  else()
    add_library(${_t} INTERFACE)
    target_include_directories(${_t} INTERFACE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
    target_link_libraries(${_t} INTERFACE ${_deps} ${A_PRIVATE})
  endif()
  set(_tdeps "")
  foreach(d IN LISTS A_TEST_DEPS)
    if(d MATCHES "::")
      list(APPEND _tdeps "${d}")
    else()
      semel_target_name(_d "${d}")
      list(APPEND _tdeps "${_d}")
    endif()
  endforeach()
  if(_tests)
    add_executable(${_t}_test ${_tests})
    target_link_libraries(${_t}_test PRIVATE ${_t} ${_tdeps} ${A_PRIVATE} GTest::gtest GTest::gmock GTest::gtest_main Threads::Threads)
    add_test(NAME ${A_NAME} COMMAND ${_t}_test WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    set_tests_properties(${A_NAME} PROPERTIES LABELS unit)
    set_property(GLOBAL APPEND PROPERTY SEMEL_UNIT_TESTS ${_t}_test)
  endif()
  if(_benches AND SEMEL_BENCH)
    find_package(benchmark REQUIRED)
    add_executable(${_t}_bench ${_benches})
    target_link_libraries(${_t}_bench PRIVATE ${_t} ${_tdeps} ${A_PRIVATE} benchmark::benchmark benchmark::benchmark_main)
  endif()
endfunction()

function(semel_plugin)
  cmake_parse_arguments(A "" "NAME;FAMILY;REGISTER;HEADER" "" ${ARGN})
  semel_target_name(_t "${A_NAME}")
  set_property(GLOBAL APPEND PROPERTY SEMEL_FAMILIES ${A_FAMILY})
  set_property(GLOBAL APPEND PROPERTY SEMEL_PLUGINS_${A_FAMILY} "${_t}|${A_REGISTER}|${A_HEADER}")
endfunction()

# One generated library semel_<family>_registry per family of plug-ins: RegisterAll(Registry&) in namespace semel::<family>,
# calling each plug-in's function. The registry type is <family>/api/registry.h's semel::<family>::Registry.
function(semel_finish_registries)
  get_property(_families GLOBAL PROPERTY SEMEL_FAMILIES)
  if(NOT _families)
    return()
  endif()
  list(REMOVE_DUPLICATES _families)
  foreach(f IN LISTS _families)
    get_property(_plugins GLOBAL PROPERTY SEMEL_PLUGINS_${f})
    list(SORT _plugins)
    set(_inc "")
    set(_calls "")
    set(_libs "")
    foreach(p IN LISTS _plugins)
      string(REPLACE "|" ";" _p "${p}")
      list(GET _p 0 _lib)
      list(GET _p 1 _fn)
      list(GET _p 2 _hdr)
      string(APPEND _inc "#include \"${_hdr}\"\n")
      string(APPEND _calls "  ${_fn}(registry);\n")
      list(APPEND _libs ${_lib})
    endforeach()
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/${f}/registry_all.h" CONTENT
"// Generated at configure time from the plug-in folders of ${f}/.
#pragma once
#include \"${f}/api/registry.h\"
namespace semel::${f} {
void RegisterAll(Registry& registry);
}  // namespace semel::${f}
")
    file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/${f}/registry_all.cc" CONTENT
"// Generated at configure time from the plug-in folders of ${f}/.
#include \"${f}/registry_all.h\"
${_inc}
namespace semel::${f} {
void RegisterAll(Registry& registry) {
${_calls}}
}  // namespace semel::${f}
")
    add_library(semel_${f}_registry STATIC "${CMAKE_BINARY_DIR}/generated/${f}/registry_all.cc")
    target_include_directories(semel_${f}_registry PUBLIC "${CMAKE_BINARY_DIR}/generated" "${CMAKE_SOURCE_DIR}/src")
    target_link_libraries(semel_${f}_registry PUBLIC ${_libs} semel_${f}_api)
  endforeach()
endfunction()

macro(semel_add_folders dir)
  file(GLOB_RECURSE _semel_lists CONFIGURE_DEPENDS "${dir}/CMakeLists.txt")
  list(SORT _semel_lists)
  foreach(_l IN LISTS _semel_lists)
    get_filename_component(_d "${_l}" DIRECTORY)
    string(REPLACE "${CMAKE_SOURCE_DIR}/" "" _rel "${_d}")
    if(NOT _d STREQUAL "${CMAKE_SOURCE_DIR}")
      add_subdirectory("${_d}" "${CMAKE_BINARY_DIR}/${_rel}")
    endif()
  endforeach()
endmacro()
