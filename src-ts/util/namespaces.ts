// SPDX-License-Identifier: MIT
/** What the links in /proc/PID/ns/ read in the namespaces that a machine starts with: their inodes are fixed. */

/** Linux, include/uapi/linux/nsfs.h: PID_NS_INIT_INO, 0xEFFFFFFC. */
export const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';
/** The same file: USER_NS_INIT_INO, 0xEFFFFFFD. */
export const INITIAL_USER_NAMESPACE = 'user:[4026531837]';
