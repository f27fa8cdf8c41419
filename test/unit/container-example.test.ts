// SPDX-License-Identifier: MIT
/** examples/containers, as far as it goes without Docker: its files agree with each other and with what is here. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
const read = (name: string) => readFileSync(path.join(ROOT, name), 'utf8');
const dockerfile = read('examples/containers/Dockerfile');
const compose = read('examples/containers/compose.yaml');
const page = read('docs/containers.md');
const found = (text: string, pattern: RegExp) => pattern.exec(text)?.[1] ?? `nothing like ${String(pattern)}`;

test('the image has a Node.js that the package runs on, and a libteec', () => {
  const { engines } = JSON.parse(read('package.json')) as { engines: { node: string } };
  const [, least = ''] = /^>=(\d+)$/.exec(engines.node) ?? [];
  expect(Number(found(dockerfile, /^FROM node:(\d+)-/m))).toBeGreaterThanOrEqual(Number(least));
  // The release of Debian decides the name of the library, as for the machine of the tests.
  const clients = found(read('machine/rootfs.mjs'), /bookworm: \['(libteec\d)'/);
  expect(found(dockerfile, /^FROM node:\d+-(\w+)-slim$/m)).toBe('bookworm');
  expect(found(dockerfile, /(libteec\d) \\$/m)).toBe(clients);
});

test('it starts the service of examples/service', () => {
  const [, program = ''] = /^CMD \["node", "(.+)"\]$/m.exec(dockerfile) ?? [];
  expect(dockerfile).toMatch(new RegExp(`^COPY ${program} `, 'm'));
  expect(existsSync(path.join(ROOT, 'examples/service', program))).toBe(true);
});

test('the user is one number everywhere, and not root', () => {
  const user = found(dockerfile, /^USER (\d+)$/m);
  expect(Number(user)).toBeGreaterThan(0);
  expect([found(compose, /user: '(\d+)'/), found(page, /--user (\d+)/), found(page, /sudo -u '#(\d+)'/)]).toEqual([
    user,
    user,
    user,
  ]);
});

test('compose passes in what the page says: the device, its group, and an init; and takes away the rest', () => {
  expect(found(compose, /devices:\n\s+- (\S+)/)).toBe(found(page, /--device (\S+?)`/));
  expect(found(compose, /group_add:\n\s+- '\$\{(\w+):\?/)).toBe(found(compose, /^# +(\w+)=\$\(stat -c %g/m));
  expect(compose).toMatch(/init: true/);
  expect(compose).toMatch(/cap_drop:\n\s+- ALL/);
  expect(compose).not.toMatch(/teepriv|privileged: true/);
});
