# SPDX-License-Identifier: MIT
# The addon as cmake and cmake-js build it. binding.gyp builds the same from the
# same lists.
set(native_dir "${CMAKE_CURRENT_LIST_DIR}")

function(read_list file variable)
  file(STRINGS "${native_dir}/${file}" lines)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${native_dir}/${file}")
  set(${variable} "${lines}" PARENT_SCOPE)
endfunction()

read_list(sources.txt sources)
read_list(flags.txt flags)
read_list(link-flags.txt link_flags)

# node-gyp's default configuration; theirs is the same.
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O3")
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

# The headers of Node-API are the same for every version and architecture, so
# none has to be fetched. They are looked for as node would from here, or from
# where the build was asked for: pnpm's folders do not lead from one to the other.
function(find_headers module variable)
  execute_process(
    COMMAND
      node -p
      "path.resolve(require(require.resolve('${module}', { paths: ['.', process.env.INIT_CWD || '.'] })).include_dir)"
    WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    OUTPUT_VARIABLE found
    OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_QUIET
    RESULT_VARIABLE status
  )
  if(NOT status EQUAL 0)
    message(FATAL_ERROR "${module} is needed for this build. Run:\n  npm install --save-dev ${module}")
  endif()
  set(${variable} "${found}" PARENT_SCOPE)
endfunction()

find_headers(node-api-headers node_api_headers)
find_headers(node-addon-api node_addon_api)

add_library(optee_secure_storage MODULE ${sources})
target_include_directories(
  optee_secure_storage SYSTEM PRIVATE "${node_api_headers}" "${node_addon_api}"
)
target_compile_options(optee_secure_storage PRIVATE ${flags})
target_link_options(
  optee_secure_storage PRIVATE ${link_flags} "-Wl,--version-script=${native_dir}/exports.map"
)
set_target_properties(
  optee_secure_storage PROPERTIES PREFIX "" SUFFIX ".node" LINK_DEPENDS "${native_dir}/exports.map"
)
