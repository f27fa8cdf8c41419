// SPDX-License-Identifier: MIT
/** What depends on the version of Node.js: the parsers of import, what exec passes on, the simulator's thread. */
const { spawn, spawnSync } = require('node:child_process');
const { openSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const main = path.join(path.dirname(require.resolve('optee-secure-storage/package.json')), 'dist/cli/main.js');

/** @param {string[]} args @param {NodeJS.ProcessEnv} env */
function optee(args, input = '', env = {}) {
  const { status, stdout } = spawnSync(process.execPath, [main, ...args], { input, env: { ...process.env, ...env } });
  return { code: status, stdout: stdout.toString() };
}

const texts = [
  `db/pw=\t"p#ss\nword"\nexport  A = b # c\n__proto__=d\nE="${'x'.repeat(100_000)}"\n`,
  ...[
    'A=1\rB=2\n',
    'A=p#ss\n',
    'A="b"c\n',
    'A="b\\tc"\n',
    'A=1\nA=2\n',
    '{"A": {"encoding": "base64", "value": "", "value": ""}}',
  ],
];
const imported = texts.map((text) => optee(['import'], text).code);
const stored = ['db/pw', 'A', '__proto__'].map((key) => optee(['get', key]).stdout);
const debugging = optee(['exec', '--env', 'A', '--', 'true'], '', { NODE_DEBUG: 'child_process' });

writeFileSync('nine', 'of descriptor 9');
const program = `
  process.on('SIGTTIN', () => process.exit(5));
  setInterval(() => {}, 1000);
  console.log(require('node:fs').readFileSync(9, 'utf8'), process.env.pw);`;
const args = [main, 'exec', '--env', 'pw=db/pw', '--', process.execPath, '-e', program];
/** @type {import('node:child_process').StdioOptions} */
const stdio = [
  'ignore',
  'pipe',
  'inherit',
  ...Array.from({ length: 6 }, () => /** @type {const} */ ('ignore')),
  openSync('nine', 'r'),
];
const child = spawn(process.execPath, args, { stdio });
let output = '';
child.stdout?.on('data', (chunk) => {
  output += chunk;
  if (output.endsWith('word\n')) child.kill('SIGTTIN');
});
child.on('close', (code) => {
  console.log(JSON.stringify({ imported, stored, debugging, program: { code, output } }));
});
