// SPDX-License-Identifier: MIT
/**
 * The UUID of a Trusted Application that nobody has. What the TEE answers to it says how it looks for one: by way of the
 * supplicant, and before that in its own storage.
 */
export const NOBODYS_UUID = '9d3c55f4-0c2e-4b7c-8f6e-5a1d0c70be11';
