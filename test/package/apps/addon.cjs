// SPDX-License-Identifier: MIT
/** Asks for OP-TEE; where there is none, tells how far it got: the addon is loaded before the device is looked for. */
const { SecureStorage } = require('optee-secure-storage');

SecureStorage.open({ backend: 'optee' }).then(
  (store) => store.close().then(() => console.log('open')),
  (error) => console.log(error.code),
);
