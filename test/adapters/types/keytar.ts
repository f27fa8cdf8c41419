// SPDX-License-Identifier: MIT
import type * as published from 'keytar';
import keytarDefault, * as keytar from 'optee-secure-storage/keytar';

// In place of the published package; both ways round, so that nothing is narrower or wider.
export const replacement: typeof published = keytar;
export const alsoDefault: typeof published = keytarDefault;
export const sameBack: Omit<typeof keytar, 'keytarOver' | 'default'> = replacement;

// @ts-expect-error -- keytar's passwords are strings
void keytar.setPassword('service', 'account', Buffer.from('x'));
