// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_SEALED_FILE_H
#define OPTEE_SECURE_STORAGE_SEALED_FILE_H

#include <cstddef>
#include <cstdint>

namespace teec {

// Makes a file in memory, without a name, that nobody can change any more, root included
// (memfd_create(2), F_ADD_SEALS of fcntl(2)). Returns a descriptor for reading, closed on exec, or
// an error number below zero.
int SealedFile(const uint8_t* content, size_t size);

}  // namespace teec

#endif
