// SPDX-License-Identifier: MIT
#ifndef OPTEE_SECURE_STORAGE_DESCRIPTORS_H
#define OPTEE_SECURE_STORAGE_DESCRIPTORS_H

namespace teec {

// libteec opens its descriptors without close-on-exec. A child process that inherits the one of
// the device could use every session opened through it, with the identity of its parent.

// Makes the device descriptor of a fresh context, which has no session yet, private to this
// process. A child started by another thread in between keeps a device without any session.
void SealContextDescriptor(int fd);

// Sets close-on-exec on every shared memory object of the TEE driver that this process has. They
// are known by the name that the kernel gives them, so nobody else's descriptor is touched.
void SealSharedMemoryDescriptors();

}  // namespace teec

#endif
