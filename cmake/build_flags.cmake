# Every target links grant_build_flags; third-party headers come in as SYSTEM, so warnings are ours alone.
add_library(grant_build_flags INTERFACE)
# Includes are written from the repository's root: "grantd/domain/grant.h".
target_include_directories(grant_build_flags INTERFACE ${CMAKE_CURRENT_LIST_DIR}/..)
target_compile_options(grant_build_flags INTERFACE
  -Wall -Wextra -Werror -Wno-missing-field-initializers -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -fvisibility=hidden -fvisibility-inlines-hidden -fstack-protector-strong)
# GCC 12 sees overlaps, overflows and uninitialised values in the standard library's own inlined code.
target_compile_options(grant_build_flags INTERFACE
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict -Wno-stringop-overflow -Wno-array-bounds
  -Wno-maybe-uninitialized>)
target_compile_definitions(grant_build_flags INTERFACE
  $<$<CONFIG:Release>:_FORTIFY_SOURCE=2> GRANT_VERSION="${PROJECT_VERSION}")
target_link_options(grant_build_flags INTERFACE -Wl,-z,relro,-z,now)
if(CMAKE_UNITY_BUILD)
  # Several sources are one to the compiler, which saves most of a whole build's time; then one
  # source's internal names are in sight of the next.
  target_compile_options(grant_build_flags INTERFACE -Wno-shadow $<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

if(GRANT_SANITIZE)
  # The tests' own code goes without the checks for undefined behaviour, which take twice as long to
  # compile; what is tested has them.
  define_property(TARGET PROPERTY GRANT_IS_TEST INITIALIZE_FROM_VARIABLE GRANT_IS_TEST)
  string(REPLACE ",undefined" "" sanitize_tests "${GRANT_SANITIZE}")
  string(REPLACE "," "$<COMMA>" sanitize_tests "${sanitize_tests}")
  string(REPLACE "," "$<COMMA>" sanitize_all "${GRANT_SANITIZE}")
  target_compile_options(grant_build_flags INTERFACE
    -fsanitize=$<IF:$<BOOL:$<TARGET_PROPERTY:GRANT_IS_TEST>>,${sanitize_tests},${sanitize_all}>
    -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(grant_build_flags INTERFACE -fsanitize=${GRANT_SANITIZE})
endif()
