// SPDX-License-Identifier: MIT
/** The check that one file of the Trusted Application alone calls the TEE's storage. */

const check = async (file: string, text: string) =>
  (await import('../../tools/storage-calls.mjs')).storageCalls(file, text);

const OPEN = 'int f(void)\n{\n\treturn TEE_OpenPersistentObject(1, id, 2, 3, &handle);\n}\n';

test.each([
  [OPEN, 'TEE_OpenPersistentObject()'],
  ['\n\n\tTEE_CloseAndDeletePersistentObject1(handle);\n', 'TEE_CloseAndDeletePersistentObject1()'],
  ['\n\n\tres = TEE_ReadObjectData(handle, data, size,\n', 'TEE_ReadObjectData()'],
  ['\n\n\tTEE_CloseObject (handle);\n', 'TEE_CloseObject()'],
  ['\n\n\t_utee_storage_obj_open(1, id);\n', '_utee_storage_obj_open()'],
])('a call elsewhere is found: %j', async (text, name) => {
  expect(await check('ta/src/cache.c', text)).toEqual([
    `ta/src/cache.c:3: ${name} may be called in ta/src/persistent.c only`,
  ]);
});

test('its own file and other words are no fault', async () => {
  expect(await check('ta/src/persistent.c', OPEN)).toEqual([]);
  expect(await check('ta/src/twins.c', '/* As TEE_CreatePersistentObject. */ TEE_ObjectHandle handle;')).toEqual([]);
});
