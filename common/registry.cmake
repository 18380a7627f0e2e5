# Tables of rows from file names.
#
# tramgac_registry(OUT FOLDER PREFIX TYPE HEADER)
#   Every FOLDER/PREFIX_<name>.c ends in `const TYPE PREFIX_<name>`. This writes a source with
#   `const TYPE *const PREFIX_rows[]`, ended by NULL and in file-name order, and appends it to OUT.
#   Nothing is written while the folder has no header yet.
function(tramgac_registry out folder prefix type header)
    if(NOT EXISTS ${CMAKE_SOURCE_DIR}/${header})
        return()
    endif()
    file(GLOB rows CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/${folder}
         ${CMAKE_SOURCE_DIR}/${folder}/${prefix}_*.c)
    list(SORT rows)
    set(text "/* Written by common/registry.cmake from the files of ${folder}. */\n")
    string(APPEND text "#include \"${header}\"\n\n#include <stddef.h>\n\n")
    set(list "")
    foreach(row ${rows})
        string(REGEX REPLACE "\\.c$" "" stem ${row})
        string(APPEND text "extern const ${type} ${stem};\n")
        string(APPEND list "    &${stem},\n")
    endforeach()
    string(APPEND text "\nextern const ${type} *const ${prefix}_rows[];\n")
    string(APPEND text "const ${type} *const ${prefix}_rows[] = {\n${list}    NULL,\n};\n")
    string(REPLACE "/" "_" name "${folder}_${prefix}")
    set(file ${CMAKE_BINARY_DIR}/gen/${name}_rows.c)
    file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
    set(${out} ${${out}} ${file} PARENT_SCOPE)
endfunction()
